package voiceagenttest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

// NewAgent is an agent for [Server.AddAgent].
type NewAgent struct {
	ID   string // drawn from the seed when empty
	Name string
	Type string // "sales" when empty
	// Webhook, when set, is where its calls are reported.
	Webhook *Webhook
}

// Webhook is where the calls of a [NewAgent] are reported.
type Webhook struct{ URL, Secret string }

// AddAgent adds an agent without a request and returns its id. It panics when
// the name or the id is taken.
func (s *Server) AddAgent(n NewAgent) string {
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
	s.world.Lock()
	defer s.world.Unlock()
	now := s.step()
	if a.id == "" {
		a.id = s.agents.nextID(s.cfg.seed)
	}
	if s.agents.names[a.name] != nil || s.agents.byID[a.id] != nil {
		panic(fmt.Sprintf("voiceagenttest: there is an agent %q already", a.name))
	}
	a.created, a.updated = now, now
	s.agents.add(a)
	return a.id
}

// SeedAgents adds n agents, "Agent 1" and so on, and returns their ids.
func (s *Server) SeedAgents(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = s.AddAgent(NewAgent{Name: fmt.Sprintf("Agent %d", i+1)})
	}
	return ids
}

// CallSeed says what calls [Server.SeedCalls] makes up.
type CallSeed struct {
	AgentID    string   // "" for an agent that doesn't exist any more
	Directions []string // in turn; outbound only when empty
	// Gap lies between two calls; zero means a minute.
	Gap time.Duration
}

// SeedCalls makes up n calls that ended before every other call began. They were never dialled, so
// [Server.Dialed] doesn't have them.
func (s *Server) SeedCalls(n int, seed CallSeed) {
	s.world.Lock()
	defer s.world.Unlock()
	now := s.step()
	kind := "sales"
	if a := s.agents.byID[seed.AgentID]; a != nil {
		kind = a.kind
	}
	s.world.MakeUp(n, world.Past{AgentID: seed.AgentID, AgentType: kind, Directions: seed.Directions, Gap: seed.Gap}, now)
}
