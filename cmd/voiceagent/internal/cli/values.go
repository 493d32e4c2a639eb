package cli

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/pflag"
)

// Text returns the value of a flag, or the content of the file that it names: "@flow.txt", or "@-"
// for stdin.
func (p *Program) Text(flag, value string) (string, error) {
	path, isFile := strings.CutPrefix(value, "@")
	if !isFile {
		return value, nil
	}
	text, err := p.ReadText(path)
	if err != nil {
		return "", Usagef("--%s: %w", flag, err)
	}
	return strings.TrimSuffix(text, "\n"), nil
}

// ReadText reads a file of text, or stdin for "-", without a byte order mark, and with the line
// ends of Unix.
func (p *Program) ReadText(path string) (string, error) {
	content, err := p.Read(path)
	if err != nil {
		return "", err
	}
	text, err := utf8Text(content)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return text, nil
}

// utf8Text returns a text that is UTF-8, as editors write it. What is in another encoding would
// reach people as other characters.
func utf8Text(content []byte) (string, error) {
	const mend = "save it as UTF-8, or run: iconv -f %s -t UTF-8 FILE >utf8.txt"
	zeros := [2]int{}
	for i, c := range content {
		if c == 0 {
			zeros[i%2]++
		}
	}
	switch text := string(content); {
	case strings.HasPrefix(text, "\xff\xfe"), zeros[1] > zeros[0]:
		return "", fmt.Errorf("it is UTF-16: "+mend, "UTF-16LE")
	case strings.HasPrefix(text, "\xfe\xff"), zeros[0] > zeros[1]:
		return "", fmt.Errorf("it is UTF-16: "+mend, "UTF-16BE")
	case zeros[0] > 0:
		return "", errors.New("it has a NUL, which no text has")
	case !utf8.ValidString(text):
		return "", fmt.Errorf("it isn't UTF-8, perhaps Windows-1252: "+mend, "WINDOWS-1252")
	default:
		return strings.ReplaceAll(strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n"), "\r", "\n"), nil
	}
}

// Read reads a file, or stdin for "-".
func (p *Program) Read(path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(p.In)
	}
	return os.ReadFile(path)
}

// Metadata makes a map of --metadata name=value.
func Metadata(pairs []string) (map[string]any, error) {
	return keyValues("metadata", pairs, func(value string) (any, error) { return value, nil })
}

// ExtraKeys makes a map of --extra name=json.
func ExtraKeys(pairs []string) (map[string]any, error) {
	return keyValues("extra", pairs, func(value string) (any, error) {
		if !jsontext.Value(value).IsValid() {
			return nil, fmt.Errorf("%q is no JSON; a text needs quotes that the shell leaves, like 'name=\"value\"'", value)
		}
		var v any
		err := json.Unmarshal([]byte(value), &v)
		return v, err
	})
}

// filter makes query parameters of --filter name=value.
func filter(pairs []string) (url.Values, error) {
	values, err := keyValues("filter", pairs, func(value string) (string, error) { return value, nil })
	query := url.Values{}
	for key, value := range values {
		query.Set(key, value)
	}
	return query, err
}

func keyValues[T any](flag string, pairs []string, parse func(string) (T, error)) (map[string]T, error) {
	if len(pairs) == 0 {
		return nil, nil
	}
	values := make(map[string]T, len(pairs))
	for _, pair := range pairs {
		key, text, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, Usagef("--%s %q: write it as name=value", flag, pair)
		}
		if _, twice := values[key]; twice {
			return nil, Usagef("--%s: %q is given twice", flag, key)
		}
		value, err := parse(text)
		if err != nil {
			return nil, Usagef("--%s %s: %w", flag, key, err)
		}
		values[key] = value
	}
	return values, nil
}

// Moment is a flag for a time: RFC 3339, a date or a local date and time, or a duration, which
// means that long ago.
type Moment struct{ time.Time }

var _ pflag.Value = (*Moment)(nil)

// Type implements [pflag.Value].
func (*Moment) Type() string { return "time" }

// String implements [pflag.Value].
func (m *Moment) String() string {
	if m.IsZero() {
		return ""
	}
	return m.Format(time.RFC3339)
}

// Set implements [pflag.Value].
func (m *Moment) Set(text string) error {
	if ago, err := time.ParseDuration(text); err == nil {
		m.Time = time.Now().Add(-ago)
		return nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			m.Time = t
			return nil
		}
	}
	return fmt.Errorf("write a time like 2025-01-31T15:04:05+05:30, a day like 2025-01-31, or 24h for a day ago")
}

// Number shows a number that may be missing.
func Number(n *float64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatFloat(*n, 'f', -1, 64)
}

// Count shows a number, and nothing for 0.
func Count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// Compact shows a value as JSON, and nothing where it is empty.
func Compact[M ~map[string]V, V any](values M) string {
	if len(values) == 0 {
		return ""
	}
	encoded, err := json.Marshal(values, jsonOptions)
	if err != nil {
		return err.Error()
	}
	return string(encoded)
}
