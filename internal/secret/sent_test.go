package secret_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/secret"
)

const callBody = `{"agent_id":"ag_1","phone_number":"+919876543210","timestamp":1764150000,"from":"+15550100000"}`

func TestSentNumbersAreCutOutByValue(t *testing.T) {
	t.Parallel()
	sent := secret.NewSent(secret.Key{}, []byte(callBody), "/numbers/%2B919800077665?x=1")
	for said, want := range map[string]string{
		"call_919876543210":                     "call_***3210",
		"call_9876543210 and call_9876543211":   "call_***3210 and call_***1",
		"98765,43210":                           "***3210",
		"98765:43210":                           "***3210",
		"98765 ext 43210":                       "*** ext ***3210",
		"+91 (98765) 43210":                     "***3210",
		"९८७६५ ४३२१०":                           "***3210",
		"deadbeef9876543210deadbeef":            "deadbeef***3210deadbeef",
		"timestamp 9876543210":                  "timestamp ***3210",
		"9876543210 bytes":                      "***3210 bytes",
		"from 5550100000":                       "from ***0000",
		"919800077665":                          "***7665",
		"timestamp 1764150000":                  "timestamp 1764150000",
		"3210":                                  "3210",
		"req_000000000003, 3600000 ms":          "req_000000000003, 3600000 ms", // the zeros at the end of a number
		"call_1234567890 at 2026-11-26 10:00":   "call_1234567890 at 2026-11-26 10:00",
		"+919876543210, +15550100000, 12345 ms": "***3210, ***0000, 12345 ms",
	} {
		assert.Equal(t, want, sent.CutFromText(said), said)
	}
}

// With thousands of numbers a figure of 5 digits is part of one by chance.
func TestManyNumbersLeaveFigures(t *testing.T) {
	t.Parallel()
	var body strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&body, `{"phone":"+9198765%05d"},`, i*37)
	}
	sent := secret.NewSent(secret.Key{}, []byte(body.String()), "")
	assert.Equal(t, "12345 bytes, call_***0037", sent.CutFromText("12345 bytes, call_919876500037"))
}

func TestWebhookSecretIsCutOut(t *testing.T) {
	t.Parallel()
	body := []byte(`{"webhook_config":{"url":"https://example.com","secret":"whsec \"quoted\" \\1"}}`)
	sent := secret.NewSent(secret.Key{}, body, "")
	for _, said := range []string{`whsec "quoted" \1`, `whsec \"quoted\" \\1`, `whsec%20%22quoted%22%20%5c1`, `WHSEC "quoted" \1`} {
		assert.Equal(t, "bad REDACTED!", sent.CutFromText("bad "+said+"!"))
		assert.Equal(t, "bad REDACTED!", string(sent.CutFrom([]byte("bad "+said+"!"))))
	}
	short := secret.NewSent(secret.Key{}, []byte(`{"secret":"word"}`), "")
	assert.Equal(t, "a word", short.CutFromText("a word"))
}

func TestHasLongNumber(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{"": false, "req_123456789": false, "req_1234567890": true, "919876543210": true, "12345-67890": false} {
		assert.Equal(t, want, secret.HasLongNumber(id), id)
	}
}

// What takes more than a bounded time for each byte takes hours here.
func TestHostileTextsTakeLinearTime(t *testing.T) {
	t.Parallel()
	sent := secret.NewSent(secret.NewKey("lev_abcdefghij"), []byte(callBody), "")
	for _, part := range []string{
		"1", "१", "1 ", "1-", "1.", "a1", "1a", "_1", "a_1", "+", "+1", "%2B1", "%31", `\u0031`, "&", "&nbsp;1", "(", "1        ", "-", "f", "0x", ":1", "1.1.1.1 ",
		"2026-11-26 ", "call_1234567890", "9876543210", "lev_", "tel:", "\xff",
	} {
		text := strings.Repeat(part, 1<<20/len(part))
		masked := sent.CutFromText(text)
		assert.LessOrEqual(t, len(masked), len(text)+len(text)/4, "%q", part)
	}
}

func FuzzNoSentNumberSurvives(f *testing.F) {
	f.Add("9876543210", " ", "call ", " now")
	f.Add("9876543210", "\u2011", "call_", "12")
	f.Add("15550100000", "%20", "12345 bytes, (", ")")
	f.Add("5550100", ", ", "v1.", "-12.1")
	f.Fuzz(func(t *testing.T, number, between, before, after string) {
		number = strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, number)
		if len(number) < 7 || len(number) > 15 || isOneDigit(number) {
			t.Skip()
		}
		sent := secret.NewSent(secret.Key{}, []byte(`{"phone_number":"+`+number+`"}`), "")
		text := before + number[:len(number)/2] + between + number[len(number)/2:] + after
		masked := sent.CutFromText(text)
		require.LessOrEqual(t, len(masked), len(text)+len(text)/4+8)
		for run := range strings.FieldsFuncSeq(masked, func(r rune) bool { return r < '0' || r > '9' }) {
			for i := 0; i+5 <= len(run); i++ {
				if isOneDigit(run[i : i+5]) { // 00000 is in many an id and amount
					continue
				}
				require.NotContains(t, number, run[i:i+5], "%q: %q", text, masked)
			}
		}
		if between == "" || !strings.ContainsFunc(between, func(r rune) bool {
			return unicode.IsLetter(r) || unicode.IsDigit(r) || r < ' ' || r > '~' || r == '%' || r == '&'
		}) && len(between) < 8 {
			require.Contains(t, masked, "***")
		}
	})
}

// isOneDigit reports whether a text is the same digit over and over.
func isOneDigit(text string) bool { return strings.Trim(text, text[:1]) == "" }

func BenchmarkHostileText(b *testing.B) {
	text := strings.Repeat("1 a_1-1.", 1<<17)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		secret.MaskNumbers(text)
	}
}
