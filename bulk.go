package voiceagent

import (
	"context"
	"crypto/rand"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/voiceagent-go/voiceagent/internal/check"
	"github.com/voiceagent-go/voiceagent/internal/contactfile"
	"github.com/voiceagent-go/voiceagent/internal/secret"
)

const defaultCallConcurrency = 8

// CreateEachParams says how to place many calls.
type CreateEachParams struct {
	// Concurrency is how many calls are placed at once; 0 means 8. The rate limiter may allow fewer.
	Concurrency int
	// Key gives the idempotency key of a call. Nil gives each a random one. Derive it from your own
	// row id: with [WithLedger], a run that was interrupted and is repeated with the same keys places
	// the missing calls, and yields the others as they were recorded.
	Key func(i int, p CallCreateParams) string
}

// CallResult is the outcome of one call: placed, with Call; refused, with a typed error; or
// unknown, with an error that satisfies errors.Is(err, [ErrOutcomeUnknown]).
type CallResult struct {
	Params CallCreateParams
	Call   *Call
	Err    error
}

// CreateEach places every call of the sequence with [CallsService.Create], several at a time. It
// yields each result with the call's index in the sequence, in the order in which the calls end. If
// the loop is left, or ctx ends, no new calls are placed, and CreateEach waits for those under way.
// Their results are lost to a loop that is left, by break, return or panic; after the end of ctx
// they are still yielded.
//
// A slow loop holds up the calls: at most Concurrency of them are placed beyond the last that was
// yielded, so as many results are lost at most. The sequence is read in a goroutine of its own, one
// call further. If it panics, or Key does, so does the loop, after the results of what was placed.
// A nil sequence yields a [*ValidationError].
//
// Don't pass [WithResponse]: one response can't hold those of several calls.
func (s *CallsService) CreateEach(ctx context.Context, calls iter.Seq[CallCreateParams], params CreateEachParams,
	opts ...RequestOption,
) iter.Seq2[int, CallResult] {
	return func(yield func(int, CallResult) bool) {
		if calls == nil {
			yield(0, CallResult{Err: refuse("POST", placeCallRoute, "calls", "the sequence is nil")})
			return
		}
		workers := params.Concurrency
		if workers <= 0 {
			workers = defaultCallConcurrency
		}
		type numbered struct {
			i int
			r CallResult
		}
		slots := make(chan struct{}, workers) // each held until the result is taken
		results := make(chan numbered)
		var left atomic.Bool
		var panicked any
		go func() {
			defer close(results)
			var running sync.WaitGroup
			defer running.Wait()
			defer func() { panicked = recover() }()
			i := 0
			for call := range calls {
				slots <- struct{}{}
				if left.Load() {
					return
				}
				n, key := i, params.key(i, call)
				i++
				running.Go(func() {
					defer func() { <-slots }()
					results <- numbered{n, s.createOne(ctx, n, call, append(slices.Clip(opts), key))}
				})
			}
		}()
		defer func() {
			left.Store(true)
			for range results { // until all that is under way has ended
			}
			if panicked != nil {
				panic(panicked)
			}
		}()
		for result := range results {
			if !yield(result.i, result.r) {
				return
			}
		}
	}
}

func (p CreateEachParams) key(i int, call CallCreateParams) RequestOption {
	if p.Key == nil {
		return keySuffix(i + 1)
	}
	return WithIdempotencyKey(p.Key(i, call))
}

func (s *CallsService) createOne(ctx context.Context, i int, call CallCreateParams, opts []RequestOption) CallResult {
	placed, err := s.Create(ctx, call, opts...)
	if err != nil {
		err = fmt.Errorf("call %d: %w", i, err)
	}
	return CallResult{Params: call, Call: placed, Err: err}
}

// CampaignBatch is one campaign of a list that is too long for one.
type CampaignBatch struct {
	First, Count int       // the contacts in it: Count of them from number First on, counted from 0 over the good ones
	Name         string    // of the campaign, as it was sent, or would have been
	Key          string    // the idempotency key that it was sent under, or would have been; "" if an option is wrong
	Campaign     *Campaign // nil when it could not be created
}

// CreateBatches makes campaigns of up to 2,000 contacts each, with [CampaignsService.Create]. It
// reads contacts as it goes, to the end. If there is more than one campaign, the names get
// " (part 1)", " (part 2)" and so on. Contacts in params are refused: they come from the sequence.
//
// A contact that can't be read, or has no number, is left out, and yielded as an error without a
// batch. So is one whose number came before, with a [*RepeatedContactError], so that a person is
// called once; about 40 bytes a contact are kept for that. [CSVParams].Repeated permits repetitions
// in a sequence of [ContactsFromCSV] or a filter of it, and params.Repeated in any. A batch that
// could not be created is yielded with its error; the next batch follows unless the loop breaks.
// ScheduleAt has to leave time for all of them: a batch whose turn comes after it is refused. A
// key from [WithIdempotencyKey] is made different for each batch, if there are several; see
// [CampaignBatch.Key].
func (s *CampaignsService) CreateBatches(ctx context.Context, params CampaignCreateParams, contacts iter.Seq2[Contact, error],
	opts ...RequestOption,
) iter.Seq2[*CampaignBatch, error] {
	return func(yield func(*CampaignBatch, error) bool) {
		var bad check.Problems
		params.checkFrame(&bad)
		if len(params.Contacts) > 0 {
			bad.Add("contacts", "comes from the sequence here")
		}
		if contacts == nil {
			bad.Add("contacts", "the sequence is nil")
		}
		if err := refused("POST", campaignsRoute, bad); err != nil {
			yield(nil, err)
			return
		}
		b := batcher{s: s, ctx: ctx, params: params, opts: opts, yield: yield, lines: make(contactfile.Lines)}
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

	lines contactfile.Lines // the index at which each number came first
	batch []Contact
	first int
	part  int // batches made so far
}

// take adds a contact, or reports why it can't. A full batch is sent only when another contact
// follows, so that a single batch keeps its name.
func (b *batcher) take(contact Contact, err error, row int) (goOn bool) {
	if err == nil {
		if b.batch == nil && b.part == 0 { // the first one settles it for all campaigns
			b.params.PhoneColumn = b.params.phoneColumn(contact)
		}
		err = b.check(contact, row)
	}
	if err != nil {
		return b.yield(nil, err)
	}
	if len(b.batch) == check.MaxContacts && !b.flush(true) {
		return false
	}
	b.batch = append(b.batch, maps.Clone(contact)) // the sequence may fill the same map again
	return true
}

func (b *batcher) check(contact Contact, row int) error {
	number, why := checkContact(contact, b.params.PhoneColumn)
	if why != "" {
		return refuse("POST", campaignsRoute, fmt.Sprintf("contacts[%d].%s", row, b.params.PhoneColumn), why)
	}
	if b.params.Repeated {
		return nil
	}
	if first := b.lines.First(number, row); first != row && !isWantedRepetition(contact) {
		return &RepeatedContactError{Index: row, FirstIndex: first, Number: secret.MaskNumber(number)}
	}
	return nil
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
	batch := &CampaignBatch{First: b.first, Count: len(b.batch), Name: params.Name}
	opts = append(slices.Clip(opts), noteKey(&batch.Key))
	var err error
	batch.Campaign, err = b.s.Create(b.ctx, params, opts...)
	b.first += len(b.batch)
	b.batch = nil
	return b.yield(batch, err)
}

// partName numbers a name, which is cut where it would get too long.
func partName(name string, part int) string {
	suffix := fmt.Sprintf(" (part %d)", part)
	for utf8.RuneCountInString(name)+len(suffix) > check.MaxName {
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

// noteKey writes down the idempotency key, as the options before it leave it.
func noteKey(key *string) RequestOption {
	return requestOption(func(r *requestConfig) error {
		if *key = r.idempotencyKey; *key == "" {
			r.randomKey = rand.Text()
			*key = r.randomKey
		}
		return nil
	})
}
