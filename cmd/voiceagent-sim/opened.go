package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/voiceagent-go/voiceagent/internal/secret"
	"github.com/voiceagent-go/voiceagent/internal/simulator/view"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// How much of a request and of a call the page receives, once a second.
const (
	attemptsShown = 10
	ringsShown    = 10
	bodyShown     = 16 << 10
	lineShown     = 2 << 10 // of a path, a key, something that was said
	// requestBodyKept is what the simulator keeps of the body of a request.
	requestBodyKept = 64 << 10
)

// opened is what the page shows of the rows that are open. What the simulator has forgotten, or
// never knew, is nil.
type opened struct {
	Request *openRequest `json:"request"`
	Call    *openCall    `json:"call"`
}

// openRequest is a request with all that is shown of it. Its texts are [discreet].
type openRequest struct {
	Row            requestView   `json:"row"`
	Key            string        `json:"key"` // the end of it
	Path           string        `json:"path"`
	IdempotencyKey string        `json:"idempotency_key"`
	Attempts       []requestView `json:"attempts"` // the latest of the same call of a client
	Sent           bodyView      `json:"sent"`
	Answer         bodyView      `json:"answer"`
}

// bodyView is a body, and what there is to say about it.
type bodyView struct {
	Text string `json:"text"`
	Note string `json:"note"`
}

// openCall is a call with all that is shown of it. Its texts are [discreet].
type openCall struct {
	Row        view.Call         `json:"row"`
	Rings      []view.Ring       `json:"rings"` // the latest of its number, newest first
	Collected  string            `json:"collected"`
	Score      float64           `json:"score"`
	Values     map[string]string `json:"values"`
	Transcript []utterance       `json:"transcript"`
	Record     bodyView          `json:"record"`
}

// utterance is one entry of a transcript.
type utterance struct {
	Role      string `json:"role"`
	Content   string `json:"content"`
	Timestamp string `json:"timestamp"`
}

func (d *dashboard) openRequest(id string, list []voiceagenttest.Request, numbered []attempt) *openRequest {
	at := slices.IndexFunc(list, func(r voiceagenttest.Request) bool { return r.ID == id })
	if at < 0 {
		return nil
	}
	r := list[at]
	v := &openRequest{
		Row: viewRequest(r, numbered[at]), Key: r.Header.Get("Authorization"), Path: line(pathOf(r)),
		IdempotencyKey: line(r.Header.Get("Idempotency-Key")),
		Sent:           viewBody(r.Body, len(r.Body) == requestBodyKept), Answer: d.answerTo(r),
	}
	for i, other := range list {
		if numbered[i].first == numbered[at].first {
			v.Attempts = append(v.Attempts, viewRequest(other, numbered[i]))
		}
	}
	v.Attempts = v.Attempts[max(len(v.Attempts)-attemptsShown, 0):]
	return v
}

func pathOf(r voiceagenttest.Request) string {
	if len(r.Query) == 0 {
		return r.Path
	}
	return r.Path + "?" + r.Query.Encode()
}

func (d *dashboard) answerTo(r voiceagenttest.Request) bodyView {
	switch {
	case pending(r):
		return bodyView{Note: "Not answered yet."}
	case r.Status == 0:
		return bodyView{Note: "None was sent."}
	}
	a, ok := d.answers.of(r.ID)
	if !ok {
		return bodyView{Note: "It is being sent, or is no longer kept."}
	}
	return viewBody(a.body, a.cut)
}

func (d *dashboard) openCall(id string) *openCall {
	r, ok := d.inside.Call(id, ringsShown)
	if !ok {
		return nil
	}
	v := &openCall{Row: r.Call, Rings: r.Rings, Record: viewBody(r.JSON, false), Values: map[string]string{}, Transcript: []utterance{}}
	var said struct {
		Details struct {
			Status string            `json:"status"`
			Score  float64           `json:"score"`
			Values map[string]string `json:"collected_values"`
		} `json:"details_collection"`
		Transcript []utterance `json:"transcript"`
	}
	_ = json.Unmarshal(r.JSON, &said) // the simulator's own record
	v.Collected, v.Score = said.Details.Status, said.Details.Score
	for name, value := range said.Details.Values {
		v.Values[line(name)] = line(value)
	}
	for _, u := range said.Transcript {
		v.Transcript = append(v.Transcript, utterance{u.Role, line(u.Content), u.Timestamp})
	}
	return v
}

// viewBody shows a body, with line breaks if it is JSON. cut reports whether there was more of it.
func viewBody(body []byte, cut bool) bodyView {
	if len(body) == 0 {
		return bodyView{Note: "It has no body."}
	}
	var indented bytes.Buffer
	if json.Indent(&indented, body, "", "  ") == nil {
		body = indented.Bytes()
	}
	text := discreet(string(body))
	v := bodyView{Text: cutOff(text, bodyShown)}
	if cut || len(text) > bodyShown {
		v.Note = fmt.Sprintf("Only the first %d KiB.", bodyShown>>10)
	}
	return v
}

func line(text string) string { return cutOff(discreet(text), lineShown) }

// cutOff also removes what isn't text, such as half of a character at the end.
func cutOff(text string, most int) string {
	return strings.ToValidUTF8(text[:min(len(text), most)], "")
}

// secretForms are a key of the API, the secret of a webhook, and what is named like one in JSON or
// in a query. A body may end in the middle of any of them.
var secretForms = regexp.MustCompile(`(lev_|whsec_)[\w-]+` +
	`|(?i:("[^"]*(?:secret|api_?key|token|password|authorization)[^"]*"\s*:\s*")(?:[^"\\]|\\.)*)` +
	`|(?i:([?&][^=&]*(?:secret|api_?key|token|password)[^=&]*=)[^&\s]*)`)

// discreet leaves the last four digits of phone numbers, and nothing of keys. A key meant for the
// vendor's service may get here by mistake.
func discreet(text string) string {
	return secret.MaskNumbers(secretForms.ReplaceAllString(text, "${1}${2}${3}..."))
}
