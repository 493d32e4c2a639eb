package webhook

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/envelope"
)

// Event is what the vendor reports: a [*CallEnded], or an [*UnknownEvent] of another name or
// without one that can be read.
type Event interface {
	// EventName is the name as it was received, such as "CALL_ENDED".
	EventName() string
	// ID is the same for every delivery of one event. For a CALL_ENDED it is the name and the
	// session id, which is the documented idempotency key. One without a session id, and any other
	// event, goes by the SHA-256 of its body. It has at most 200 bytes, and does as a key in a
	// database of your own. Only what [Parse] or a [Handler] made has one.
	ID() string
	// Raw is the body as it came over the wire, byte by byte: for an archive, or for a queue at
	// whose other end [Parse] reads it again. It must not be changed. Only what [Parse] or a
	// [Handler] made has one.
	Raw() []byte
}

// CallEnded is the event of a call that is over. It is the only documented one.
//
// Source: https://docs.levrage.ai/core-concepts/guides/webhooks (documented).
type CallEnded struct {
	Timestamp voiceagent.Timestamp
	// Call is never nil. If a key has a value of an unexpected kind, such as a list instead of an
	// object, it is in Extra, as an unknown key is. The vendor may send the event only once, so
	// nothing of it is dropped.
	Call  *voiceagent.Call
	Extra map[string]json.RawMessage // the keys beside event, timestamp and data

	id  string
	raw []byte
}

// EventName implements [Event].
func (e *CallEnded) EventName() string { return voiceagent.EventCallEnded }

// ID implements [Event].
func (e *CallEnded) ID() string { return e.id }

// Raw implements [Event].
func (e *CallEnded) Raw() []byte { return e.raw }

// UnknownEvent is an event that this package doesn't know, or can't read.
type UnknownEvent struct {
	Name      string
	Timestamp voiceagent.Timestamp
	Data      json.RawMessage            // nil when there is none
	Extra     map[string]json.RawMessage // the keys beside event, timestamp and data

	// Err is nil if the event was read. Otherwise it is what [Parse] says of the body, an
	// [ErrMalformed]: all that there is of the event is [UnknownEvent.Raw], and the fields above
	// are empty. A [Handler] hands on such events, as the vendor has signed them and doesn't send
	// them in another form.
	Err error

	id  string
	raw []byte
}

// EventName implements [Event]. It is "" if the event can't be read.
func (e *UnknownEvent) EventName() string { return e.Name }

// ID implements [Event].
func (e *UnknownEvent) ID() string { return e.id }

// Raw implements [Event].
func (e *UnknownEvent) Raw() []byte { return e.raw }

// Parse reads the body of a request. It is as tolerant as the client is with answers: null, numbers
// as text, both spellings of a transcript and unknown keys are read, and so is what isn't quite
// JSON: a byte order mark, NaN and Infinity (which are null here), raw control characters, broken
// UTF-8 and a key twice. What isn't an object with the name of an event, or is a CALL_ENDED without
// an object under data, is [ErrMalformed]. It doesn't look at the signature: see [Verify].
func Parse(body []byte) (Event, error) { return parse(bytes.Clone(body)) }

// parse is Parse of a body that the event may keep.
func parse(body []byte) (Event, error) {
	var wire struct {
		Event     string                     `json:"event"`
		Timestamp voiceagent.Timestamp       `json:"timestamp"`
		Data      json.RawMessage            `json:"data"`
		Extra     map[string]json.RawMessage `json:",embed"`
	}
	// The decoder's own errors quote what they stumbled over, which may be anybody's data.
	if err := envelope.Unmarshal(body, &wire); err != nil {
		return nil, fmt.Errorf("%w: it is not a JSON object with the keys that the vendor documents", ErrMalformed)
	}
	if strings.TrimSpace(wire.Event) == "" {
		return nil, fmt.Errorf("%w: it does not name its event", ErrMalformed)
	}
	if wire.Event != voiceagent.EventCallEnded {
		// The session id is documented as the key of CALL_ENDED only: a call may have several events of
		// another name.
		return &UnknownEvent{Name: wire.Event, Timestamp: wire.Timestamp, Data: wire.Data, Extra: wire.Extra, id: digest(body), raw: body}, nil
	}
	call, ok := parseCall(wire.Data)
	if !ok {
		return nil, fmt.Errorf("%w: there is no object under data", ErrMalformed)
	}
	return &CallEnded{wire.Timestamp, call, wire.Extra, identify(call.SessionID, body), body}, nil
}

// parseAny is parse for a [Handler], which hands on what can't be read too: the vendor wouldn't
// send it in another form. Only what has nothing in it, or is made to exhaust a reader, is
// [ErrMalformed].
func parseAny(body []byte) (Event, error) {
	event, err := parse(body)
	if err == nil || len(bytes.TrimSpace(body)) == 0 || envelope.IsTooDeep(body) {
		return event, err
	}
	return &UnknownEvent{Err: err, id: digest(body), raw: body}, nil
}

// parseCall reads what is under data; false when it is no object.
func parseCall(data json.RawMessage) (*voiceagent.Call, bool) {
	var call *voiceagent.Call
	if envelope.Unmarshal(data, &call) != nil {
		return parseCallByKey(data)
	}
	if call == nil {
		return nil, false
	}
	if envelope.IsNone(call.PhoneNumber) { // that of a web call, seen in use
		call.PhoneNumber = ""
	}
	return call, true
}

// parseCallByKey reads a call of which some keys can't be read: those go to Extra.
func parseCallByKey(data json.RawMessage) (*voiceagent.Call, bool) {
	var keys map[string]json.RawMessage
	if envelope.Unmarshal(data, &keys) != nil || keys == nil {
		return nil, false
	}
	odd := make(map[string]json.RawMessage)
	for key, value := range keys {
		if one, err := json.Marshal(map[string]json.RawMessage{key: value}); err != nil || envelope.Unmarshal(one, new(voiceagent.Call)) != nil {
			odd[key] = value
			delete(keys, key)
		}
	}
	rest, err := json.Marshal(keys)
	if err != nil || len(odd) == 0 { // nothing was left out that could help
		return nil, false
	}
	call, ok := parseCall(rest)
	if !ok {
		return nil, false
	}
	if call.Extra == nil {
		call.Extra = odd
	} else {
		maps.Copy(call.Extra, odd)
	}
	return call, true
}

const longestID = 200

// identify returns the ID of a CALL_ENDED. Events whose session id is empty or "None" must not all
// get the same ID.
func identify(session string, body []byte) string {
	if envelope.IsNone(session) {
		return digest(body)
	}
	id := voiceagent.EventCallEnded + ":" + session
	if len(id) > longestID {
		return digest([]byte(id))
	}
	return id
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}
