package main

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

// simulator starts the simulator and returns what a client needs to reach it. The agents named exist in it, beside one of its own that has
// made some calls. Nothing is kept: each run of the program begins anew, with the same ids.
func (p *program) simulator(agents ...string) []voiceagent.ClientOption {
	if p.simulated == nil {
		p.simulated = voiceagenttest.NewServer(
			voiceagenttest.WithSpeed(simulatedSpeed),
			voiceagenttest.WithLimits(voiceagenttest.Pro),
			voiceagenttest.WithStart(tenOClock(time.Now())),
		)
		p.closers = append(p.closers, func() error { p.simulated.Close(); return nil })
		own := p.simulated.AddAgent(voiceagenttest.NewAgent{Name: simulatedAgent})
		p.simulated.SeedCalls(simulatedCalls, voiceagenttest.CallSeed{AgentID: own})
		for _, agent := range agents {
			if agent != "" && agent != own {
				p.simulated.AddAgent(voiceagenttest.NewAgent{ID: agent, Name: "Agent " + agent})
			}
		}
	}
	p.baseURL = p.simulated.URL
	return []voiceagent.ClientOption{
		voiceagent.WithAPIKey(voiceagenttest.DefaultKey),
		voiceagent.WithHTTPClient(p.simulated.HTTPClient()),
	}
}

// tenOClock is a time at which the simulator's people may be called: ten in the morning of today, where it reads calling hours.
func tenOClock(now time.Time) time.Time {
	zone := time.FixedZone("", 5*60*60+30*60)
	year, month, day := now.In(zone).Date()
	return time.Date(year, month, day, 10, 0, 0, 0, zone)
}
