package cli

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A text is UTF-8, as editors on every system write it; any other encoding is named.
func TestTexts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                       "",
		"Hello":                  "Hello",
		"\ufeffHello\r\nAcme":    "Hello\nAcme",
		"Hello\rAcme\r":          "Hello\nAcme\n",
		"नमस्ते 🙂":               "नमस्ते 🙂",
		"a \ufeff in the middle": "a \ufeff in the middle",
	} {
		got, err := utf8Text([]byte(text))
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for text, want := range map[string]string{
		"\xff\xfeH\x00":              "UTF-16LE",
		"\xff\xfe\x28\x09":           "UTF-16LE", // a letter of another script, without a zero
		"\xfe\xff\x00H":              "UTF-16BE",
		"H\x00i\x00":                 "UTF-16LE",
		"\x00H\x00i":                 "UTF-16BE",
		"caf\xe9":                    "Windows-1252",
		"\xef\xbb\xbfcaf\xe9":        "Windows-1252",
		"a\x00b\x00c" + "d\x00e\x00": "it",
	} {
		_, err := utf8Text([]byte(text))
		assert.ErrorContains(t, err, want)
	}
}
