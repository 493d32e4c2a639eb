package simulator

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// NewAgent is an agent to be there from the start.
type NewAgent struct {
	ID   string // drawn from the seed when empty
	Name string
	Type string // "sales" when empty
	// Webhook, when set, is where its calls are reported.
	Webhook *Webhook
}

// Webhook is where an agent's calls are reported.
type Webhook struct{ URL, Secret string }

// AddAgent adds an agent without a request and returns its id. It panics when
// the name or the id is taken.
func (s *Simulator) AddAgent(n NewAgent) string {
	if n.Type == "" {
		n.Type = "sales"
	}
	a := &agent{id: n.ID, name: n.Name, kind: n.Type, fields: map[string]json.RawMessage{
		"name":       mustMarshal(n.Name),
		"agent_type": mustMarshal(n.Type),
		"language":   agentDefaults["language"],
		"voice":      agentDefaults["voice"],
		"start_flow": json.RawMessage(`"Hello"`),
		"end_flow":   json.RawMessage(`"Goodbye"`),
	}}
	if n.Webhook != nil {
		a.webhook = &webhookConfig{URL: n.Webhook.URL, Secret: n.Webhook.Secret, Events: []string{eventCallEnded}}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.step()
	if a.id == "" {
		a.id = s.agents.nextID(s.cfg.Seed)
	}
	if s.agents.names[a.name] != nil || s.agents.byID[a.id] != nil {
		panic(fmt.Sprintf("simulator: there is an agent %q already", a.name))
	}
	a.created, a.updated = now, now
	s.agents.add(a)
	return a.id
}

// SeedAgents adds n agents, "Agent 1" and so on, and returns their ids.
func (s *Simulator) SeedAgents(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = s.AddAgent(NewAgent{Name: fmt.Sprintf("Agent %d", i+1)})
	}
	return ids
}

// CallSeed says what calls [Simulator.SeedCalls] makes up.
type CallSeed struct {
	AgentID    string   // "" for an agent that doesn't exist any more
	Directions []string // in turn; outbound only when empty
	// Gap lies between two calls; zero means a minute.
	Gap time.Duration
}

// SeedCalls makes up n calls that ended before every other call began. They
// were never dialled, so [Simulator.Dialed] doesn't have them.
func (s *Simulator) SeedCalls(n int, seed CallSeed) {
	if seed.Gap <= 0 {
		seed.Gap = time.Minute
	}
	if len(seed.Directions) == 0 {
		seed.Directions = []string{DirectionOutbound}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.step()
	if len(s.calls.list) > 0 {
		last = s.calls.list[0].created
	}
	kind := "sales"
	if a := s.agents.byID[seed.AgentID]; a != nil {
		kind = a.kind
	}
	batch := len(s.calls.list)
	old := s.calls.list
	s.calls.list = make([]*call, 0, n+batch)
	// One source for all: making one for each call is most of the cost.
	r := dice(s.cfg.Seed, "seeded calls", uint64(batch))
	for i := range n {
		c := &call{
			id: uuid(r), session: uuid(r), agentID: seed.AgentID, agentType: kind,
			direction: seed.Directions[i%len(seed.Directions)],
			number:    fmt.Sprintf("+9190%08d", i),
			seeded:    true, attempt: 1,
			fate: drawFate(r, ""),
		}
		if c.direction == DirectionWeb {
			c.number = ""
		}
		// The gap to the end of the last is longer than any call takes.
		c.created = last.Add(-2*time.Minute - time.Duration(n-1-i)*seed.Gap)
		s.calls.keep(c)
	}
	s.calls.list = slices.Concat(s.calls.list, old)
}
