package voiceagenttest

import "time"

// Dial is one time that a phone rang.
type Dial struct {
	Number     string
	CallID     string
	SessionID  string
	CampaignID string // "" for a single call
	// Attempt is 1 for the first call to a contact of a campaign and more for those that its
	// retry_config asked for. Single calls to one number count up in the same way.
	Attempt int
	Time    time.Time
}

// Dials returns the same as [Server.Dialed], with the call, the campaign and the attempt, which
// tells a retry that the campaign asked for from a mistake.
func (s *Server) Dials() []Dial {
	s.world.Lock()
	s.step()
	list := s.world.Calls()
	s.world.Unlock()
	var dials []Dial
	for _, c := range list {
		if c.Seeded {
			continue
		}
		d := Dial{Number: c.Number, CallID: c.ID, SessionID: c.Session, Attempt: c.Attempt, Time: c.Created}
		if c.Campaign != nil {
			d.CampaignID = c.Campaign.ID
		}
		dials = append(dials, d)
	}
	return dials
}

// Dialed returns the numbers that were dialled, oldest first: once for each time that a phone would
// have rung, by a call or by a campaign.
func (s *Server) Dialed() []string {
	var numbers []string
	for _, d := range s.Dials() {
		numbers = append(numbers, d.Number)
	}
	return numbers
}
