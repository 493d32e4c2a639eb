package voiceagenttest

import (
	"fmt"
	"net/http"

	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

func (s *Server) createCampaign(x *exchange) reply {
	f, ok := readForm(x.body)
	if !ok {
		return x.malformed()
	}
	c := readCampaign(f, s.cfg.zone)
	s.cfg.dialect.reduce(c)
	if rep, bad := f.answer(x); bad {
		return rep
	}
	if rep, refused := x.charge(); refused {
		return rep
	}

	s.world.Lock()
	defer s.world.Unlock()
	a := s.agents.byID[c.AgentID]
	if a == nil {
		return x.noAgent()
	}
	now := s.step()
	c.AgentType = a.kind
	s.world.Launch(c, now)
	belong(c)
	s.courier.attend(s)
	return x.ok(s.cfg.dialect.CreatedStatus, s.cfg.dialect.campaign(c, now, s.times()))
}

func (s *Server) listCampaigns(x *exchange) reply {
	f := queryForm()
	p := x.paging(f)
	if rep, bad := f.answer(x); bad {
		return rep
	}
	status := x.filter("status")

	s.world.Lock()
	defer s.world.Unlock()
	now := s.step()
	chosen, total := pick(s, s.world.Campaigns(), p, func(c *world.Campaign) bool {
		return s.listed(c.ID, c.Created, now) && (status == "" || c.Status(now) == status)
	}, func(*world.Campaign) bool { return s.cfg.dialect.Times == TimeNull })
	records := make([]campaignRecord, len(chosen))
	for i, c := range chosen {
		records[i] = s.cfg.dialect.campaign(c, now, s.times())
		s.cfg.dialect.total(&records[i], true)
	}
	return x.list(records, p, total)
}

func (s *Server) getCampaign(x *exchange) reply {
	s.world.Lock()
	defer s.world.Unlock()
	now := s.step()
	c := s.world.Campaign(x.arg)
	if c == nil || now.Before(c.Created.Add(s.cfg.dialect.GetDelay)) {
		return x.noCampaign()
	}
	return x.ok(http.StatusOK, s.cfg.dialect.campaign(c, now, s.times()))
}

func (x *exchange) noCampaign() reply {
	return x.fail(http.StatusNotFound, codeNotFound, "Campaign not found")
}

// action is what can be done to a campaign, and the message when it was.
type action struct {
	what world.Action
	done string
}

var actions = map[string]action{
	"pause":  {world.Pause, "Campaign paused"},
	"resume": {world.Resume, "Campaign resumed"},
	"stop":   {world.Stop, "Campaign stopped"},
	"cancel": {world.Cancel, "Campaign cancelled"},
}

func campaignAction(verb string) func(*Server, *exchange) reply {
	act := actions[verb]
	return func(s *Server, x *exchange) reply {
		s.world.Lock()
		defer s.world.Unlock()
		now := s.step()
		c := s.world.Campaign(x.arg)
		if c == nil {
			return x.noCampaign()
		}
		if status := c.Status(now); !s.world.Act(c, act.what, now) {
			return x.fail(s.cfg.dialect.WrongStateStatus, codeConflict, fmt.Sprintf("Cannot %s a campaign that is %s", verb, status))
		}
		s.courier.attend(s)
		answer := envelope{Success: x.success(), Message: act.done, RequestID: x.id, Timestamp: x.stamp()}
		if s.cfg.dialect.ActionData {
			answer.Data = s.cfg.dialect.campaign(c, now, s.times())
		}
		return x.bare(http.StatusOK, answer)
	}
}
