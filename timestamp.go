package voiceagent

import (
	"bytes"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
)

// Timestamp is a time as the API writes it. It reads RFC 3339 with and without an offset (then UTC) or a fraction, dates, clock times
// (on the first day of year 0), Unix seconds and milliseconds; null, "" and "None" are the zero time. It never makes an answer
// unreadable: what it can't read is the zero time too, and Raw shows it.
type Timestamp struct {
	time.Time
	text string // as received, where the time doesn't say it all
}

// Raw returns the text that was received where it isn't a full date and time; "" otherwise.
func (t Timestamp) Raw() string { return t.text }

// UnmarshalJSON implements [json.Unmarshaler]. It returns no error.
func (t *Timestamp) UnmarshalJSON(data []byte) error {
	*t = Timestamp{}
	switch quoted := len(data) > 1 && data[0] == '"'; {
	case !quoted:
		t.read(data)
	case bytes.IndexByte(data, '\\') < 0:
		t.read(data[1 : len(data)-1])
	default:
		text := string(data) // better than nothing
		_ = envelope.Unmarshal(data, &text)
		t.read([]byte(text))
	}
	return nil
}

// read takes what was received, without quotes.
func (t *Timestamp) read(received []byte) {
	const year = len("2006")
	if len(received) > year && received[year] == '-' && t.UnmarshalText(received) == nil && envelope.IsWritable(t.Time) {
		return // the usual form, without an allocation
	}
	t.Time = time.Time{}
	text := string(received)
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "", "null", "none":
		return
	}
	parsed, ok := envelope.ParseTime(text)
	if t.Time = parsed; !ok || parsed.Year() == 0 {
		t.text = strings.ToValidUTF8(text, "\ufffd") // or it couldn't be written
	}
}

// MarshalJSON implements [json.Marshaler]: RFC 3339, what was received where that isn't a full time, or null.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	switch {
	case t.text != "":
		return envelope.Marshal(t.text, false)
	case t.IsZero():
		return []byte("null"), nil
	}
	return t.Time.MarshalJSON()
}

// String returns the time in RFC 3339, or what was received; "" for none.
func (t Timestamp) String() string {
	switch {
	case t.text != "":
		return t.text
	case t.IsZero():
		return ""
	}
	return t.Format(time.RFC3339)
}
