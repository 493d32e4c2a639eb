package voiceagent

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
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

// cutFrom takes the key out of what a server sent, as some quote it in their complaint.
func (k apiKey) cutFrom(body []byte) []byte {
	if key := k.recognisable(); key != "" && bytes.Contains(body, []byte(key)) {
		return bytes.ReplaceAll(body, []byte(key), []byte(redacted))
	}
	return body
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
