package signature

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// message is what may have been signed.
type message struct {
	name string
	text []byte
}

// largeBody is the size from which a body isn't tried in every combination: anybody may send one.
const largeBody = 64 << 10

// messagesOf returns the body and what is made of it, alone and together with times and ids that
// came.
func messagesOf(parts []part, body []byte) []message {
	bodies := bodiesOf(body)
	all := slices.Clone(bodies)
	times, ids := extras(parts, body)
	combined := bodies[:min(len(bodies), 3)] // as it is, and as compact JSON
	if len(body) > largeBody {
		combined = bodies[:1]
	}
	for _, b := range combined {
		for _, at := range times {
			all = append(all,
				joined(at, ".", b), joined(at, "", b), joined(at, ":", b), joined(at, "\n", b), joined(b, ".", at), joined(b, "", at),
				joined(message{`"v0"`, []byte("v0")}, ":", joined(at, ":", b)))
			for _, id := range ids {
				all = append(all, joined(id, ".", joined(at, ".", b)))
			}
		}
		for _, id := range ids {
			all = append(all, joined(id, ".", b), joined(id, "", b))
		}
	}
	for _, id := range ids {
		all = append(all, id)
		for _, at := range times {
			all = append(all, joined(id, ".", at), joined(at, ".", id), joined(id, "", at), joined(at, "", id))
		}
	}
	return all
}

func joined(a message, with string, b message) message {
	name := a.name + ", "
	if with != "" {
		name += strconv.Quote(with) + ", "
	}
	return message{name + b.name, slices.Concat(a.text, []byte(with), b.text)}
}

// bodiesOf returns the body as it came and as servers write its JSON anew.
func bodiesOf(body []byte) []message {
	all := []message{{"the body", body}}
	add := func(name string, text []byte) {
		if !slices.ContainsFunc(all, func(m message) bool { return bytes.Equal(m.text, text) }) {
			all = append(all, message{name, text})
		}
	}
	add("the body without the white space around it", bytes.TrimSpace(body))
	var event struct {
		Data json.RawMessage `json:"data"`
	}
	if json.Unmarshal(body, &event) != nil {
		return all
	}
	compact := slices.Clone(jsontext.Value(body))
	if compact.Compact() == nil {
		add("the body as compact JSON", compact)
	}
	anew(add, "the body", body)
	if len(event.Data) > 0 {
		add("the value of data", event.Data)
		anew(add, "the value of data", event.Data)
	}
	return all
}

// anew adds JSON as JavaScript, Go and Python write it.
func anew(add func(string, []byte), what string, text []byte) {
	for _, form := range []struct {
		name string
		opts []jsontext.Options
	}{
		{" as compact JSON, with its texts written anew", []jsontext.Options{jsontext.PreserveRawStrings(false)}},
		{" as compact JSON with its keys sorted", []jsontext.Options{jsontext.ReorderRawObjects(true)}},
		{" with a space after each colon and comma", []jsontext.Options{jsontext.SpaceAfterColon(true), jsontext.SpaceAfterComma(true)}},
		{" with a space after each colon and comma, and its keys sorted", []jsontext.Options{
			jsontext.SpaceAfterColon(true), jsontext.SpaceAfterComma(true), jsontext.ReorderRawObjects(true),
		}},
	} {
		opts := append([]jsontext.Options{jsontext.PreserveRawStrings(false)}, form.opts...)
		if v := slices.Clone(jsontext.Value(text)); v.Format(opts...) == nil {
			add(what+form.name, v)
			add(what+form.name+", in ASCII as Python does", ascii(v))
		}
	}
}

// ascii escapes what isn't ASCII, as Python's json.dumps does.
func ascii(text []byte) []byte {
	var b bytes.Buffer
	for _, r := range string(text) {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
	}
	return b.Bytes()
}

// extras returns the times and the ids that came, which may be signed too.
func extras(parts []part, body []byte) (times, ids []message) {
	const few = 6 // of each
	add := func(to *[]message, name, text string) {
		known := slices.ContainsFunc(*to, func(m message) bool { return string(m.text) == text })
		if len(*to) < few && text != "" && !known {
			*to = append(*to, message{name, []byte(text)})
		}
	}
	for _, p := range parts {
		from := p.header
		if p.label != "" {
			from += "'s " + shownLabel(p.label)
		}
		switch lower := strings.ToLower(p.header); {
		case isTime(p.text):
			add(&times, "the time in "+from, p.text)
		case strings.HasSuffix(lower, "-id"), strings.HasSuffix(lower, "-nonce"):
			add(&ids, "the text of "+from, p.text)
		}
	}
	var event struct {
		Timestamp string `json:"timestamp"`
		Data      struct {
			SessionID string `json:"session_id"`
		} `json:"data"`
	}
	_ = json.Unmarshal(body, &event) // what it can't read is empty
	add(&times, "the body's timestamp", event.Timestamp)
	add(&ids, "the body's session_id", event.Data.SessionID)
	return times, ids
}

// isTime reports whether a text is Unix seconds or milliseconds, or RFC 3339.
func isTime(text string) bool {
	if strings.Trim(text, "0123456789") == "" {
		return len(text) >= len("1000000000") && len(text) <= len("1000000000000")
	}
	_, err := time.Parse(time.RFC3339, text)
	return err == nil
}
