package check_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent/internal/check"
)

// Each check lets pass what is right, and names the field of what isn't.
func TestChecks(t *testing.T) {
	t.Parallel()
	required := func(p *check.Problems, value string) { p.Required("f", value) }
	id := func(p *check.Problems, value string) { p.ID("f", value) }
	name := func(p *check.Problems, value string) { p.Name(value) }
	number := func(p *check.Problems, value string) {
		p.Number("f", value, func(s string) string { return "***" + s[len(s)-4:] })
	}
	clock := func(p *check.Problems, value string) { p.Clock("f", value) }
	url := func(p *check.Problems, value string) { p.URL("f", value) }
	for _, c := range []struct {
		check func(*check.Problems, string)
		value string
		want  string // a part of the complaint; "" for none
	}{
		{required, "x", ""}, {required, "", "is required"}, {required, " \t", "is required"},
		{id, "ag_1", ""}, {id, "", "is required"}, {id, " ", "is required"}, {id, ".", "no id"}, {id, " .. ", "no id"}, {id, "...", ""},
		{name, "Asha", ""}, {name, "", "is required"}, {name, strings.Repeat("é", 100), ""}, {name, strings.Repeat("é", 101), "has 101 characters, 100 are allowed"},
		{number, "+919876543210", ""}, {number, "+1555010", ""}, {number, "+155501000010000", ""}, {number, "", "is required"},
		{number, "+155501", "E.164"}, {number, "+1555010000100000", "E.164"}, {number, "+0555010000", "E.164"}, {number, "919876543210", "***3210 is not E.164"},
		{number, "+91 9876543210", "E.164"}, {number, "+9198765/3210", "E.164"}, {number, "+9198765:3210", "E.164"},
		{clock, "00:00", ""}, {clock, "23:59", ""}, {clock, "24:00", "no time of day"}, {clock, "9:00", "no time of day"}, {clock, "", "is required"}, {clock, "09:60", "no time of day"},
		{url, "https://example.com/hook", ""}, {url, "http://example.com", ""}, {url, "", "is required"}, {url, "example.com", "http"}, {url, "ftp://example.com", "http"},
		{url, "https://", "http"}, {url, "https://exa mple.com", "http"},
	} {
		var bad check.Problems
		c.check(&bad, c.value)
		if c.want == "" {
			assert.Empty(t, bad, "%q", c.value)
			continue
		}
		if assert.Len(t, bad, 1, "%q", c.value) {
			assert.Contains(t, bad[0].Message, c.want)
			assert.Contains(t, []string{"f", "name"}, bad[0].Field)
			assert.False(t, strings.HasPrefix(bad[0].Message, "+"), "a number isn't shown whole")
		}
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ page, size, complaints int }{{0, 0, 0}, {1, 1, 0}, {1, 100, 0}, {1, 101, 1}, {-1, 1, 1}, {-1, -1, 2}} {
		var bad check.Problems
		bad.Page(c.page, c.size)
		assert.Len(t, bad, c.complaints, "page %d of %d", c.page, c.size)
	}
}
