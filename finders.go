package voiceagent

import (
	"context"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
)

// finder knows a record of the kind that a lost answer was about when it sees it.
type finder[T any] interface {
	twin() string                   // what is the same for records that can't be told apart
	subject() string                // "a call to ***3210 by agent ag_1", for a person on duty
	listing(since time.Time) string // the request that shows it, "GET /calls?agent_id=ag_1"
	list(ctx context.Context, page int, since time.Time, opts []RequestOption) (*Page[T], error)
	same(*T) bool // in every field that was sent, as far as the record shows it
	at(*T) Timestamp
	ids(*T) []string
	unique() bool // there is one of its name at most, so that it needs no time to be known by
}

// callFinder finds calls by agent, number and time.
type callFinder struct {
	s *CallsService
	p *CallCreateParams
}

func (f callFinder) twin() string { return "call\x00" + f.p.AgentID + "\x00" + f.p.To }

func (f callFinder) subject() string {
	return "a call to " + maskNumber(f.p.To) + " by agent " + f.p.AgentID
}

func (f callFinder) params(page int, since time.Time) CallListParams {
	return CallListParams{Page: page, PageSize: maxPageSize, AgentID: f.p.AgentID, Since: since}
}

func (f callFinder) listing(since time.Time) string {
	params := f.params(0, since)
	return "GET " + callsRoute + "?" + params.filter(url.Values{}).Encode()
}

func (f callFinder) list(ctx context.Context, page int, since time.Time, opts []RequestOption) (*Page[Call], error) {
	return f.s.List(ctx, f.params(page, since), opts...)
}

// A campaign's call to the same person by the same agent is not the one that was asked for. It is known by its metadata
// (documented for webhooks).
func (f callFinder) same(c *Call) bool {
	_, wanted := f.p.Metadata["campaign_id"]
	_, of := c.Metadata["campaign_id"]
	return c.AgentID == f.p.AgentID && sameNumber(c.PhoneNumber, f.p.To) && (wanted || !of) &&
		(c.Direction == "" || c.Direction == CallOutbound) &&
		(c.SourceNumber == "" || sameNumber(c.SourceNumber, f.p.From)) &&
		holds(c.Metadata, f.p.Metadata)
}

func (f callFinder) at(c *Call) Timestamp {
	if c.CreatedAt.IsZero() {
		return c.StartedAt
	}
	return c.CreatedAt
}

func (f callFinder) ids(c *Call) []string { return known(c.ID, c.SessionID) }

func (f callFinder) unique() bool { return false }

// campaignFinder finds campaigns by name, agent and time.
type campaignFinder struct {
	s *CampaignsService
	p *CampaignCreateParams
}

func (f campaignFinder) twin() string { return "campaign\x00" + f.p.AgentID + "\x00" + f.p.Name }

func (f campaignFinder) subject() string {
	return fmt.Sprintf("campaign %q of agent %s", f.p.Name, f.p.AgentID)
}

func (f campaignFinder) listing(time.Time) string { return "GET " + campaignsRoute }

func (f campaignFinder) list(ctx context.Context, page int, _ time.Time, opts []RequestOption) (*Page[Campaign], error) {
	return f.s.List(ctx, CampaignListParams{Page: page, PageSize: maxPageSize}, opts...)
}

func (f campaignFinder) same(c *Campaign) bool {
	return c.Name == f.p.Name && isOrUnknown(c.AgentID, f.p.AgentID) && (c.From == "" || sameNumber(c.From, f.p.From)) &&
		(c.Contacts() == 0 || c.Contacts()+c.SkippedContacts >= len(f.p.Contacts) && c.Contacts() <= len(f.p.Contacts)) &&
		(f.p.MaxConcurrentCalls == 0 || c.MaxConcurrentCalls == 0 || c.MaxConcurrentCalls == f.p.MaxConcurrentCalls)
}

func (f campaignFinder) at(c *Campaign) Timestamp { return c.CreatedAt }

func (f campaignFinder) ids(c *Campaign) []string { return known(c.ID) }

func (f campaignFinder) unique() bool { return false }

// agentFinder finds agents by name, which is unique in an account (documented).
type agentFinder struct {
	s *AgentsService
	p *AgentCreateParams
}

func (f agentFinder) twin() string { return "agent\x00" + f.p.Name }

func (f agentFinder) subject() string { return fmt.Sprintf("agent %q", f.p.Name) }

func (f agentFinder) listing(time.Time) string { return "GET " + agentsRoute }

func (f agentFinder) list(ctx context.Context, page int, _ time.Time, opts []RequestOption) (*Page[Agent], error) {
	return f.s.List(ctx, AgentListParams{Page: page, PageSize: maxPageSize}, opts...)
}

func (f agentFinder) same(a *Agent) bool {
	p := f.p
	return a.Name == p.Name && isOrUnknown(a.StartFlow, p.StartFlow) && isOrUnknown(a.EndFlow, p.EndFlow) &&
		isOrUnknown(a.AgentType, p.AgentType) && isOrUnknown(a.CustomDescription, p.CustomDescription) &&
		isOrUnknown(a.Sector, p.Sector) && isOrUnknown(a.Language, p.Language) && isOrUnknown(a.Voice, p.Voice) &&
		isOrUnknown(a.BrandName, p.BrandName) && isOrUnknown(a.Description, p.Description)
}

func (f agentFinder) at(a *Agent) Timestamp { return a.CreatedAt }

func (f agentFinder) ids(a *Agent) []string { return known(a.ID) }

func (f agentFinder) unique() bool { return true }

// isOrUnknown tells if a record's field is what was sent. A field that the record doesn't show, or that wasn't
// sent and has the API's default, says nothing.
func isOrUnknown(shown, sent string) bool { return shown == "" || sent == "" || shown == sent }

// sameNumber compares phone numbers by their digits.
func sameNumber(a, b string) bool {
	digits := func(s string) string {
		return strings.TrimPrefix(strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, s), "00")
	}
	return a == b || digits(a) == digits(b)
}

// holds tells if a record's metadata has all that was sent. A record that shows none says nothing: the API is
// seen not to return it.
func holds(shown, sent map[string]any) bool {
	if len(shown) == 0 || len(sent) == 0 {
		return true
	}
	encoded, err := envelope.Marshal(sent, false)
	if err != nil {
		return false
	}
	var wire map[string]any // as it comes back: numbers as float64, structs as maps
	if envelope.Unmarshal(encoded, &wire) != nil {
		return false
	}
	for key, value := range wire {
		if !reflect.DeepEqual(shown[key], value) {
			return false
		}
	}
	return true
}

func known(ids ...string) []string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		if id != "" {
			out = append(out, id)
		}
	}
	return out
}
