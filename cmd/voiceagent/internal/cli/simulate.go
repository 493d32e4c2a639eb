package cli

import (
	"time"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// The simulator's own agent, and how fast its time goes: a call of half a minute takes a second.
const (
	simulatedAgent = "Demo"
	simulatedSpeed = 30
	simulatedCalls = 25
)

// Simulator starts the simulator if it doesn't run yet. The given agents exist in it, besides one
// of its own that has made some calls. Nothing is kept: each run of the program starts afresh, with
// the same ids.
func (p *Program) Simulator(agents ...string) *voiceagenttest.Server {
	if p.simulator != nil {
		return p.simulator
	}
	p.simulator = voiceagenttest.NewServer(
		voiceagenttest.WithSpeed(simulatedSpeed),
		voiceagenttest.WithLimits(voiceagenttest.Pro),
		voiceagenttest.WithStart(tenOClock(time.Now())),
	)
	p.AtEnd(func() error { p.simulator.Close(); return nil })
	own := p.simulator.AddAgent(voiceagenttest.NewAgent{Name: simulatedAgent})
	p.simulator.SeedCalls(simulatedCalls, voiceagenttest.CallSeed{AgentID: own})
	for _, agent := range agents {
		if agent != "" && agent != own {
			p.simulator.AddAgent(voiceagenttest.NewAgent{ID: agent, Name: "Agent " + agent})
		}
	}
	return p.simulator
}

// simulated are the options of a client for the simulator, without the key.
func (p *Program) simulated(agents ...string) []voiceagent.ClientOption {
	server := p.Simulator(agents...)
	return []voiceagent.ClientOption{
		voiceagent.WithBaseURL(server.URL),
		voiceagent.WithHTTPClient(server.HTTPClient()),
	}
}

// tenOClock returns a time within calling hours: ten in the morning today, in the zone in which the
// simulator reads them.
func tenOClock(now time.Time) time.Time {
	zone := time.FixedZone("", 5*60*60+30*60)
	year, month, day := now.In(zone).Date()
	return time.Date(year, month, day, 10, 0, 0, 0, zone)
}
