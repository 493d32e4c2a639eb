package gateway_test

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent/internal/gateway"
)

func same(text string) string { return text }

// Some transports, mostly of tests, keep the spelling of the documentation.
func TestTheSpellingOfAHeaderDoesNotMatter(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"CF-Ray", "Cf-Ray", "cf-ray"} {
		assert.Equal(t, "cf-ray 8a1b", gateway.ID(http.Header{name: {" 8a1b "}}), name)
		_, from := gateway.Read(http.Header{name: {"8a1b"}, "server": {"x"}, "content-type": {"text/html"}}, []byte("No."), gateway.Said{}, same)
		assert.Equal(t, "x, cf-ray 8a1b", from)
	}
	assert.Empty(t, gateway.ID(http.Header{"CF-Ray": {}, "X-Azure-Ref": {" "}}))
	assert.Equal(t, "x-amzn-requestid a", gateway.ID(http.Header{"X-Amzn-RequestId": {"a"}, "X-Amz-Cf-Id": {"b"}}), "the same each time")
}

// A text is masked before it is cut, so that no part of a number is left.
func TestATextIsMaskedAsAWhole(t *testing.T) {
	t.Parallel()
	number := "+919876543210"
	message, _ := gateway.Read(nil, []byte("<p>"+strings.Repeat("a", 115)+number), gateway.Said{}, func(text string) string {
		return strings.ReplaceAll(text, number, "***")
	})
	assert.Contains(t, message, strings.Repeat("a", 115)+"***")
}

// What takes more than a bounded time for each byte takes hours here.
func TestHostilePagesTakeLinearTime(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"<", "<b>", "<b>a", "<p>", "<!--", "<script>", "</script", "<title>", "<title> </title>", "</", "&#", "&#1;", "&amp;", "a", "\n", " ", "\xff", "<svg>", "<p", "\u200b"} {
		message, from := gateway.Read(nil, []byte("<x>"+strings.Repeat(part, 1<<20/len(part))), gateway.Said{}, same)
		assert.LessOrEqual(t, len(message), 1000, "%q", part)
		assert.Equal(t, gateway.Unnamed, from)
	}
}

func FuzzRead(f *testing.F) {
	for _, page := range []string{"<title>a &amp; b</title>", "<!-- <p> --><p>&#x41;</p>", "error code: 1020", "<script>if (a < b) </script>c", "a < b &#", "<title"} {
		f.Add([]byte(page), "cloudflare", "text/html")
	}
	f.Fuzz(func(t *testing.T, body []byte, server, media string) {
		message, from := gateway.Read(http.Header{"Server": {server}, "Content-Type": {media}}, body, gateway.Said{}, same)
		assert.Equal(t, message == "", from == "")
		for _, text := range []string{message, from} {
			assert.True(t, utf8.ValidString(text), "%q", text)
			assert.LessOrEqual(t, len(text), 1000)
			assert.False(t, strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x2028 || r == 0x202e }), "%q", text)
		}
	})
}
