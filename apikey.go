package voiceagent

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
)

const (
	redacted = "lev_...REDACTED"
	bearer   = "Bearer "
)

// apiKey holds the key where no formatting verb, encoder or reflection finds it: fmt and the like print the fields of an unexported
// struct without asking its methods, but of a function just the address.
type apiKey struct{ header func() []string }

func newAPIKey(key string) apiKey {
	header := []string{bearer + key}
	return apiKey{func() []string { return header }}
}

func (k apiKey) isSet() bool { return k.header != nil }

// cutFrom takes the key out of what a server sent, as some quote it in their complaint, also where it is spelled with JSON's escapes: the
// decoder would bring it back.
func (k apiKey) cutFrom(body []byte) []byte {
	key := k.recognisable()
	if key == "" {
		return body
	}
	var cut []byte
	kept := 0 // what comes before is in cut
	for i := 0; i < len(body); i++ {
		if n := spelled(body[i:], key); n > 0 {
			cut = append(append(cut, body[kept:i]...), redacted...)
			kept = i + n
			i = kept - 1
		}
	}
	if kept == 0 {
		return body
	}
	return append(cut, body[kept:]...)
}

// spelled is the length of what spells the key at the beginning of text, with any of its characters escaped as in JSON; 0 when it is something else.
func spelled(text []byte, key string) int {
	if bytes.HasPrefix(text, []byte(key)) {
		return len(key)
	}
	at := 0
	for _, c := range []byte(key) {
		rest := text[at:]
		switch {
		case len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' && isHexOf(rest[2:6], c):
			at += 6
		case len(rest) >= 2 && rest[0] == '\\' && rest[1] == c && strings.IndexByte(`"\/`, c) >= 0:
			at += 2
		case len(rest) >= 1 && rest[0] == c:
			at++
		default:
			return 0
		}
	}
	return at
}

func isHexOf(digits []byte, c byte) bool {
	n, err := strconv.ParseUint(string(digits), 16, 16)
	return err == nil && n == uint64(c)
}

// cutFromText is cutFrom for what ends up in errors and logs.
func (k apiKey) cutFromText(text string) string {
	if key := k.recognisable(); key != "" && strings.Contains(text, key) {
		return strings.ReplaceAll(text, key, redacted)
	}
	return text
}

// recognisable is the key, or "" when there is none that could be told from an ordinary word.
func (k apiKey) recognisable() string {
	const leastLength = 8
	if !k.isSet() {
		return ""
	}
	if key := strings.TrimPrefix(k.header()[0], bearer); len(key) >= leastLength {
		return key
	}
	return ""
}

// cutFromError hides a key that the text of a cause quotes. The cause itself stays for errors.Is and errors.As.
func (k apiKey) cutFromError(err error) error {
	text := err.Error()
	if cut := k.cutFromText(text); cut != text {
		return &quietError{cut, err}
	}
	return err
}

// quietError says something else than the error that it stands for.
type quietError struct {
	text  string
	cause error
}

func (e *quietError) Error() string { return e.text }
func (e *quietError) Unwrap() error { return e.cause }

// String implements [fmt.Stringer].
func (k apiKey) String() string { return redacted }

// Format implements [fmt.Formatter], so that no verb shows the key.
func (k apiKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText implements [encoding.TextMarshaler], which JSON uses too.
func (k apiKey) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements [slog.LogValuer].
func (k apiKey) LogValue() slog.Value { return slog.StringValue(redacted) }

// checkAPIKey refuses what can't be a key. The alphabet after "lev_" is unknown, so nothing more is asked.
func checkAPIKey(key string) error {
	switch {
	case strings.TrimSpace(key) == "":
		return errors.New("the API key is empty")
	case strings.HasPrefix(strings.ToLower(key), "bearer "):
		return errors.New(`the API key begins with "Bearer ": pass the key alone`)
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("the API key has a space, a line break or another character that no key has; was it cut out with its surroundings?")
	}
	return nil
}
