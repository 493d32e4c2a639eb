package voiceagenttest

import (
	"encoding/json"
	"maps"
	"net/http"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

func (s *Server) createCall(x *exchange) reply {
	f, ok := readForm(x.body)
	if !ok {
		return x.malformed()
	}
	agentID := f.words("agent_id")
	source := f.source("source_number")
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

	s.world.Lock()
	defer s.world.Unlock()
	a := s.agents.byID[agentID]
	if a == nil {
		return x.noAgent()
	}
	now := s.step()
	c := &world.Call{AgentID: a.id, AgentType: a.kind, Source: source, Number: number}
	if f.has("metadata") {
		c.Metadata = f.fields["metadata"]
	}
	s.world.Dial(c, now)
	s.courier.attend(s)
	return x.ok(s.cfg.dialect.CreatedStatus, s.cfg.dialect.newCall(c, now, s.times()))
}

// newCall is what POST /call says of the call it made. Which key names it
// isn't documented.
func (d *Dialect) newCall(c *world.Call, now time.Time, t times) map[string]any {
	r := map[string]any{
		"id": c.ID, "session_id": d.session(c, now), "status": c.Status(now),
		"agent_id": d.agentID(&c.AgentID), "phone_number": d.number(c), "direction": d.direction(&c.Direction),
		"created_at": t.begun(c.Created),
	}
	maps.DeleteFunc(r, func(_ string, value any) bool { return value == nil })
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

func (s *Server) listCalls(x *exchange) reply {
	f := queryForm()
	p := x.paging(f)
	var since, until time.Time
	for name, bound := range map[string]*time.Time{"from_date": &since, "to_date": &until} {
		text := x.filter(name)
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

	s.world.Lock()
	now := s.step()
	list := s.world.Calls()
	s.world.Unlock()
	// The list only ever grows at its end and its calls don't change, so
	// the rest needs no lock.
	chosen, total := pick(s, s.world.Between(list, since, until), p, x.callFilter(now), func(c *world.Call) bool {
		d := &s.cfg.dialect
		return d.Times == TimeNull || d.StartedLate && !c.Begun(now)
	})
	records := make([]callRecord, len(chosen))
	for i, c := range chosen {
		records[i] = s.cfg.dialect.listed(c, now, s.times())
	}
	return x.list(records, p, total)
}

// callFilter is what the query and the dialect ask of a call that is listed; nil when that is
// nothing.
func (x *exchange) callFilter(now time.Time) func(*world.Call) bool {
	status, direction, agentID := x.filter("status"), x.filter("direction"), x.filter("agent_id")
	d := &x.srv.cfg.dialect
	late := d.listsLate()
	if status == "" && direction == "" && agentID == "" && !late {
		return nil
	}
	return func(c *world.Call) bool {
		return (agentID == "" || c.AgentID == agentID) &&
			(direction == "" || c.Direction == direction) &&
			(status == "" || c.Status(now) == status) &&
			(!late || x.srv.listed(c.ID, c.Created, now) && (!d.ListEndedOnly || !now.Before(c.Ended())))
	}
}

func (s *Server) getCall(x *exchange) reply {
	s.world.Lock()
	now := s.step()
	c := s.world.Call(x.arg)
	s.world.Unlock()
	if c == nil || now.Before(c.Created.Add(s.cfg.dialect.GetDelay)) {
		return x.fail(http.StatusNotFound, codeNotFound, "Call not found")
	}
	return x.ok(http.StatusOK, s.cfg.dialect.call(c, now, s.times()))
}
