package voiceagent

import (
	"context"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/check"
	"github.com/voiceagent-go/voiceagent/internal/envelope"
	"github.com/voiceagent-go/voiceagent/internal/reconcile"
	"github.com/voiceagent-go/voiceagent/internal/secret"
)

// finder compares the records of one kind with the one that a lost answer was about.
type finder[T any] interface {
	twin() reconcile.Twin
	// exclusive reports whether requests with one twin are made one after the other. Their records
	// can't be distinguished, and none may be taken for another.
	exclusive() bool
	subject() string // "a call to ***3210 by agent ag_1", for a person on duty
	// listing is the list that shows it: "/calls", with "agent_id=ag_1".
	listing(since time.Time) (route string, query url.Values)
	list(ctx context.Context, f listFilter, opts []RequestOption) (*Page[T], error)

	reconcile.Kind[T]
}

// listFilter narrows a list.
type listFilter struct {
	page  int
	since time.Time // zero for no bound
	all   bool      // of all agents, as the server refuses to filter
}

// callFinder finds calls by agent, number and time.
type callFinder struct {
	s *CallsService
	p *CallCreateParams
}

func (f callFinder) twin() reconcile.Twin {
	return reconcile.Twin{Owner: reconcile.Owner{Route: placeCallRoute, Agent: reconcile.PlainAgent(f.p.AgentID)}, Name: f.p.To}
}

func (f callFinder) exclusive() bool { return false }

func (f callFinder) subject() string {
	return "a call to " + secret.MaskNumber(f.p.To) + " by agent " + f.p.AgentID
}

func (f callFinder) params(filter listFilter) CallListParams {
	params := CallListParams{Page: filter.page, PageSize: check.MaxPageSize, AgentID: f.p.AgentID, Since: filter.since}
	if filter.all {
		params.AgentID, params.Since = "", time.Time{}
	}
	return params
}

func (f callFinder) listing(since time.Time) (string, url.Values) {
	params := f.params(listFilter{since: since})
	return callsRoute, params.filter(url.Values{})
}

func (f callFinder) list(ctx context.Context, filter listFilter, opts []RequestOption) (*Page[Call], error) {
	return f.s.List(ctx, f.params(filter), opts...)
}

// A call of a campaign to the same person by the same agent isn't the one that was asked for. It is
// known by its metadata (documented for webhooks).
func (f callFinder) Compare(c *Call) reconcile.Verdict {
	verdict := f.Resembles(c, f.twin())
	if verdict == reconcile.Not {
		return reconcile.Not
	}
	source := c.SourceNumber == "" || reconcile.Number(c.SourceNumber, f.p.From) == reconcile.Ours
	if !source || !metadataHas(c.Metadata, f.p.Metadata) || c.Metadata["campaign_id"] != nil && f.p.Metadata["campaign_id"] == nil {
		return reconcile.Maybe
	}
	return verdict
}

func (f callFinder) Resembles(c *Call, twin reconcile.Twin) reconcile.Verdict {
	if isForeign(c.Direction) {
		return reconcile.Not
	}
	return min(reconcile.SameAgent(told(c.AgentID, twin.Owner.Agent), twin.Owner.Agent), reconcile.Number(c.PhoneNumber, twin.Name))
}

// isForeign reports whether a call was begun by somebody else, however the API spells that.
func isForeign(d CallDirection) bool {
	lower := strings.ToLower(string(d))
	return strings.Contains(lower, string(CallInbound)) || lower == string(CallWeb)
}

func (f callFinder) At(c *Call) (time.Time, bool) {
	if c.CreatedAt.IsZero() {
		return c.StartedAt.Time, false
	}
	return c.CreatedAt.Time, true
}

func (f callFinder) IDs(c *Call) []string { return realIDs(c.ID, c.SessionID) }

func (f callFinder) Began(c *Call) time.Time { return c.StartedAt.Time }

// Ended goes by all that only a call that is over has, as the states aren't all documented.
func (f callFinder) Ended(c *Call) bool {
	return c.Ended() || c.EndReason != "" || c.EndedBy != "" || c.Summary != "" || c.RecordingURL != ""
}

func (f callFinder) Nearest(fitting []*Call) []*Call { return fitting }

func (f callFinder) Unique() bool { return false }

// campaignFinder finds campaigns by name, agent and time. It compares neither the contacts nor the
// concurrency: the server may change both.
type campaignFinder struct {
	s *CampaignsService
	p *CampaignCreateParams
}

func (f campaignFinder) twin() reconcile.Twin {
	return reconcile.Twin{
		Owner: reconcile.Owner{Route: campaignsRoute, Agent: reconcile.PlainAgent(f.p.AgentID)}, Name: reconcile.PlainName(f.p.Name),
	}
}

// Campaigns of one name call different people.
func (f campaignFinder) exclusive() bool { return true }

func (f campaignFinder) subject() string {
	return fmt.Sprintf("campaign %q of agent %s", f.p.Name, f.p.AgentID)
}

func (f campaignFinder) listing(time.Time) (string, url.Values) { return campaignsRoute, nil }

func (f campaignFinder) list(ctx context.Context, filter listFilter, opts []RequestOption) (*Page[Campaign], error) {
	return f.s.List(ctx, CampaignListParams{Page: filter.page, PageSize: check.MaxPageSize}, opts...)
}

// A server may cut a name, or add to one that it has already.
func (f campaignFinder) Compare(c *Campaign) reconcile.Verdict {
	verdict := f.Resembles(c, f.twin())
	renamed := reconcile.IsWithin(c.Name, f.p.Name) || c.Contacts() == len(f.p.Contacts)
	if verdict == reconcile.Not && renamed && (c.AgentID == "" || reconcile.SameAgent(told(c.AgentID, f.p.AgentID), f.p.AgentID) != reconcile.Not) {
		return reconcile.Maybe
	}
	if c.Contacts() > len(f.p.Contacts) { // a server may leave contacts out, but adds none
		return min(verdict, reconcile.Maybe)
	}
	return verdict
}

func (f campaignFinder) Resembles(c *Campaign, twin reconcile.Twin) reconcile.Verdict {
	verdict := reconcile.SameName(told(c.Name, twin.Name), twin.Name)
	if c.AgentID != "" { // whether lists show it is unknown
		verdict = min(verdict, reconcile.SameAgent(told(c.AgentID, twin.Owner.Agent), twin.Owner.Agent))
	}
	return verdict
}

func (f campaignFinder) At(c *Campaign) (time.Time, bool) { return c.CreatedAt.Time, true }

func (f campaignFinder) IDs(c *Campaign) []string { return realIDs(c.ID) }

func (f campaignFinder) Began(*Campaign) time.Time { return time.Time{} }

func (f campaignFinder) Ended(c *Campaign) bool { return c.Ended() }

// Where two campaigns of one name stand, ours is the one with as many contacts as were sent.
func (f campaignFinder) Nearest(fitting []*Campaign) (nearest []*Campaign) {
	if len(fitting) < 2 {
		return fitting
	}
	for _, c := range fitting {
		if c.Contacts() == len(f.p.Contacts) {
			nearest = append(nearest, c)
		}
	}
	return nearest
}

func (f campaignFinder) Unique() bool { return false }

// agentFinder finds agents by name, which is unique in an account (documented).
type agentFinder struct {
	s *AgentsService
	p *AgentCreateParams
}

func (f agentFinder) twin() reconcile.Twin {
	return reconcile.Twin{Owner: reconcile.Owner{Route: agentsRoute}, Name: f.p.Name}
}

func (f agentFinder) exclusive() bool { return false }

func (f agentFinder) subject() string { return fmt.Sprintf("agent %q", f.p.Name) }

func (f agentFinder) listing(time.Time) (string, url.Values) { return agentsRoute, nil }

func (f agentFinder) list(ctx context.Context, filter listFilter, opts []RequestOption) (*Page[Agent], error) {
	return f.s.List(ctx, AgentListParams{Page: filter.page, PageSize: check.MaxPageSize}, opts...)
}

func (f agentFinder) Compare(a *Agent) reconcile.Verdict {
	p := f.p
	same := reconcile.IsOrUnknown(a.StartFlow, p.StartFlow) && reconcile.IsOrUnknown(a.EndFlow, p.EndFlow) &&
		reconcile.IsOrUnknown(a.AgentType, p.AgentType) && reconcile.IsOrUnknown(a.CustomDescription, p.CustomDescription) &&
		reconcile.IsOrUnknown(a.Sector, p.Sector) && reconcile.IsOrUnknown(a.Language, p.Language) && reconcile.IsOrUnknown(a.Voice, p.Voice) &&
		reconcile.IsOrUnknown(a.BrandName, p.BrandName) && reconcile.IsOrUnknown(a.Description, p.Description)
	if verdict := reconcile.SameName(told(a.Name, p.Name), p.Name); same || verdict == reconcile.Not {
		return verdict
	}
	return reconcile.Maybe
}

func (f agentFinder) Resembles(a *Agent, twin reconcile.Twin) reconcile.Verdict {
	return reconcile.SameName(told(a.Name, twin.Name), twin.Name)
}

func (f agentFinder) At(a *Agent) (time.Time, bool) { return a.CreatedAt.Time, true }

func (f agentFinder) IDs(a *Agent) []string { return realIDs(a.ID) }

func (f agentFinder) Began(*Agent) time.Time { return time.Time{} }

func (f agentFinder) Ended(*Agent) bool { return false }

func (f agentFinder) Nearest(fitting []*Agent) []*Agent { return fitting }

func (f agentFinder) Unique() bool { return true }

// metadataHas reports whether a record's metadata has all that was sent, in any kind of scalar. A
// record without metadata proves nothing: the API is seen not to return it.
func metadataHas(shown, sent map[string]any) bool {
	if len(shown) == 0 || len(sent) == 0 {
		return true
	}
	var wire map[string]any // as it comes back: structs as maps
	encoded, err := envelope.Marshal(sent, 0)
	if err == nil {
		err = envelope.Unmarshal(encoded, &wire)
	}
	for key, value := range wire {
		if !sameValue(shown[key], value) {
			return false
		}
	}
	return err == nil
}

func sameValue(shown, sent any) bool {
	if reflect.DeepEqual(shown, sent) {
		return true
	}
	switch sent.(type) {
	case map[string]any, []any:
		return false
	}
	text := func(v any) string {
		encoded, _ := envelope.Marshal(v, 0)
		return strings.Trim(string(encoded), `"`)
	}
	return strings.EqualFold(text(shown), text(sent)) // True and None are Python's
}

// told returns what a record shows of a text, or "" if that stands for no value, and such a text
// wasn't sent.
func told(shown, sent string) string {
	if shown != sent && envelope.IsNone(shown) {
		return ""
	}
	return shown
}

// realIDs returns the ids that name something.
func realIDs(ids ...string) []string { return slices.DeleteFunc(ids, envelope.IsNone) }
