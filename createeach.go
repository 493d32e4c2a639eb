package voiceagent

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
)

const defaultCallConcurrency = 8

// CreateEachParams says how to place many calls.
type CreateEachParams struct {
	// Concurrency is how many calls are being placed at once; 8 when 0. The rate limiter holds below it.
	Concurrency int
	// Key gives the idempotency key of a call. Nil gives each a random one. Make it of your own row id: with [WithLedger], a run that
	// was broken off or killed and is begun again with the same keys places what is missing, and yields the rest as it was
	// recorded.
	Key func(i int, p CallCreateParams) string
}

// CallResult is what became of one call: placed, with Call; refused, with a typed error; or unknown, with an error that satisfies
// errors.Is(err, [ErrOutcomeUnknown]).
type CallResult struct {
	Params CallCreateParams
	Call   *Call
	Err    error
}

// CreateEach places every call of the sequence with [CallsService.Create], some at once, and yields each result with the call's place in the
// sequence, in the order in which they end. Breaking off places no new calls and waits for those under way, whose results are then lost to
// the caller; so is ending the context, but every call that was begun is still yielded.
func (s *CallsService) CreateEach(ctx context.Context, calls iter.Seq[CallCreateParams], params CreateEachParams,
	opts ...RequestOption,
) iter.Seq2[int, CallResult] {
	return func(yield func(int, CallResult) bool) {
		workers := params.Concurrency
		if workers <= 0 {
			workers = defaultCallConcurrency
		}
		type numbered struct {
			i int
			r CallResult
		}
		slots := make(chan struct{}, workers)
		results := make(chan numbered, workers)
		stop := make(chan struct{})
		var running sync.WaitGroup
		go func() {
			defer close(results)
			defer running.Wait()
			i := 0
			for call := range calls {
				select {
				case slots <- struct{}{}:
				case <-stop:
					return
				}
				n := i
				i++
				running.Go(func() {
					result := numbered{n, s.createOne(ctx, n, call, params, opts)}
					<-slots
					select {
					case results <- result:
					case <-stop:
					}
				})
			}
		}()
		for result := range results {
			if !yield(result.i, result.r) {
				close(stop)
				for range results { // until all that is under way has ended
				}
				return
			}
		}
	}
}

func (s *CallsService) createOne(ctx context.Context, i int, call CallCreateParams, params CreateEachParams, opts []RequestOption) CallResult {
	if params.Key != nil {
		opts = append(slices.Clip(opts), WithIdempotencyKey(params.Key(i, call)))
	} else {
		opts = append(slices.Clip(opts), keySuffix(i+1))
	}
	placed, err := s.Create(ctx, call, opts...)
	if err != nil {
		err = fmt.Errorf("call %d: %w", i, err)
	}
	return CallResult{Params: call, Call: placed, Err: err}
}
