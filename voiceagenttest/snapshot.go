package voiceagenttest

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/simulator/view"
	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

// snapshot looks at the server. Each list of what it returns has at most n entries.
func (s *Server) snapshot(n int) view.Snapshot {
	s.world.Lock()
	now := s.step()
	v := view.Snapshot{
		Now: now, Numbers: s.world.Numbers(), Repeated: s.world.Repeated(), Statuses: map[string]int{},
		Calls: []view.Call{}, Campaigns: []view.Campaign{}, Campaigned: len(s.world.Campaigns()),
	}
	all := s.world.Calls()
	for _, c := range slices.Backward(all[max(len(all)-n, 0):]) {
		v.Calls = append(v.Calls, s.viewCall(c, now))
	}
	for _, c := range slices.Backward(s.world.Campaigns()[max(len(s.world.Campaigns())-n, 0):]) {
		v.Campaigns = append(v.Campaigns, s.viewCampaign(c, now))
	}
	s.world.Unlock()

	// The list only ever grows at its end and its calls don't change.
	for _, c := range all {
		v.Statuses[c.Status(now)]++
		if !c.Seeded {
			v.Dialled++
		}
	}
	v.ServerTime = s.world.Clock.Wall()
	v.Windows = s.limiter.view(v.ServerTime, n)
	return v
}

func (s *Server) viewCall(c *world.Call, now time.Time) view.Call {
	v := view.Call{
		ID: c.ID, Number: ending4(c.Number), Agent: s.agentName(c.AgentID), Status: c.Status(now),
		Seconds: min(now.Sub(c.Created), c.Fate.Ended).Seconds(), Over: !now.Before(c.Ended()),
	}
	rings := s.world.Rings(c.Number)
	v.Rang, v.Repeated = rings.All, rings.Repeated()
	if c.Campaign != nil {
		v.Campaign = c.Campaign.Name
	}
	return v
}

// viewRecord looks at a call and the latest n calls to its number.
func (s *Server) viewRecord(id string, n int) (view.Record, bool) {
	s.world.Lock()
	now := s.step()
	c := s.world.Call(id)
	all := s.world.Calls()
	if c == nil {
		s.world.Unlock()
		return view.Record{}, false
	}
	v := view.Record{Call: s.viewCall(c, now), Rings: []view.Ring{}}
	s.world.Unlock()

	v.JSON, _ = json.Marshal(s.cfg.dialect.call(c, now, s.times())) // it has no value that can't be encoded
	for _, other := range slices.Backward(all) {
		if other.Number != c.Number || other.Seeded {
			continue
		}
		if len(v.Rings) == n {
			break
		}
		ring := view.Ring{CallID: other.ID, Time: s.world.Clock.Shown(other.Created), Attempt: other.Attempt, Status: other.Status(now)}
		if other.Campaign != nil {
			ring.Campaign = other.Campaign.Name
		}
		v.Rings = append(v.Rings, ring)
	}
	return v, true
}

func (s *Server) viewCampaign(c *world.Campaign, now time.Time) view.Campaign {
	return view.Campaign{
		ID: c.ID, Name: c.Name, Agent: s.agentName(c.AgentID), Status: c.Status(now),
		Total: len(c.Contacts) + c.Skipped, Skipped: c.Skipped,
		Completed: c.Done[world.StatusCompleted], NoAnswer: c.Done[world.StatusNoAnswer],
		Voicemail: c.Done[world.StatusVoicemail], Failed: c.Done[world.StatusFailed], Active: c.Active,
	}
}

func (s *Server) agentName(id string) string {
	if a := s.agents.byID[id]; a != nil {
		return a.name
	}
	return id
}

// view shows the windows as a request at now would find them.
func (l *limiter) view(now time.Time, n int) []view.Window {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]view.Window, 0, len(l.windows))
	for key, w := range l.windows {
		v := view.Window{Key: ending4(key), Limit: l.limits.Requests, Start: l.startOf(w, now)}
		if v.Start.Equal(w.start) {
			v.Used = w.used
		}
		v.Reset = v.Start.Add(l.limits.Window)
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b view.Window) int {
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
