package secret_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/secret"
)

const text = "lev_abc/123456"

func TestKeyIsPrintedNowhere(t *testing.T) {
	t.Parallel()
	key := secret.NewKey(text)
	holder := struct {
		Key  secret.Key
		Also *secret.Key
	}{key, &key}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", key)
	encoded, err := json.Marshal(holder)
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		assert.NotContains(t, fmt.Sprintf(verb, key), "abc", verb)
		assert.NotContains(t, fmt.Sprintf(verb, holder), "abc", verb)
	}
	for _, out := range []string{log.String(), string(encoded), key.String(), slog.AnyValue(key).Resolve().String()} {
		assert.NotContains(t, out, "abc")
		assert.Contains(t, out, secret.Redacted)
	}
	assert.Equal(t, "Bearer "+text, key.Header())
}

func TestKeyIsCutOut(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"":                                 "",
		"nothing of interest":              "nothing of interest",
		text:                               secret.Redacted,
		"a " + text + ", b " + text + ".":  "a " + secret.Redacted + ", b " + secret.Redacted + ".",
		`{"detail":"lev_abc\/123456"}`:     `{"detail":"` + secret.Redacted + `"}`,
		`{"detail":"\u006cev_abc/123456"}`: `{"detail":"` + secret.Redacted + `"}`,
		`{"detail":"\u006Cev_abc/12345"}`:  `{"detail":"\u006Cev_abc/12345"}`,
		`lev_abc/1234\u00356`:              secret.Redacted,
		"LEV_ABC/123456":                   secret.Redacted,
		"lev%5Fabc%2f123456":               secret.Redacted,
		`lev_abc/1234\u0036`:               `lev_abc/1234\u0036`,
	} {
		assert.Equal(t, want, secret.NewKey(text).CutFromText(said))
	}
	sent := secret.NewSent(secret.NewKey(text), nil, "")
	assert.Equal(t, secret.Redacted, string(sent.CutFrom([]byte(text))))
	cause := errors.New("bad header " + text)
	quiet := sent.CutFromError(cause)
	assert.Equal(t, "bad header "+secret.Redacted, quiet.Error())
	require.ErrorIs(t, quiet, cause)
	other := errors.New("eof")
	assert.Same(t, other, sent.CutFromError(other))
}

// A key that is shorter than any that the service makes can't be distinguished from a word.
func TestShortKeysAndNoneAreNotCutOut(t *testing.T) {
	t.Parallel()
	for _, key := range []secret.Key{{}, secret.NewKey("lev_abc")} {
		assert.Equal(t, "lev_abc", key.CutFromText("lev_abc"))
	}
	assert.Equal(t, secret.Redacted, secret.NewKey("lev_abcd").CutFromText("lev_abcd"))
	assert.False(t, secret.Key{}.IsSet())
	assert.True(t, secret.NewKey("lev_abc").IsSet())
}

func TestCheckKey(t *testing.T) {
	t.Parallel()
	for key, complaint := range map[string]string{
		text: "", "": "empty", " ": "empty", "Bearer x": "Bearer", "bearer x": "Bearer", "a b": "space", "a\n": "line break",
		"a\x7f": "no key", "clé": "no key",
	} {
		err := secret.CheckKey(key)
		if complaint == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, complaint, "%q", key)
		assert.NotContains(t, err.Error(), "clé")
	}
}

func TestMaskNumbers(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"":                             "",
		"no digits":                    "no digits",
		"call +919876543210 now":       "call ***3210 now",
		"+91 98765-43210, 9876543210":  "***3210, ***3210",
		"%2B919876543210":              "***3210",
		"call_9876543210":              "call_9876543210",
		"9876543210-abc":               "***3210-abc",
		"v1.9876543210":                "v***3210",
		"1234567890123456":             "1234567890123456",
		"+1234567890123456":            "***3456",
		"123456789":                    "***6789",
		"123456":                       "123456",
		"ids 9876543210x +15550100001": "ids ***3210x ***0001",
		"+919876543210 +15550100001":   "***3210 ***0001",
		"2026-11-26 98765 43210":       "2026-11-26 ***3210",
		"98765 43210 2026-11-26":       "***3210 2026-11-26",
		"9.19876543E+11":               "***6543E+11",
		"(987) 654-3210 at 10.0.0.1":   "(***3210 at 10.0.0.1",
		"\u0969\u0968\u0967 \u0966\u096f\u096e\u096d": "***0987",
	} {
		assert.Equal(t, want, secret.MaskNumbers(said))
	}
	for number, want := range map[string]string{"+919876543210": "***3210", "1234": "***", "12345": "***2345", "": "***", "é1234": "***", "98765-43-2-10": "***3210", "Asha Rao": "***"} {
		assert.Equal(t, want, secret.MaskNumber(number))
	}
}

// Each line of masked.txt has a number or two, and no other digits.
func TestNumbersAreMaskedInEverySpelling(t *testing.T) {
	t.Parallel()
	for _, line := range linesOf(t, "masked.txt") {
		masked := secret.MaskNumbers(line)
		numbers := strings.Count(masked, "***")
		digits := len(strings.Map(func(r rune) rune {
			if unicode.IsDigit(r) {
				return '0'
			}
			return -1
		}, masked))
		assert.True(t, numbers > 0 && digits <= 4*numbers, "%q: %q", line, masked)
		assert.LessOrEqual(t, len(masked), len(line), "%q", line)
	}
}

func TestOtherTextStaysAsItIs(t *testing.T) {
	t.Parallel()
	for _, line := range linesOf(t, "readable.txt") {
		assert.Equal(t, line, secret.MaskNumbers(line))
	}
}

func linesOf(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	require.GreaterOrEqual(t, len(lines), 200)
	return lines
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "as it is", secret.OneLine("as it is"))
	assert.Equal(t, "a b c d e", secret.OneLine("a\nb\tc\u2028d\u2029e"))
}
