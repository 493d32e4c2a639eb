package main

import (
	"cmp"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/webhook"
)

// received is an event as it is printed.
type received struct {
	Event     string               `json:"event"`
	ID        string               `json:"id"`
	Timestamp voiceagent.Timestamp `json:"timestamp"`
	Call      *voiceagent.Call     `json:"call,omitempty"` // of a CALL_ENDED
	Data      jsontext.Value       `json:"data,omitempty"` // of any other
}

func receivedFrom(event webhook.Event) received {
	r := received{Event: event.EventName(), ID: event.ID()}
	switch e := event.(type) {
	case *webhook.CallEnded:
		r.Timestamp, r.Call = e.Timestamp, e.Call
	case *webhook.UnknownEvent:
		r.Timestamp, r.Data = e.Timestamp, jsontext.Value(e.Data)
	}
	return r
}

// eventColumns are those of the event, and then of its call.
var eventColumns = func() []column[received] {
	columns := []column[received]{
		{name: "event", value: func(r received) string { return r.Event }},
		{name: "event_id", value: func(r received) string { return r.ID }},
		{name: "timestamp", value: func(r received) string { return r.Timestamp.String() }},
		{name: "data", value: func(r received) string { return string(r.Data) }},
	}
	for _, c := range callColumns {
		columns = append(columns, column[received]{name: c.name, value: func(r received) string { return c.value(cmp.Or(r.Call, &voiceagent.Call{})) }})
	}
	return columns
}()

func eventLine(p *program) func(received) string {
	return func(r received) string {
		if r.Call == nil {
			return fmt.Sprintf("%s  %s  %s", p.clock(), printable(r.Event), printable(string(r.Data)))
		}
		text := fmt.Sprintf("%s  %s  %s  %s  %s", p.clock(), printable(r.Event), printable(r.Call.Ref()), printable(r.Call.PhoneNumber),
			p.cell(string(r.Call.Status), statusColour))
		if r.Call.DurationSeconds != nil {
			text += "  " + r.Call.Duration().String()
		}
		return text + "  " + printable(r.Call.Summary)
	}
}
