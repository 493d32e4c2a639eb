// Package gateway recognises what doesn't come from the API: pages and texts of gateways, firewalls
// and sign-in portals, and what a proxy says instead of connecting.
package gateway

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
)

// Said is what a body says as far as it is a JSON object.
type Said struct {
	Object  bool // it is one
	Own     bool // with a key that the API's answers have, other than a message
	Problem bool // or a title and a detail, as RFC 9457 has it
	Message string
}

// Unnamed stands for a sender that no header names.
const Unnamed = "unnamed"

const (
	mostRead     = 64 << 10
	longestName  = 80
	longestQuote = 120
)

// Read returns what to tell of an answer that isn't the API's: what it is, with its title or the
// beginning of its text, and who sent it, "cloudflare, cf-ray 8a1b-BOM". Both have passed through
// shown, and are "" if the answer may be the API's.
func Read(header http.Header, body []byte, said Said, shown func(string) string) (message, from string) {
	id, media := ID(header), get(header, "Content-Type")
	text := strings.TrimSpace(string(body[:min(len(body), mostRead)]))
	message = "an answer that isn't the API's"
	switch {
	case said.Own, text == "", said.Object && !answersBare(header) && (!said.Problem || id == ""):
		return "", ""
	case said.Object:
		text = cmp.Or(said.Message, text)
	case text[0] == '<', strings.Contains(media, "html"), strings.Contains(media, "xml"):
		message = "a page that isn't the API's"
		text = titleOf(text)
	case strings.Contains(media, "json"), text == "Internal Server Error":
		return "", "" // the last is what the API's framework says (inferred) when the API's code fails
	default:
		text = text[:past(text, 0, "\n")]
	}
	if text = bounded(shown(plain(text)), longestQuote); text != "" {
		message += ": " + strconv.Quote(text)
	}
	from = bounded(plain(get(header, "Server")), longestName)
	if from != "" && id != "" {
		from += ", "
	}
	return message, cmp.Or(shown(from+id), Unnamed)
}

// ids are the headers in which gateways name an answer.
var ids = [...]string{
	"CF-Ray", "X-Amzn-RequestId", "Apigw-RequestId", "X-Amz-Cf-Id", "X-Amz-Request-Id", "X-Azure-Ref", "X-Kong-Request-Id", "Akamai-GRN",
	"X-Vercel-Id", "Fly-Request-Id", "X-Iinfo", "X-Squid-Error",
}

// ID returns what a gateway calls the answer, with the name of its header; "" for none. The API's
// answers have it too where they pass through that gateway.
func ID(header http.Header) string {
	for _, name := range ids {
		if value := plain(get(header, name)); value != "" {
			return strings.ToLower(name) + " " + value
		}
	}
	return ""
}

// get returns a header's value. Some transports, mostly of tests, keep the spelling of the
// documentation.
func get(header http.Header, name string) string {
	for key, values := range header {
		if len(values) > 0 && strings.EqualFold(key, name) {
			return values[0]
		}
	}
	return ""
}

// answersBare reports whether the header is that of a gateway whose own answers are a JSON object
// with a message, as those of Amazon's and Kong are.
func answersBare(header http.Header) bool {
	if server := strings.ToLower(get(header, "Server")); strings.Contains(server, "uvicorn") || strings.Contains(server, "gunicorn") {
		return false // a Python server's, such as the API is (inferred); it was passed on
	}
	for _, name := range [...]string{"X-Amzn-RequestId", "X-Amzn-ErrorType", "Apigw-RequestId", "X-Amz-Apigw-Id"} {
		if get(header, name) != "" {
			return true
		}
	}
	// Kong puts its name into what it answers itself. What it passes on has the upstream's latency.
	return strings.HasPrefix(get(header, "Server"), "kong") ||
		get(header, "X-Kong-Response-Latency") != "" && get(header, "X-Kong-Upstream-Latency") == ""
}
