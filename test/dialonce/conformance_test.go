package dialonce_test

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/lifecycle"
)

var badAnswers = flag.Int("conformance.answers", 3, "bad answers of the longest story of the conformance test")

// symbol is a bad answer, and what the table takes it for.
type symbol struct {
	reply  reply
	result lifecycle.Result
}

var alphabet = []symbol{
	{throttle, lifecycle.NotDone},
	{refused, lifecycle.Refused},
	{badGate, lifecycle.Vouched}, {badNot, lifecycle.Vouched},
	{late, lifecycle.Late}, {lateNot, lifecycle.Late},
	{lost, lifecycle.Lost}, {lostNot, lifecycle.Lost},
	{reply{status: 501}, lifecycle.Unclear}, {reply{status: 501, not: true}, lifecycle.Unclear},
}

// The client does what the table says, in every story of up to some bad answers and a good one.
func TestConformance(t *testing.T) {
	t.Parallel()
	stories := 0
	var tell func(story []symbol)
	tell = func(story []symbol) {
		for _, rules := range []lifecycle.Rules{lifecycle.Look, lifecycle.GiveUpOnce, lifecycle.RepeatAll} {
			for _, hasWitness := range []bool{false, true} {
				stories++
				conform(t, story, rules, hasWitness)
			}
		}
		if len(story) < *badAnswers {
			for _, next := range alphabet {
				tell(append(slices.Clip(story), next))
			}
		}
	}
	tell(nil)
	t.Logf("%d stories", stories)
}

func conform(t *testing.T, story []symbol, rules lifecycle.Rules, hasWitness bool) {
	t.Helper()
	a := &api{}
	if hasWitness {
		a.answers = []reply{done}
	}
	for _, s := range story {
		a.answers = append(a.answers, s.reply)
	}
	a.answers = append(a.answers, done)
	unknownOutcome := map[lifecycle.Rules]voiceagent.UnknownOutcome{lifecycle.Look: voiceagent.OutcomeReconcile,
		lifecycle.GiveUpOnce: voiceagent.OutcomeFail, lifecycle.RepeatAll: voiceagent.OutcomeRetry}[rules]
	on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
		if hasWitness {
			witness(t, client)
		}
		before := a.posts
		_, err := client.Calls.Create(t.Context(), person(1), voiceagent.WithUnknownOutcome(unknownOutcome), voiceagent.WithRetryPolicy(soon{}))
		end, posts := tableSays(story, rules, hasWitness)
		what := fmt.Sprintf("%+v, rules %d, witness %v: %v", story, rules, hasWitness, err)
		assert.Equal(t, end, endOf(err), what)
		assert.Equal(t, posts, a.posts-before, what)
	})
}

// soon is the default policy without its waits, so that a witness stays young.
type soon struct{}

func (soon) Decide(f voiceagent.Failure) voiceagent.Decision {
	d := voiceagent.DefaultRetryPolicy().Decide(f)
	d.Wait = 100 * time.Millisecond
	return d
}

// tableSays goes through a story by the table alone.
func tableSays(story []symbol, rules lifecycle.Rules, hasWitness bool) (e end, posts int) {
	const mostRetries = 3
	doubt, made := lifecycle.None, false
	for i, s := range story {
		made = made || !s.reply.not
		// The policy retries these.
		again := s.result == lifecycle.NotDone || s.result == lifecycle.Vouched || s.result == lifecycle.Late ||
			rules == lifecycle.RepeatAll && s.result > lifecycle.Refused
		step := lifecycle.After(rules, doubt, lifecycle.Attempt{Result: s.result, Again: again && i < mostRetries})
		if s.result.MayBeDone() {
			doubt = lifecycle.Open
		}
		move := step.Move
		if move == lifecycle.Search {
			seen := lifecycle.Nothing
			switch {
			case made:
				seen = lifecycle.Found
			case hasWitness:
				seen = whatWitnessTells(story[:i+1])
			}
			for _, left := range []lifecycle.Time{lifecycle.Settling, lifecycle.Over} {
				if move = lifecycle.AfterLook(step, seen, left); move != lifecycle.Search {
					break
				}
			}
			if seen == lifecycle.Silent {
				doubt = lifecycle.Refuted
			}
		}
		switch move {
		case lifecycle.Finish:
			return placed, i + 1
		case lifecycle.Fail:
			return failed, i + 1
		case lifecycle.Unknown:
			return unknown, i + 1
		}
	}
	return placed, len(story) + 1
}

// whatWitnessTells is what a look comes to that finds nothing. The witness is too old for an
// attempt that came after a settle time.
func whatWitnessTells(story []symbol) lifecycle.Sight {
	waited := false
	sight := lifecycle.Silent
	for _, s := range story {
		if s.result.MayBeDone() && waited {
			sight = lifecycle.Doubtful
		}
		waited = waited || s.result == lifecycle.Late
	}
	return sight
}
