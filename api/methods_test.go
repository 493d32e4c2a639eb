package api_test

import (
	"context"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/voiceagent-go/voiceagent"
)

// target is what a method is used on.
type target struct {
	agent, call, campaign string
	most                  int // records that are read of a list or while watching
}

// method is a method of the client that sends requests.
type method struct {
	name     string
	campaign voiceagent.CampaignStatus // which target.campaign has to have; "" for any
	run      func(ctx context.Context, c *voiceagent.Client, to target, full bool) (any, error)
}

// methods has all methods, which TestMethodsAreComplete checks. Each runs with the fewest
// parameters that it takes, and with all.
var methods = []method{
	{name: "Agents.Create", run: func(ctx context.Context, c *voiceagent.Client, _ target, full bool) (any, error) {
		return c.Agents.Create(ctx, newAgent(full))
	}},
	{name: "Agents.Get", run: func(ctx context.Context, c *voiceagent.Client, to target, _ bool) (any, error) {
		return c.Agents.Get(ctx, to.agent)
	}},
	{name: "Agents.Update", run: func(ctx context.Context, c *voiceagent.Client, to target, full bool) (any, error) {
		return c.Agents.Update(ctx, to.agent, agentUpdate(full))
	}},
	{name: "Agents.Delete", run: func(ctx context.Context, c *voiceagent.Client, to target, _ bool) (any, error) {
		return nil, c.Agents.Delete(ctx, to.agent)
	}},
	{name: "Agents.List", run: func(ctx context.Context, c *voiceagent.Client, _ target, full bool) (any, error) {
		return c.Agents.List(ctx, agentList(full))
	}},
	{name: "Agents.All", run: func(ctx context.Context, c *voiceagent.Client, to target, full bool) (any, error) {
		return last(c.Agents.All(ctx, agentList(full)), to.most)
	}},
	{name: "Calls.Create", run: func(ctx context.Context, c *voiceagent.Client, to target, full bool) (any, error) {
		return c.Calls.Create(ctx, newCall(to.agent, full))
	}},
	{name: "Calls.Get", run: func(ctx context.Context, c *voiceagent.Client, to target, _ bool) (any, error) {
		return c.Calls.Get(ctx, to.call)
	}},
	{name: "Calls.List", run: func(ctx context.Context, c *voiceagent.Client, to target, full bool) (any, error) {
		return c.Calls.List(ctx, callList(to.agent, full))
	}},
	{name: "Calls.All", run: func(ctx context.Context, c *voiceagent.Client, to target, full bool) (any, error) {
		return last(c.Calls.All(ctx, callList(to.agent, full)), to.most)
	}},
	{name: "Calls.Watch", run: func(ctx context.Context, c *voiceagent.Client, to target, _ bool) (any, error) {
		return last(c.Calls.Watch(ctx, to.call, voiceagent.WatchParams{}), to.most)
	}},
	{name: "Calls.CreateEach", run: func(ctx context.Context, c *voiceagent.Client, to target, full bool) (any, error) {
		calls := []voiceagent.CallCreateParams{newCall(to.agent, full), newCall(to.agent, full)}
		for _, result := range c.Calls.CreateEach(ctx, slices.Values(calls), voiceagent.CreateEachParams{}) {
			if result.Err != nil {
				return nil, result.Err
			}
		}
		return nil, nil
	}},
	{name: "Campaigns.Create", run: func(ctx context.Context, c *voiceagent.Client, to target, full bool) (any, error) {
		return c.Campaigns.Create(ctx, newCampaign(to.agent, full))
	}},
	{name: "Campaigns.CreateBatches", run: func(ctx context.Context, c *voiceagent.Client, to target, full bool) (any, error) {
		params := newCampaign(to.agent, full)
		contacts := params.Contacts
		params.Contacts = nil
		return last(c.Campaigns.CreateBatches(ctx, params, func(yield func(voiceagent.Contact, error) bool) {
			for _, contact := range contacts {
				if !yield(contact, nil) {
					return
				}
			}
		}), to.most)
	}},
	{name: "Campaigns.Get", run: func(ctx context.Context, c *voiceagent.Client, to target, _ bool) (any, error) {
		return c.Campaigns.Get(ctx, to.campaign)
	}},
	{name: "Campaigns.List", run: func(ctx context.Context, c *voiceagent.Client, _ target, full bool) (any, error) {
		return c.Campaigns.List(ctx, campaignList(full))
	}},
	{name: "Campaigns.All", run: func(ctx context.Context, c *voiceagent.Client, to target, full bool) (any, error) {
		return last(c.Campaigns.All(ctx, campaignList(full)), to.most)
	}},
	{name: "Campaigns.Watch", run: func(ctx context.Context, c *voiceagent.Client, to target, _ bool) (any, error) {
		return last(c.Campaigns.Watch(ctx, to.campaign, voiceagent.WatchParams{}), to.most)
	}},
	{name: "Campaigns.Pause", run: func(ctx context.Context, c *voiceagent.Client, to target, _ bool) (any, error) {
		return c.Campaigns.Pause(ctx, to.campaign)
	}},
	{name: "Campaigns.Resume", campaign: voiceagent.CampaignPaused,
		run: func(ctx context.Context, c *voiceagent.Client, to target, _ bool) (any, error) {
			return c.Campaigns.Resume(ctx, to.campaign)
		}},
	{name: "Campaigns.Stop", run: func(ctx context.Context, c *voiceagent.Client, to target, _ bool) (any, error) {
		return c.Campaigns.Stop(ctx, to.campaign)
	}},
	{name: "Campaigns.Cancel", campaign: voiceagent.CampaignScheduled,
		run: func(ctx context.Context, c *voiceagent.Client, to target, _ bool) (any, error) {
			return c.Campaigns.Cancel(ctx, to.campaign)
		}},
	{name: "Catalog.Voices", run: func(ctx context.Context, c *voiceagent.Client, _ target, _ bool) (any, error) {
		return c.Catalog.Voices(ctx)
	}},
	{name: "Catalog.Languages", run: func(ctx context.Context, c *voiceagent.Client, _ target, _ bool) (any, error) {
		return c.Catalog.Languages(ctx)
	}},
	{name: "Catalog.Industries", run: func(ctx context.Context, c *voiceagent.Client, _ target, _ bool) (any, error) {
		return c.Catalog.Industries(ctx)
	}},
	{name: "Catalog.AgentTypes", run: func(ctx context.Context, c *voiceagent.Client, _ target, _ bool) (any, error) {
		return c.Catalog.AgentTypes(ctx, "real_estate")
	}},
	{name: "Health", run: func(ctx context.Context, c *voiceagent.Client, _ target, _ bool) (any, error) {
		return c.Health(ctx)
	}},
	{name: "Request", run: func(ctx context.Context, c *voiceagent.Client, to target, _ bool) (any, error) {
		var agent voiceagent.Agent
		return &agent, c.Request(ctx, "GET", "/agents/"+to.agent, nil, &agent)
	}},
}

// last returns the last of at most n records, or the first error.
func last[T any](records iter.Seq2[T, error], n int) (record T, err error) {
	for record, err = range records {
		if n--; err != nil || n <= 0 {
			break
		}
	}
	return record, err
}

// TestMethodsAreComplete fails for a method that somebody adds to the client and not here.
func TestMethodsAreComplete(t *testing.T) {
	listed := make(map[string]bool)
	for _, m := range methods {
		listed[m.name] = true
	}
	want := sending(reflect.TypeFor[*voiceagent.Client](), "")
	for field := range reflect.TypeFor[voiceagent.Client]().Fields() {
		if field.IsExported() && strings.HasSuffix(field.Type.String(), "Service") {
			want = append(want, sending(field.Type, field.Name+".")...)
		}
	}
	assert.ElementsMatch(t, want, slices.Collect(maps.Keys(listed)))
}

// sending lists the methods that send requests: those that take a context.
func sending(of reflect.Type, prefix string) (names []string) {
	for m := range of.Methods() {
		if m.Type.NumIn() > 1 && m.Type.In(1) == reflect.TypeFor[context.Context]() {
			names = append(names, prefix+m.Name)
		}
	}
	return names
}
