package testkit

import (
	"context"
	"iter"
	"slices"

	"github.com/voiceagent-go/voiceagent"
)

// Method is a method of the client that sends a request. Its ids are all "xyzzy".
type Method struct {
	Name          string
	Method, Route string
	Public        bool // needs no key
	Call          Sender
}

// Sender calls a method.
type Sender func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error

// Methods are all that send something, for what must hold for each of them.
var Methods = []Method{
	{"Agents.Create", "POST", "/agents", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Second(c.Agents.Create(ctx, ValidAgent(), o...))
	}},
	{"Agents.Get", "GET", "/agents/{agent_id}", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Second(c.Agents.Get(ctx, "xyzzy", o...))
	}},
	{"Agents.Update", "PATCH", "/agents/{agent_id}", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Second(c.Agents.Update(ctx, "xyzzy", voiceagent.AgentUpdateParams{}, o...))
	}},
	{"Agents.Delete", "DELETE", "/agents/{agent_id}", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return c.Agents.Delete(ctx, "xyzzy", o...)
	}},
	{"Agents.List", "GET", "/agents", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Second(c.Agents.List(ctx, voiceagent.AgentListParams{}, o...))
	}},
	{"Agents.All", "GET", "/agents", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Last(c.Agents.All(ctx, voiceagent.AgentListParams{}, o...))
	}},
	{"Calls.Create", "POST", "/call", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Second(c.Calls.Create(ctx, ValidCall(), o...))
	}},
	{"Calls.Get", "GET", "/calls/{call_id}", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Second(c.Calls.Get(ctx, "xyzzy", o...))
	}},
	{"Calls.List", "GET", "/calls", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Second(c.Calls.List(ctx, voiceagent.CallListParams{}, o...))
	}},
	{"Calls.All", "GET", "/calls", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Last(c.Calls.All(ctx, voiceagent.CallListParams{}, o...))
	}},
	{"Calls.Watch", "GET", "/calls/{call_id}", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Last(c.Calls.Watch(ctx, "xyzzy", voiceagent.WatchParams{}, o...))
	}},
	{"Calls.CreateEach", "POST", "/call", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		for _, result := range c.Calls.CreateEach(ctx, slices.Values([]voiceagent.CallCreateParams{ValidCall()}),
			voiceagent.CreateEachParams{}, o...) {
			return result.Err
		}
		return nil
	}},
	{"Campaigns.Create", "POST", "/campaigns", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Second(c.Campaigns.Create(ctx, ValidCampaign(), o...))
	}},
	{"Campaigns.CreateBatches", "POST", "/campaigns", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		params := ValidCampaign()
		contacts := params.Contacts
		params.Contacts = nil
		return Last(c.Campaigns.CreateBatches(ctx, params, func(yield func(voiceagent.Contact, error) bool) {
			yield(contacts[0], nil)
		}, o...))
	}},
	{"Campaigns.Get", "GET", "/campaigns/{campaign_id}", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Second(c.Campaigns.Get(ctx, "xyzzy", o...))
	}},
	{"Campaigns.List", "GET", "/campaigns", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Second(c.Campaigns.List(ctx, voiceagent.CampaignListParams{}, o...))
	}},
	{"Campaigns.All", "GET", "/campaigns", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Last(c.Campaigns.All(ctx, voiceagent.CampaignListParams{}, o...))
	}},
	{"Campaigns.Watch", "GET", "/campaigns/{campaign_id}", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Last(c.Campaigns.Watch(ctx, "xyzzy", voiceagent.WatchParams{}, o...))
	}},
	{"Campaigns.Pause", "POST", "/campaigns/{campaign_id}/pause", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Second(c.Campaigns.Pause(ctx, "xyzzy", o...))
	}},
	{"Campaigns.Resume", "POST", "/campaigns/{campaign_id}/resume", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Second(c.Campaigns.Resume(ctx, "xyzzy", o...))
	}},
	{"Campaigns.Stop", "POST", "/campaigns/{campaign_id}/stop", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Second(c.Campaigns.Stop(ctx, "xyzzy", o...))
	}},
	{"Campaigns.Cancel", "POST", "/campaigns/{campaign_id}/cancel", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Second(c.Campaigns.Cancel(ctx, "xyzzy", o...))
	}},
	{"Request", "POST", "/agents/{id}/clone", false, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return c.Request(ctx, "POST", "/agents/xyzzy1/clone", nil, nil, o...)
	}},
	{"Catalog.Voices", "GET", "/voices", true, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Second(c.Catalog.Voices(ctx, o...))
	}},
	{"Catalog.Languages", "GET", "/voices/languages", true, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Second(c.Catalog.Languages(ctx, o...))
	}},
	{"Catalog.Industries", "GET", "/industries", true, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Second(c.Catalog.Industries(ctx, o...))
	}},
	{"Catalog.AgentTypes", "GET", "/industries/{industry}/agent-types", true, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Second(c.Catalog.AgentTypes(ctx, "xyzzy", o...))
	}},
	{"Health", "GET", "/health", true, func(ctx context.Context, c *voiceagent.Client, o ...voiceagent.RequestOption) error {
		return Second(c.Health(ctx, o...))
	}},
}

// Second returns the error of a method that returns something else too.
func Second[T any](_ T, err error) error { return err }

// Last returns the last error of an iterator.
func Last[T any](records iter.Seq2[T, error]) (err error) {
	for _, err = range records { //nolint:revive // only the last one counts
	}
	return err
}
