package dial

import (
	"net"
	"net/url"
	"strings"
)

// sameServer returns a canonical form of a base URL: other spellings give the same text. If a
// spelling were taken for another server, everybody would be called again.
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
