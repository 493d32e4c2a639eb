package dial

import (
	"net"
	"net/url"
	"strings"
)

// sameServer is what a base URL is known by: other spellings of the same one give the same text. Taken for another server, it would have
// everybody called again.
func sameServer(base string) string {
	u, err := url.Parse(strings.TrimSpace(base))
	if err != nil || u.Host == "" { // it is no URL, but the name of something
		return strings.TrimRight(base, "/")
	}
	host, port := strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), u.Port()
	scheme := strings.ToLower(u.Scheme)
	switch {
	case port != "" && port != map[string]string{"http": "80", "https": "443"}[scheme]:
		host = net.JoinHostPort(host, port)
	case strings.Contains(host, ":"): // IPv6
		host = "[" + host + "]"
	}
	return scheme + "://" + host + strings.TrimRight(u.EscapedPath(), "/")
}
