package simulator

import (
	"slices"
	"strings"
	"time"
)

// Snapshot is the state of a simulator at one moment, for somebody who looks on. No phone number and no key in it is
// whole.
type Snapshot struct {
	Now        time.Time        `json:"now"`               // simulated time, in which calls and campaigns live
	ServerTime time.Time        `json:"server_time"`       // the clock of requests and rate-limit windows
	Dialled    int              `json:"dialled"`           // how often a phone rang
	Numbers    int              `json:"numbers"`           // how many different ones
	Statuses   map[string]int   `json:"statuses"`          // all calls by status
	Calls      []CallView       `json:"calls"`             // newest first
	Campaigns  []CampaignView   `json:"campaigns"`         // newest first
	Campaigned int              `json:"campaigned"`        // how many campaigns there are
	Windows    []RateWindowView `json:"windows,omitempty"` // most used first
}

// CallView is a call in a [Snapshot].
type CallView struct {
	ID       string  `json:"id"`
	Number   string  `json:"number"` // the last four digits
	Agent    string  `json:"agent"`  // the name, or the id of an agent that is gone
	Campaign string  `json:"campaign,omitempty"`
	Status   string  `json:"status"`
	Seconds  float64 `json:"seconds"` // of simulated time since it was dialled, or until it ended
	Over     bool    `json:"over"`
}

// CampaignView is a campaign in a [Snapshot]. Contacts that are neither skipped nor finished are still to be called,
// perhaps again.
type CampaignView struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Agent     string `json:"agent"`
	Status    string `json:"status"`
	Total     int    `json:"total"`
	Skipped   int    `json:"skipped"`
	Completed int    `json:"completed"`
	NoAnswer  int    `json:"no_answer"`
	Voicemail int    `json:"voicemail"`
	Failed    int    `json:"failed"`
	Active    int    `json:"active"` // calls going on
}

// RateWindowView is the rate-limit window of a key in a [Snapshot].
type RateWindowView struct {
	Key   string    `json:"key"` // the end of it, as in [Request.Header]
	Limit int       `json:"limit"`
	Used  int       `json:"used"`
	Start time.Time `json:"start"`
	Reset time.Time `json:"reset"`
}

// Snapshot looks at the simulator. Each list of what it returns has at most n entries.
func (s *Simulator) Snapshot(n int) Snapshot {
	s.mu.Lock()
	now := s.step()
	v := Snapshot{
		Now: now, Numbers: len(s.calls.dialled), Statuses: map[string]int{},
		Calls: []CallView{}, Campaigns: []CampaignView{}, Campaigned: len(s.dialler.list),
	}
	all := s.calls.list
	for _, c := range slices.Backward(all[max(len(all)-n, 0):]) {
		v.Calls = append(v.Calls, s.viewCall(c, now))
	}
	for _, c := range slices.Backward(s.dialler.list[max(len(s.dialler.list)-n, 0):]) {
		v.Campaigns = append(v.Campaigns, s.viewCampaign(c, now))
	}
	s.mu.Unlock()

	// The list only ever grows at its end and its calls don't change.
	for _, c := range all {
		v.Statuses[c.status(now)]++
		if !c.seeded {
			v.Dialled++
		}
	}
	v.ServerTime = s.clock.wall()
	v.Windows = s.limiter.view(v.ServerTime, n)
	return v
}

func (s *Simulator) viewCall(c *call, now time.Time) CallView {
	v := CallView{
		ID: c.id, Number: ending4(c.number), Agent: s.agentName(c.agentID), Status: c.status(now),
		Seconds: min(now.Sub(c.created), c.fate.ended).Seconds(), Over: !now.Before(c.ended()),
	}
	if c.campaign != nil {
		v.Campaign = c.campaign.name
	}
	return v
}

func (s *Simulator) viewCampaign(c *campaign, now time.Time) CampaignView {
	return CampaignView{
		ID: c.id, Name: c.name, Agent: s.agentName(c.agentID), Status: c.statusAt(now),
		Total: len(c.contacts) + c.skipped, Skipped: c.skipped,
		Completed: c.done[StatusCompleted], NoAnswer: c.done[StatusNoAnswer],
		Voicemail: c.done[StatusVoicemail], Failed: c.done[StatusFailed], Active: c.active,
	}
}

func (s *Simulator) agentName(id string) string {
	if a := s.agents.byID[id]; a != nil {
		return a.name
	}
	return id
}

// view shows the windows as a request at now would find them.
func (l *limiter) view(now time.Time, n int) []RateWindowView {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]RateWindowView, 0, len(l.windows))
	for key, w := range l.windows {
		v := RateWindowView{Key: ending4(key), Limit: l.limits.Requests, Start: l.startOf(w, now)}
		if v.Start.Equal(w.start) {
			v.Used = w.used
		}
		v.Reset = v.Start.Add(l.limits.Window)
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b RateWindowView) int {
		if a.Used != b.Used {
			return b.Used - a.Used
		}
		return strings.Compare(a.Key, b.Key)
	})
	return list[:min(n, len(list))]
}

// ending4 is what may be shown of a number or a key.
func ending4(secret string) string {
	if secret == "" {
		return ""
	}
	return "..." + secret[max(len(secret)-4, 0):]
}

// Faults returns the faults in force, in their order. The Times of each is how often it will still happen.
func (s *Simulator) Faults() []Fault {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	list := make([]Fault, len(s.faults.rules))
	for i, r := range s.faults.rules {
		list[i] = r.fault
		list[i].Times = r.left
	}
	return list
}
