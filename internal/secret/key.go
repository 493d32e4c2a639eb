// Package secret keeps secrets and phone numbers out of errors, logs and spans.
package secret

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Redacted stands for a key.
const Redacted = "lev_...REDACTED"

const bearer = "Bearer "

// Key is an API key, or none. It is kept where no formatting verb, encoder or reflection finds it:
// fmt prints the unexported fields of a struct, but only the address of a function.
type Key struct{ header func() string }

// NewKey returns the key.
func NewKey(key string) Key {
	header := bearer + key
	return Key{func() string { return header }}
}

// IsSet reports whether there is a key.
func (k Key) IsSet() bool { return k.header != nil }

// Header returns the Authorization header.
func (k Key) Header() string { return k.header() }

// CutFromText removes the key from what a server or a cause says, as some quote it. It also finds
// a key that is escaped as in JSON, which the decoder would undo, or as in a URL, and ignores case.
func (k Key) CutFromText(text string) string {
	if !k.IsSet() {
		return text
	}
	return cut(text, strings.TrimPrefix(k.header(), bearer), Redacted)
}

// cut replaces a secret, unless it may be an ordinary word.
func cut(text, secret, with string) string {
	const leastLength = 8
	if len(secret) < leastLength {
		return text
	}
	e := edit{text: text}
	for i := 0; i < len(text); i++ {
		if n := spelled(text[i:], secret); n > 0 {
			e.replace(i, i+n, with)
			i += n - 1
		}
	}
	return e.done()
}

// spelled returns the length of the secret at the start of text, where any character may be
// escaped. It returns 0 if text doesn't start with the secret.
func spelled(text, secret string) int {
	at := 0
	for _, c := range []byte(secret) {
		rest := text[at:]
		switch {
		case len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' && isHexOf(rest[2:6], c):
			at += 6
		case len(rest) >= 3 && rest[0] == '%' && isHexOf(rest[1:3], c):
			at += 3
		case len(rest) >= 2 && rest[0] == '\\' && rest[1] == c && strings.IndexByte(`"\/`, c) >= 0:
			at += 2
		case len(rest) >= 1 && lower(rest[0]) == lower(c):
			at++
		default:
			return 0
		}
	}
	return at
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c |= 0x20
	}
	return c
}

func isHexOf(digits string, c byte) bool {
	code, ok := hex(digits)
	return ok && code == rune(c)
}

// String implements [fmt.Stringer].
func (k Key) String() string { return Redacted }

// Format implements [fmt.Formatter], so that no verb shows the key.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Redacted) }

// MarshalText implements [encoding.TextMarshaler], which JSON uses too.
func (k Key) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// LogValue implements [slog.LogValuer].
func (k Key) LogValue() slog.Value { return slog.StringValue(Redacted) }

// CheckKey refuses what can't be a key. The alphabet after "lev_" is unknown, so it checks nothing
// more.
func CheckKey(key string) error {
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
