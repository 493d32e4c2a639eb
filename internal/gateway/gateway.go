// Package gateway recognises what doesn't come from the API: pages and texts of gateways, firewalls
// and sign-in portals, and what a proxy says instead of connecting.
package gateway

import (
	"cmp"
	"net/http"
	"strings"
)

// Answer is an answer that isn't the API's.
type Answer struct {
	Page bool   // HTML or XML
	Text string // its title, or the first line of its text, without tags; "" for none
	From string // who sent it, and its id: "cloudflare, cf-ray 8a1b2c3d4e5f6789-BOM"; "" if nothing says so
}

// Form is what a body looks like.
type Form uint8

// The forms.
const (
	NoObject Form = iota // it is no JSON object
	Own                  // a JSON object with a key that the API's answers have
	Bare                 // one without: a message alone, or unknown keys
	Problem              // one with a title and a detail, as RFC 9457 has it
)

const mostRead = 64 << 10

// Read reports whether an answer comes from anything else than the API. The form is that of its
// body, and the message is what the body says if it is an object.
func Read(header http.Header, body []byte, form Form, message string) (a Answer, foreign bool) {
	text := strings.TrimPrefix(string(body[:min(len(body), mostRead)]), "\ufeff")
	id, media := ID(header), get(header, "Content-Type")
	switch {
	case form == Own, form == Bare && !answersBare(header), form == Problem && id == "":
		return a, false
	case form != NoObject:
		a.Text = plain(cmp.Or(message, text))
	case isMarkup(media, text):
		var title string
		title, text = visible(text)
		a.Page, a.Text = true, cmp.Or(plain(title), firstLine(text))
		id = cmp.Or(id, idIn(text))
	case strings.Contains(media, "json"), strings.TrimSpace(text) == "", strings.Contains(text, "\x00"):
		return a, false
	default:
		a.Text = firstLine(text)
		id = cmp.Or(id, idIn(text))
	}
	a.From = bounded(plain(header.Get("Server")), longestID)
	if a.From != "" && id != "" {
		a.From += ", "
	}
	a.From += id
	return a, true
}

func isMarkup(media, text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, "<") || text != "" && (strings.Contains(media, "html") || strings.Contains(media, "xml"))
}

const longestID = 80

// ids are the headers in which gateways name an answer.
var ids = [...]string{
	"CF-Ray", "X-Amzn-RequestId", "Apigw-RequestId", "X-Amz-Cf-Id", "X-Amz-Request-Id", "X-Azure-Ref", "X-Kong-Request-Id", "X-Akamai-Request-Id",
	"Akamai-GRN", "X-Vercel-Id", "Fly-Request-Id", "X-Cloud-Trace-Context", "X-Iinfo", "X-Sucuri-ID", "X-Squid-Error", "X-Ms-Request-Id", "X-Amzn-Trace-Id",
}

// ID returns what a gateway calls the answer, with the name of its header; "" for none. The API's
// answers have it too where they pass through that gateway.
func ID(header http.Header) string {
	for _, name := range ids {
		if value := plain(get(header, name)); value != "" {
			return strings.ToLower(name) + " " + bounded(value, longestID)
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
	for _, name := range [...]string{"X-Amzn-RequestId", "X-Amzn-ErrorType", "Apigw-RequestId", "X-Amz-Apigw-Id"} {
		if get(header, name) != "" {
			return true
		}
	}
	// Kong puts its name into what it answers itself. What it passes on has the upstream's latency.
	return strings.HasPrefix(strings.ToLower(get(header, "Server")), "kong") ||
		get(header, "X-Kong-Response-Latency") != "" && get(header, "X-Kong-Upstream-Latency") == ""
}
