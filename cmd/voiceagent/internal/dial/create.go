package dial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/voiceagent-go/voiceagent"
)

// Part is one campaign of the run.
type Part struct {
	Number   int                       `json:"part"` // from 1
	Name     string                    `json:"name"`
	ID       string                    `json:"id,omitempty"`
	Contacts int                       `json:"contacts"`
	Status   voiceagent.CampaignStatus `json:"status,omitempty"`
	Unknown  bool                      `json:"unknown,omitempty"` // the answer was lost: it may exist

	err      error
	campaign *voiceagent.Campaign // as last seen; nil when unknown
}

// grace is how long the campaign under way has after Ctrl-C, so that its outcome is known.
const grace = 10 * time.Second

// create makes the campaigns that aren't made yet. It ends at the first that is refused, as the
// next would be too. If an answer is lost, it goes on with the next campaign. A second call looks
// for the lost ones, and makes none: the ledger has them all.
func (r *run) create(ctx context.Context) error {
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		r.say("Interrupted: finishing the campaign under way, for up to %v; Ctrl-C again abandons it\n", grace)
		time.AfterFunc(grace, cancel)
	})()
	contacts, number := r.plan.send(ctx.Err), 0
	for batch, err := range r.client.Campaigns.CreateBatches(sending, r.plan.params, contacts, voiceagent.WithIdempotencyKey(r.state.key)) {
		if batch == nil { // the file, or Ctrl-C
			if ctx.Err() != nil {
				return nil
			}
			if errors.Is(err, errNotAsPlanned) {
				err = r.plan.source.changed()
			}
			return r.incomplete(err)
		}
		number++
		again := number <= len(r.parts)
		if again && !r.parts[number-1].Unknown {
			continue
		}
		part := Part{Number: number, Name: batch.Name, Contacts: batch.Count}
		switch {
		case err == nil:
			part.ID, part.Status, part.campaign = batch.Campaign.ID, batch.Campaign.Status, batch.Campaign
			r.say("campaign %s: %s, %s\n", shown(part.ID), part.Name, count(part.Contacts, "contact"))
		case errors.Is(err, voiceagent.ErrOutcomeUnknown):
			if again {
				continue
			}
			part.Unknown, part.err = true, err
			r.say("campaign unknown: %s, %s: %s\n", part.Name, count(part.Contacts, "contact"), r.o.words(err.Error()))
		default:
			return r.incomplete(err)
		}
		if again {
			r.parts[number-1] = part
		} else {
			r.parts = append(r.parts, part)
		}
	}
	return nil
}

// lookAgain looks once more for campaigns whose answer was lost, and reports whether it found one.
// If it can't look, that is no error: the outcome stays unknown.
func (r *run) lookAgain(ctx context.Context) (found bool) {
	unknown := countUp(r.parts).Unknown
	if unknown > 0 {
		_ = r.create(ctx)
	}
	return countUp(r.parts).Unknown < unknown
}

// incomplete is the error of a run that has contacts in no campaign.
func (r *run) incomplete(err error) error {
	if len(r.parts) == 0 {
		return fmt.Errorf("no campaign was made, and nobody is called: %w", err)
	}
	return &Incomplete{r.standing(), err}
}
