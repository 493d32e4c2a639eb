package wire_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// deep is n lists within each other, or n objects.
func deep(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

func deepObject(n int) string {
	return strings.Repeat(`{"error":`, n) + "1" + strings.Repeat("}", n)
}

// For odd JSON a user gets the record as far as it can be read, or a *DecodeError with the request
// id.
func TestHostileSuccesses(t *testing.T) {
	t.Parallel()
	const before = `{"request_id":"req_1","data":{"id":"call_1",`
	type call = voiceagent.Call
	for name, c := range map[string]struct {
		body string
		kind string                  // of the content; JSON when empty
		want func(*testing.T, *call) // nil when it can't be read
	}{
		"JSON called HTML":             {body: testkit.OKCall, kind: "text/html; charset=utf-8", want: isCall},
		"JSON called text":             {body: testkit.OKCall, kind: "text/plain", want: isCall},
		"JSON called an image":         {body: testkit.OKCall, kind: "image/png", want: isCall},
		"JSON called nothing":          {body: testkit.OKCall, kind: " ", want: isCall},
		"an image called JSON":         {body: "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"},
		"HTML called JSON":             {body: "<html>" + testkit.OKCall + "</html>"},
		"HTML":                         {body: "<html></html>", kind: "text/html"},
		"JSON in a callback":           {body: "callback(" + testkit.OKCall + ")", kind: "text/javascript"},
		"a byte order mark":            {body: "\ufeff" + testkit.OKCall, want: isCall},
		"UTF-16":                       {body: "\xff\xfe{\x00}\x00"},
		"trailing garbage":             {body: testkit.OKCall + "garbage"},
		"trailing JSON":                {body: testkit.OKCall + testkit.OKCall},
		"trailing NUL":                 {body: testkit.OKCall + "\x00"},
		"trailing space":               {body: testkit.OKCall + " \r\n\t", want: isCall},
		"comments":                     {body: "/**/" + testkit.OKCall},
		"broken characters in a text":  {body: before + "\"call_summary\":\"\xff\xc0\x80\xed\xa0\x80\"}}", want: summary("\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd")},
		"broken characters in a name":  {body: before + "\"\xff\":1}}", want: isCall},
		"a lone surrogate":             {body: before + `"call_summary":"\ud800"}}`, want: summary("\ufffd")},
		"two surrogates the wrong way": {body: before + `"call_summary":"\udc00\ud800"}}`, want: summary("\ufffd\ufffd")},
		"a NUL in a text":              {body: before + `"call_summary":"\u0000"}}`, want: summary("\x00")},
		"a raw line break in a text":   {body: before + "\"call_summary\":\"\n\"}}", want: summary("\n")},
		"deep data":                    {body: `{"request_id":"req_1","data":` + deep(100_000) + `}`},
		"deep metadata":                {body: before + `"metadata":{"a":` + deep(100_000) + `}}}`},
		"a deep unknown key":           {body: before + `"new":` + deep(100_000) + `}}`},
		"a deep unknown key beside it": {body: `{"request_id":"req_1","new":` + deep(100_000) + `,"data":{"id":"call_1"}}`},
		"deep objects beside it":       {body: `{"request_id":"req_1","new":` + deepObject(100_000) + `,"data":{"id":"call_1"}}`},
		"deep and broken off":          {body: `{"request_id":"req_1","data":` + strings.Repeat("[", 100_000)},
		"rather deep":                  {body: before + `"new":` + deep(5_000) + `}}`, want: isCall},
		"data twice":                   {body: `{"data":{"id":"call_2"},"data":{"id":"call_1"}}`, want: isCall},
		"data twice, then none":        {body: `{"request_id":"req_1","data":{"id":"call_2"},"data":null}`},
		"100,000 times the same key":   {body: before + strings.Repeat(`"new":1,`, 100_000) + `"status":"completed"}}`, want: isCall},
		"100,000 keys":                 {body: before + manyKeys(100_000) + `"status":"completed"}}`, want: isCall},
		"1e999 as an optional number":  {body: before + `"duration_seconds":1e999}}`, want: func(t *testing.T, c *call) { assert.Nil(t, c.DurationSeconds) }},
		"-1e999 as an optional number": {body: before + `"duration_seconds":-1e999}}`, want: func(t *testing.T, c *call) { assert.Nil(t, c.DurationSeconds) }},
		"1e308 seconds": {body: before + `"duration_seconds":1e308}}`, want: func(t *testing.T, c *call) {
			assert.Equal(t, time.Duration(math.MaxInt64), c.Duration(), "the longest there is, not one below zero")
		}},
		"-1e308 seconds": {body: before + `"duration_seconds":-1e308}}`, want: func(t *testing.T, c *call) {
			assert.Equal(t, time.Duration(math.MinInt64), c.Duration())
		}},
		"-0":              {body: before + `"duration_seconds":-0}}`, want: func(t *testing.T, c *call) { assert.Zero(t, c.Duration()) }},
		"a tiny number":   {body: before + `"duration_seconds":1e-999999999}}`, want: func(t *testing.T, c *call) { assert.Zero(t, c.Duration()) }},
		"a long number":   {body: before + `"duration_seconds":` + strings.Repeat("1", 100_000) + `}}`, want: func(t *testing.T, c *call) { assert.Nil(t, c.DurationSeconds) }},
		"a long text":     {body: before + `"call_summary":"` + strings.Repeat("x", 1<<20) + `"}}`, want: summary(strings.Repeat("x", 1<<20))},
		"a number for id": {body: `{"data":{"id":1e999}}`, want: func(t *testing.T, c *call) { assert.Equal(t, "1e999", c.ID) }},
		"no number":       {body: before + `"duration_seconds":NaN}}`, want: func(t *testing.T, c *call) { assert.Nil(t, c.DurationSeconds) }},
		"a huge number":   {body: before + `"started_at":1e999}}`, want: func(t *testing.T, c *call) { assert.Equal(t, "1e999", c.StartedAt.Raw()) }},
		"leading zeros":   {body: before + `"duration_seconds":007}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kind := c.kind
			if kind == "" {
				kind = "application/json"
			}
			client := testkit.NewAnswering(t, 200, c.body, "Content-Type", kind, "X-Request-Id", "req_1")
			start := time.Now()
			got, err := client.Calls.Get(t.Context(), "call_1")
			assert.Less(t, time.Since(start), time.Minute, "it takes longer than its length explains")
			if c.want != nil {
				require.NoError(t, err)
				c.want(t, got)
				return
			}
			require.Error(t, err)
			require.ErrorAs(t, err, new(*voiceagent.DecodeError))
			assert.Contains(t, err.Error(), "(request_id req_1)")
			assert.Less(t, len(err.Error()), 2<<10)
		})
	}
}

func isCall(t *testing.T, c *voiceagent.Call) {
	t.Helper()
	assert.Equal(t, "call_1", c.ID)
}

func summary(want string) func(*testing.T, *voiceagent.Call) {
	return func(t *testing.T, c *voiceagent.Call) {
		t.Helper()
		assert.Equal(t, "call_1", c.ID)
		assert.Equal(t, want, c.Summary)
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"new%d":1,`, i)
	}
	return b.String()
}

// Whole numbers that no int holds stay at its end, or are 0 where they say nothing.
func TestNumbersOutOfRange(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"9223372036854775807": math.MaxInt64, "9223372036854775808": math.MaxInt64, "-9223372036854775809": math.MinInt64,
		"1e18": 1e18, "1e999": math.MaxInt64, "-1e999": math.MinInt64, "1e999999999": math.MaxInt64, "-0": 0, "-0.0": 0, "1e-999": 0, "0.9": 0,
	} {
		client := testkit.NewAnswering(t, 200, `{"data":{"id":"cmp_1","skipped_contacts":`+text+`}}`)
		campaign, err := client.Campaigns.Get(t.Context(), "cmp_1")
		require.NoError(t, err, text)
		assert.Equal(t, want, campaign.SkippedContacts, text)
		page, err := testkit.NewAnswering(t, 200, `{"data":[],"total":`+text+`,"page":`+text+`,"page_size":`+text+`}`).
			Campaigns.List(t.Context(), voiceagent.CampaignListParams{})
		require.NoError(t, err, text)
		assert.Equal(t, want, page.Total, text)
	}
}

// No body changes the status of an error, which is known, or loses the keys before the place where
// the body went wrong.
func TestHostileErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body, message string // the message, when one is read
	}{
		"deep error":            {`{"request_id":"req_1","message":"No.","error":` + deep(100_000) + `}`, "No."},
		"deep errors":           {`{"request_id":"req_1","message":"No.","error":` + deepObject(100_000) + `}`, "No."},
		"deep errors, not too":  {`{"request_id":"req_1","message":"No.","error":` + deepObject(9_000) + `}`, "No."},
		"deep detail":           {`{"request_id":"req_1","detail":` + deep(100_000) + `}`, ""},
		"deep location":         {`{"request_id":"req_1","detail":[{"msg":"No.","loc":["body",` + deep(9_000) + `]}]}`, "No."},
		"a deep unknown key":    {`{"request_id":"req_1","message":"No.","new":` + deep(100_000) + `}`, "No."},
		"deep and broken off":   {`{"request_id":"req_1","message":"No.","new":` + strings.Repeat("[", 100_000), "No."},
		"message twice":         {`{"request_id":"req_1","message":"Yes.","message":"No."}`, "No."},
		"100,000 complaints":    {`{"request_id":"req_1","detail":[` + strings.Repeat(`"No.",`, 99_999) + `"No."]}`, "No."},
		"trailing garbage":      {`{"request_id":"req_1","message":"No."}]]]`, "No."},
		"a byte order mark":     {"\ufeff" + `{"message":"No."}`, "No."},
		"UTF-16":                {"\xff\xfe{\x00}\x00", ""},
		"a lone surrogate":      {`{"request_id":"req_1","message":"N\ud800o."}`, "N\ufffdo."},
		"control characters":    {`{"request_id":"req_1","message":"N\u0000\u001b[31m\no."}`, "N\x00\x1b[31m\no."},
		"numbers beyond bounds": {`{"request_id":"req_1","message":1e999,"timestamp":1e999,"error":{"code":-1e999}}`, "1e999"},
		"a long code":           {`{"request_id":"req_1","message":"No.","error":{"code":"` + strings.Repeat("c", 900<<10) + `"}}`, "No."},
		"a boolean as the body": {`true`, ""},
		"an image":              {"\x89PNG\r\n\x1a\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			_, err := testkit.NewAnswering(t, 404, c.body, "X-Request-Id", "req_1").Calls.Get(t.Context(), "call_1")
			assert.Less(t, time.Since(start), time.Minute, "it takes longer than its length explains")
			found := new(voiceagent.NotFoundError)
			require.ErrorAs(t, err, &found)
			assert.Equal(t, "req_1", found.RequestID)
			assert.Len(t, found.Attempts, 1)
			assert.NotContains(t, err.Error(), "\x1b", "a terminal would obey it")
			if c.message != "" {
				assert.Contains(t, found.Message, c.message)
			}
		})
	}
}
