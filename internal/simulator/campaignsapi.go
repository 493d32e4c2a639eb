package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

func (s *Simulator) createCampaign(x *exchange) reply {
	f, ok := readForm(x.body)
	if !ok {
		return x.malformed()
	}
	c := readCampaign(f, s.cfg.Zone)
	if rep, bad := f.answer(x); bad {
		return rep
	}
	if rep, refused := x.charge(); refused {
		return rep
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.agents.byID[c.agentID]
	if a == nil {
		return x.noAgent()
	}
	now := s.step()
	c.id = uuid(dice(s.cfg.Seed, "campaign", uint64(len(s.dialler.list))))
	c.agentType = a.kind
	c.belong()
	c.created, c.updated = now, now
	c.status = CampaignPending
	if c.scheduled && c.begin.After(now) {
		c.status = CampaignScheduled
	} else {
		c.begin = now.Add(startDelay)
	}
	c.plan()
	s.dialler.add(c)
	s.courier.attend(s)
	return x.ok(s.cfg.Dialect.CreatedStatus, s.cfg.Dialect.campaign(c, now, s.times()))
}

func (s *Simulator) listCampaigns(x *exchange) reply {
	f := queryForm()
	p := x.paging(f)
	if rep, bad := f.answer(x); bad {
		return rep
	}
	status := x.query.Get("status")

	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.step()
	records := []campaignRecord{}
	total := 0
	for _, c := range slices.Backward(s.dialler.list) {
		if status != "" && c.statusAt(now) != status {
			continue
		}
		if total >= p.start() && total < p.end() {
			r := s.cfg.Dialect.campaign(c, now, s.times())
			s.cfg.Dialect.total(&r, true)
			records = append(records, r)
		}
		total++
	}
	return x.list(records, p, total)
}

func (s *Simulator) getCampaign(x *exchange) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.step()
	c := s.dialler.byID[x.arg]
	if c == nil {
		return x.noCampaign()
	}
	return x.ok(http.StatusOK, s.cfg.Dialect.campaign(c, now, s.times()))
}

func (x *exchange) noCampaign() reply {
	return x.fail(http.StatusNotFound, codeNotFound, "Campaign not found")
}

// action is what can be done to a campaign.
type action struct {
	from []string // the states that allow it
	to   string
	done string
}

var actions = map[string]action{
	"pause":  {from: []string{CampaignPending, CampaignInProgress}, to: CampaignPaused, done: "Campaign paused"},
	"resume": {from: []string{CampaignPaused}, to: CampaignInProgress, done: "Campaign resumed"},
	"stop":   {from: []string{CampaignPending, CampaignInProgress, CampaignPaused}, to: CampaignStopped, done: "Campaign stopped"},
	"cancel": {from: []string{CampaignScheduled}, to: CampaignCancelled, done: "Campaign cancelled"},
}

func campaignAction(verb string) func(*Simulator, *exchange) reply {
	act := actions[verb]
	return func(s *Simulator, x *exchange) reply {
		s.mu.Lock()
		defer s.mu.Unlock()
		now := s.step()
		c := s.dialler.byID[x.arg]
		if c == nil {
			return x.noCampaign()
		}
		if status := c.statusAt(now); !slices.Contains(act.from, status) {
			return x.fail(s.cfg.Dialect.WrongStateStatus, codeConflict, fmt.Sprintf("Cannot %s a campaign that is %s", verb, status))
		}
		c.become(act.to, now)
		s.dialler.retire(c)
		s.courier.attend(s)
		answer := envelope{Success: x.success(), Message: act.done, RequestID: x.id, Timestamp: x.stamp()}
		if s.cfg.Dialect.ActionData {
			answer.Data = s.cfg.Dialect.campaign(c, now, s.times())
		}
		return x.bare(http.StatusOK, answer)
	}
}

// become puts the campaign into a state that somebody asked for. Calls that
// are going on end by themselves.
func (c *campaign) become(status string, now time.Time) {
	c.status, c.updated, c.ready = status, now, now
	if status == CampaignStopped || status == CampaignCancelled {
		c.ended = now
		c.retries = nil
	}
	c.plan()
}
