package voiceagent

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"unicode/utf8"
)

// CampaignBatch is one campaign of a list that is too long for one.
type CampaignBatch struct {
	First, Count int       // the contacts in it: Count of them from number First on, counted from 0 over the good ones
	Campaign     *Campaign // nil when it could not be created
}

// CreateBatches makes campaigns of up to 2,000 contacts each, with [CampaignsService.Create], until contacts is used up, which is read as
// it goes. With more than one, the names get " (part 1)", " (part 2)" and so on. Contacts in params are refused: they come from the sequence.
//
// A contact that can't be read, or has no number, is yielded as an error without a batch, and left out. A batch that could not be created is
// yielded with its error; the loop goes on with the next one unless it is broken off. A key from
// [WithIdempotencyKey] is made different for each batch.
func (s *CampaignsService) CreateBatches(ctx context.Context, params CampaignCreateParams, contacts iter.Seq2[Contact, error],
	opts ...RequestOption,
) iter.Seq2[*CampaignBatch, error] {
	return func(yield func(*CampaignBatch, error) bool) {
		var bad problems
		params.checkFrame(&bad)
		if len(params.Contacts) > 0 {
			bad.add("contacts", "comes from the sequence here")
		}
		if contacts == nil {
			bad.add("contacts", "the sequence is nil")
		}
		if err := bad.err("POST", campaignsRoute); err != nil {
			yield(nil, err)
			return
		}
		b := batcher{s: s, ctx: ctx, params: params, opts: opts, yield: yield}
		row := 0
		for contact, err := range contacts {
			if !b.take(contact, err, row) {
				return
			}
			row++
		}
		b.flush(b.part > 0)
	}
}

// batcher fills one batch after the other.
type batcher struct {
	s      *CampaignsService
	ctx    context.Context
	params CampaignCreateParams
	opts   []RequestOption
	yield  func(*CampaignBatch, error) bool

	batch []Contact
	first int
	part  int // batches made so far
}

// take adds a contact, or reports why it can't. A full batch is sent when there is one more contact, so that a single one keeps its name.
func (b *batcher) take(contact Contact, err error, row int) (goOn bool) {
	if err == nil {
		if why := checkContact(contact, b.params.phoneColumn()); why != "" {
			err = refuse("POST", campaignsRoute, fmt.Sprintf("contacts[%d].%s", row, b.params.phoneColumn()), why)
		}
	}
	if err != nil {
		return b.yield(nil, err)
	}
	if len(b.batch) == maxContacts && !b.flush(true) {
		return false
	}
	b.batch = append(b.batch, contact)
	return true
}

func (b *batcher) flush(numbered bool) (goOn bool) {
	if len(b.batch) == 0 {
		return true
	}
	b.part++
	params, opts := b.params, b.opts
	params.Contacts = b.batch
	if numbered {
		params.Name = partName(params.Name, b.part)
		opts = append(slices.Clip(opts), keySuffix(b.part))
	}
	batch := &CampaignBatch{First: b.first, Count: len(b.batch)}
	var err error
	batch.Campaign, err = b.s.Create(b.ctx, params, opts...)
	b.first += len(b.batch)
	b.batch = nil
	return b.yield(batch, err)
}

// partName numbers a name, which is cut where it would get too long.
func partName(name string, part int) string {
	suffix := fmt.Sprintf(" (part %d)", part)
	for utf8.RuneCountInString(name)+len(suffix) > maxName {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return name + suffix
}

// keySuffix makes a given idempotency key different for each part of a larger work.
func keySuffix(part int) RequestOption {
	return requestOption(func(r *requestConfig) error {
		if r.idempotencyKey != "" {
			r.idempotencyKey = fmt.Sprintf("%s-%d", r.idempotencyKey, part)
		}
		return nil
	})
}
