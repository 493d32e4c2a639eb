package voiceagenttest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

// agents are the account's agents.
type agents struct {
	list  []*agent // oldest first
	byID  map[string]*agent
	names map[string]*agent
	made  uint64
	// hooked is how many have a webhook.
	hooked int
}

func (a *agents) init() {
	a.byID = make(map[string]*agent)
	a.names = make(map[string]*agent)
}

// agent is one agent. It is replaced, never changed, so that it can be read
// without the lock.
type agent struct {
	id      string
	name    string
	kind    string // agent_type
	webhook *webhookConfig
	fields  map[string]json.RawMessage // as the caller sent them
	created time.Time
	updated time.Time
}

type webhookConfig struct {
	URL    string   `json:"url"`
	Events []string `json:"events"`
	Secret string   `json:"secret"`
}

const maxName = 100

// defaults of the fields that the documentation gives one for, or that a call
// can't do without.
var agentDefaults = map[string]json.RawMessage{
	"agent_type": json.RawMessage(`"sales"`),
	"language":   json.RawMessage(`"English"`),
	"voice":      json.RawMessage(`"female"`),
}

func (s *Server) createAgent(x *exchange) reply {
	f, ok := readForm(x.body)
	if !ok {
		return x.malformed()
	}
	for name, value := range agentDefaults {
		if !f.has(name) {
			f.fields[name] = value
		}
	}
	a := &agent{fields: f.fields}
	a.read(f)
	if rep, bad := f.answer(x); bad {
		return rep
	}

	s.world.Lock()
	defer s.world.Unlock()
	now := s.step()
	if s.agents.names[a.name] != nil {
		return x.fail(s.cfg.dialect.DuplicateStatus, codeValidation, "Agent name is already in use")
	}
	a.id = s.agents.nextID(s.cfg.seed)
	a.created, a.updated = now, now
	s.agents.add(a)
	return x.ok(s.cfg.dialect.CreatedStatus, a.record(s))
}

// read takes from the form what the server itself needs, and checks it.
func (a *agent) read(f *form) {
	a.name = f.words("name")
	f.limitText("name", a.name, maxName)
	f.words("start_flow")
	f.words("end_flow")
	a.kind = f.text("agent_type")
	if a.kind == "custom" {
		f.words("custom_description")
	} else {
		f.text("custom_description")
	}
	for _, name := range []string{"language", "voice", "sector", "brand_name", "description"} {
		f.text(name)
	}
	a.webhook = nil
	if !f.has("webhook_config") {
		return
	}
	var hook webhookConfig
	if !f.decode("webhook_config", "an object with url and events", &hook) {
		return
	}
	if !strings.HasPrefix(hook.URL, "http://") && !strings.HasPrefix(hook.URL, "https://") {
		f.reject("webhook_config", "webhook_config.url must be an http(s) URL", "url")
		return
	}
	a.webhook = &hook
}

func (s *Server) listAgents(x *exchange) reply {
	f := queryForm()
	p := x.paging(f)
	if rep, bad := f.answer(x); bad {
		return rep
	}
	s.world.Lock()
	now := s.world.Clock.Now()
	chosen, total := pick(s, s.agents.list, p, s.agentFilter(now), func(*agent) bool { return s.cfg.dialect.Times == TimeNull })
	s.world.Unlock()
	records := make([]map[string]any, len(chosen))
	for i, a := range chosen {
		records[i] = a.record(s)
	}
	return x.list(records, p, total)
}

// agentFilter is what the dialect asks of an agent that is listed; nil when that is nothing.
func (s *Server) agentFilter(now time.Time) func(*agent) bool {
	if !s.cfg.dialect.listsLate() {
		return nil
	}
	return func(a *agent) bool { return s.listed(a.id, a.created, now) }
}

func (s *Server) getAgent(x *exchange) reply {
	s.world.Lock()
	now := s.world.Clock.Now()
	a := s.agents.byID[x.arg]
	s.world.Unlock()
	if a == nil || now.Before(a.created.Add(s.cfg.dialect.GetDelay)) {
		return x.noAgent()
	}
	return x.ok(http.StatusOK, a.record(s))
}

func (s *Server) updateAgent(x *exchange) reply {
	f, ok := readForm(x.body)
	if !ok {
		return x.malformed()
	}
	s.world.Lock()
	defer s.world.Unlock()
	old := s.agents.byID[x.arg]
	if old == nil {
		return x.noAgent()
	}
	changed := *old
	changed.fields = maps.Clone(old.fields)
	for name, value := range f.fields {
		if isNull(value) {
			delete(changed.fields, name)
		} else {
			changed.fields[name] = value
		}
	}
	merged := &form{in: "body", fields: changed.fields}
	changed.read(merged)
	if rep, bad := merged.answer(x); bad {
		return rep
	}
	if other := s.agents.names[changed.name]; other != nil && other != old {
		return x.fail(s.cfg.dialect.DuplicateStatus, codeValidation, "Agent name is already in use")
	}
	changed.updated = s.step()
	s.agents.replace(old, &changed)
	s.courier.attend(s)
	return x.ok(http.StatusOK, changed.record(s))
}

func (s *Server) deleteAgent(x *exchange) reply {
	s.world.Lock()
	defer s.world.Unlock()
	a := s.agents.byID[x.arg]
	if a == nil {
		return x.noAgent()
	}
	s.step()
	s.agents.remove(a)
	if s.cfg.dialect.DeleteNoContent {
		return reply{status: http.StatusNoContent, header: http.Header{}}
	}
	rep := envelope{Success: x.success(), Data: map[string]string{"id": a.id}, Message: "Agent deleted", RequestID: x.id, Timestamp: x.stamp()}
	return x.bare(http.StatusOK, rep)
}

func (x *exchange) noAgent() reply {
	return x.fail(http.StatusNotFound, codeNotFound, "Agent not found")
}

// record is an agent as an answer shows it: what was sent, and the keys that
// the API adds. The webhook's secret isn't shown.
func (a *agent) record(s *Server) map[string]any {
	r := make(map[string]any, len(a.fields)+3)
	for name, value := range a.fields {
		r[name] = value
	}
	if a.webhook != nil {
		r["webhook_config"] = map[string]any{"url": a.webhook.URL, "events": a.webhook.Events}
	}
	r["id"] = a.id
	r["created_at"] = s.times().begun(a.created)
	r["updated_at"] = s.times().begun(a.updated)
	return r
}

func (a *agents) nextID(seed uint64) string {
	id := world.UUID(world.Dice(seed, "agent", a.made))
	a.made++
	return id
}

func (a *agents) add(one *agent) {
	a.list = append(a.list, one)
	a.byID[one.id] = one
	a.names[one.name] = one
	if one.webhook != nil {
		a.hooked++
	}
}

func (a *agents) remove(one *agent) {
	a.list = slices.DeleteFunc(a.list, func(other *agent) bool { return other == one })
	delete(a.byID, one.id)
	delete(a.names, one.name)
	if one.webhook != nil {
		a.hooked--
	}
}

// replace puts one in the place of old.
func (a *agents) replace(old, one *agent) {
	a.list[slices.Index(a.list, old)] = one
	delete(a.names, old.name)
	a.byID[one.id] = one
	a.names[one.name] = one
	if old.webhook != nil {
		a.hooked--
	}
	if one.webhook != nil {
		a.hooked++
	}
}
