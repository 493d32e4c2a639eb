// Package doctor finds out, by GET requests alone, what nobody outside can know of the API: which
// keys its records have, which habits its lists have, and what a client makes of them. Its report
// has names and types of keys, and no values.
package doctor

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent"
)

// Report is what was found.
type Report struct {
	Requests []Request `json:"requests"`
	Keys     []Keys    `json:"keys"`
	Habits   []Habit   `json:"habits"`
}

// Request is a request that was sent, or was to be.
type Request struct {
	Request string   `json:"request"`
	Answer  string   `json:"answer"` // the status, or why there is none
	Type    string   `json:"content_type,omitempty"`
	Body    string   `json:"body,omitempty"`    // the keys around what was asked for
	Headers []string `json:"headers,omitempty"` // the rate limit's, and those with a request id
}

// Keys are the keys of one kind of record.
type Keys struct {
	Of   string `json:"of"`
	Keys string `json:"keys"`
}

// Habit is one thing that servers do in different ways.
type Habit struct {
	Name   string `json:"name"`
	Answer string `json:"answer"`           // what this one does
	Client string `json:"client,omitempty"` // what the client makes of it
}

// Doctor asks an account's API. It is for one examination.
type Doctor struct {
	AllNames bool // show the names of keys that may say something of the account

	keyed, public *voiceagent.Client
	report        Report
	seen          *answer // the last one
	silent        int     // requests in a row without an answer
	refused       bool    // the key is
	err           error   // of the last request without an answer, or of the key
	asked         answers
	all           []*answer
	doubts        []string
	conditions    []string
}

// answers are what was answered, by what was asked for; nil where there was nothing to ask for.
type answers struct {
	health  *answer
	catalog []*answer // voices, languages, industries

	calls                                 listing
	overLimit                             *answer
	callByID, callBySession, unknownCall  *answer
	ofAgentSince, ofNobody, sinceTomorrow *answer

	agents, campaigns listing
	agent, campaign   *answer
}

// listing is a list that was asked for.
type listing struct {
	*answer
	what    string // "calls"
	records []record
	read    bool // there is a list, which may be empty
}

func (d *Doctor) list(ctx context.Context, what string) listing {
	path := "/" + what + "?page_size=100"
	l := listing{answer: d.get(ctx, "GET "+path, path), what: what}
	l.records, l.read = l.answer.list()
	return l
}

// Options are those that the clients need for which [Doctor.Examine] asks.
func (d *Doctor) Options() []voiceagent.ClientOption {
	return []voiceagent.ClientOption{voiceagent.WithMiddleware(d.wrap), voiceagent.WithMaxRetries(0)}
}

// Examine asks some 16 things, one after the other, within the rate limit. What can't be asked is
// noted, and the rest goes on. The report is there with an error, too: nothing was answered, the
// key was refused, or ctx ended.
func (d *Doctor) Examine(ctx context.Context, keyed, public *voiceagent.Client) (*Report, error) {
	d.keyed, d.public = keyed, public
	d.askPublic(ctx)
	d.askAgents(ctx)
	d.askCalls(ctx)
	d.askFilters(ctx)
	d.askCampaigns(ctx)
	d.judge()
	switch {
	case ctx.Err() != nil:
		return &d.report, fmt.Errorf("the examination isn't whole: %w", ctx.Err())
	case d.refused, !d.answered():
		return &d.report, d.err
	}
	return &d.report, nil
}

// answered reports whether any request was.
func (d *Doctor) answered() bool {
	for _, r := range d.report.Requests {
		if r.Type != "" {
			return true
		}
	}
	return false
}

const withoutKey = ", without the key"

// askPublic asks without the key, and with it where that is refused.
func (d *Doctor) askPublic(ctx context.Context) {
	for _, one := range []struct {
		path string
		send func(context.Context) error
	}{
		{"/health", func(ctx context.Context) error { _, err := d.public.Health(ctx); return err }},
		{"/voices", func(ctx context.Context) error { _, err := d.public.Catalog.Voices(ctx); return err }},
		{"/voices/languages", func(ctx context.Context) error { _, err := d.public.Catalog.Languages(ctx); return err }},
		{"/industries", func(ctx context.Context) error { _, err := d.public.Catalog.Industries(ctx); return err }},
	} {
		a := d.ask(ctx, "GET "+one.path+withoutKey, false, one.send)
		if a.status == http.StatusUnauthorized || a.status == http.StatusForbidden {
			a = d.get(ctx, "GET "+one.path, one.path)
		}
		d.asked.catalog = append(d.asked.catalog, a)
	}
	d.asked.health, d.asked.catalog = d.asked.catalog[0], d.asked.catalog[1:]
}

func (d *Doctor) askAgents(ctx context.Context) {
	is := &d.asked
	is.agents = d.list(ctx, "agents")
	if id := textOf(fullest(is.agents.records), "id"); id != "" {
		is.agent = d.get(ctx, "GET /agents/{id}", "/agents/"+url.PathEscape(id))
	}
}

func (d *Doctor) askCalls(ctx context.Context) {
	is := &d.asked
	is.calls = d.list(ctx, "calls")
	is.overLimit = d.get(ctx, "GET /calls?page_size=101", "/calls?page_size=101")
	one := fullest(is.calls.records)
	id, session := textOf(one, "id"), textOf(one, "session_id")
	if id != "" {
		is.callByID = d.get(ctx, "GET /calls/{id}", "/calls/"+url.PathEscape(id))
	}
	if session != "" && session != id {
		is.callBySession = d.get(ctx, "GET /calls/{session_id}", "/calls/"+url.PathEscape(session))
	}
	is.unknownCall = d.get(ctx, "GET /calls/{a random id}", "/calls/"+randomID())
}

// askFilters asks with the filters of a look for a lost call, and with those that nothing fits.
func (d *Doctor) askFilters(ctx context.Context) {
	is := &d.asked
	agent := textOf(is.calls.records, "agent_id")
	if agent == "" {
		return
	}
	for _, a := range is.agents.records { // the client sends the id that the agent has
		if id, ok := a["id"].(string); ok && strings.EqualFold(id, agent) {
			agent = id
		}
	}
	since := time.Now()
	for _, r := range is.calls.records {
		if at, ok := madeAt(r); ok && at.Before(since) {
			since = at
		}
	}
	query := func(keys ...string) string {
		values := url.Values{"page_size": {"100"}}
		for i := 0; i < len(keys); i += 2 {
			values.Set(keys[i], keys[i+1])
		}
		return "/calls?" + values.Encode()
	}
	const day = 24 * time.Hour
	is.ofAgentSince = d.get(ctx, "GET /calls?agent_id={that of a call}&from_date={before all}", query("agent_id", agent, "from_date", wireTime(since.Add(-2*day))))
	is.ofNobody = d.get(ctx, "GET /calls?agent_id={a random id}", query("agent_id", randomID()))
	is.sinceTomorrow = d.get(ctx, "GET /calls?from_date={in two days}", query("from_date", wireTime(time.Now().Add(2*day))))
}

func (d *Doctor) askCampaigns(ctx context.Context) {
	is := &d.asked
	is.campaigns = d.list(ctx, "campaigns")
	if id := textOf(fullest(is.campaigns.records), "id"); id != "" {
		is.campaign = d.get(ctx, "GET /campaigns/{id}", "/campaigns/"+url.PathEscape(id))
	}
}

// textOf returns the first text that a record has under a key; "" for none. "None" is none.
func textOf(records []record, key string) string {
	for _, r := range records {
		if text, ok := r[key].(string); ok && text != "" && text != none {
			return text
		}
	}
	return ""
}

// fullest returns the record with the most values, as one that goes on has fewer; none of none.
func fullest(records []record) []record {
	best, most := records[:0], -1
	for i, r := range records {
		n := 0
		for _, value := range r {
			if value != nil {
				n++
			}
		}
		if n > most {
			best, most = records[i:i+1], n
		}
	}
	return best
}

// none is what Python makes of no value where a text is wanted.
const none = "None"

// wireTime is a time as the client's own filters have it.
func wireTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// randomID returns a UUID that nothing has.
func randomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
