package simulator

import (
	"encoding/json"
	"net/http"
	"time"
)

func (s *Simulator) createCall(x *exchange) reply {
	f, ok := readForm(x.body)
	if !ok {
		return x.malformed()
	}
	agentID := f.words("agent_id")
	f.source("source_number")
	number := f.words("phone_number")
	if number != "" && !isE164(number) {
		f.reject("phone_number", "phone_number must be E.164 format")
	}
	var metadata map[string]json.RawMessage
	f.decode("metadata", "an object", &metadata)
	if rep, bad := f.answer(x); bad {
		return rep
	}
	if rep, refused := x.charge(); refused {
		return rep
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.agents.byID[agentID]
	if a == nil {
		return x.noAgent()
	}
	now := s.step()
	c := &call{agentID: a.id, agentType: a.kind, number: number}
	if f.has("metadata") {
		c.metadata = f.fields["metadata"]
	}
	s.dial(c, now)
	s.courier.attend(s)
	return x.ok(s.cfg.Dialect.CreatedStatus, s.cfg.Dialect.newCall(c, now, s.times()))
}

// newCall is what POST /call says of the call it made. Which key names it
// isn't documented.
func (d Dialect) newCall(c *call, now time.Time, t times) map[string]any {
	r := map[string]any{
		"id": c.id, "session_id": c.session, "status": c.status(now),
		"agent_id": c.agentID, "phone_number": c.number, "direction": c.direction,
		"created_at": t.at(c.created),
	}
	switch d.CallRef {
	case CallRefID:
		delete(r, "session_id")
	case CallRefSessionID:
		delete(r, "id")
	}
	if d.OmitCreatedAt {
		delete(r, "created_at")
	}
	return r
}

func (s *Simulator) listCalls(x *exchange) reply {
	f := queryForm()
	p := x.paging(f)
	var since, until time.Time
	for name, bound := range map[string]*time.Time{"from_date": &since, "to_date": &until} {
		text := x.query.Get(name)
		if text == "" {
			continue
		}
		var ok bool
		if *bound, ok = parseTime(text); !ok {
			f.reject(name, name+" must be an ISO 8601 date")
		}
	}
	if rep, bad := f.answer(x); bad {
		return rep
	}

	s.mu.Lock()
	now := s.step()
	list := s.calls.list
	s.mu.Unlock()
	// The list only ever grows at its end and its calls don't change, so
	// the rest needs no lock.
	chosen, total := newest(s.between(list, since, until), p, x.callFilter(now))
	records := make([]callRecord, len(chosen))
	for i, c := range chosen {
		records[i] = s.cfg.Dialect.call(c, now, s.times())
	}
	return x.list(records, p, total)
}

// callFilter is what the query asks of a call; nil when it asks nothing.
func (x *exchange) callFilter(now time.Time) func(*call) bool {
	status, direction, agentID := x.query.Get("status"), x.query.Get("direction"), x.query.Get("agent_id")
	if status == "" && direction == "" && agentID == "" {
		return nil
	}
	return func(c *call) bool {
		return (agentID == "" || c.agentID == agentID) &&
			(direction == "" || c.direction == direction) &&
			(status == "" || c.status(now) == status)
	}
}

func (s *Simulator) getCall(x *exchange) reply {
	s.mu.Lock()
	now := s.step()
	c := s.calls.byID[x.arg]
	s.mu.Unlock()
	if c == nil {
		return x.fail(http.StatusNotFound, codeNotFound, "Call not found")
	}
	return x.ok(http.StatusOK, s.cfg.Dialect.call(c, now, s.times()))
}
