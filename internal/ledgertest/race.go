package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/voiceagent-go/voiceagent"
)

// Race has many goroutines use an empty ledger at once. Exactly one gets a key, exactly one gets an
// ID, and a done entry is never busy.
func Race(ctx context.Context, l voiceagent.Ledger) error {
	const many = 20
	var winners, takers atomic.Int32
	err := errors.Join(
		together(many, func(int) error {
			_, found, err := l.Begin(ctx, Begun("a"))
			if err == nil && !found {
				winners.Add(1)
				return nil
			}
			return mustBe("begin of a key that others begin", err, voiceagent.ErrLedgerBusy)
		}),
		together(many, func(i int) error {
			err := l.Finish(ctx, Done(fmt.Sprint("key ", i), "call_1"))
			if err == nil {
				takers.Add(1)
				return nil
			}
			return mustBe("finish with an ID that others have", err, voiceagent.ErrLedgerTaken)
		}),
		l.Finish(ctx, Done("b", "call_2")),
		together(many, func(int) error {
			for range 100 {
				standing, _, err := l.Begin(ctx, Begun("b"))
				switch {
				case err != nil:
					return fmt.Errorf("begin of what is done: %w", err)
				case !reflect.DeepEqual(standing, Done("b", "call_2")):
					return fmt.Errorf("begin of what is done: %+v", standing)
				}
			}
			return nil
		}),
	)
	if winners.Load() != 1 || takers.Load() != 1 {
		err = errors.Join(err, fmt.Errorf("%d got the key and %d the ID, of %d", winners.Load(), takers.Load(), many))
	}
	return err
}

// together runs do as many times at once.
func together(times int, do func(int) error) error {
	errs := make([]error, times)
	var all sync.WaitGroup
	for i := range times {
		all.Go(func() { errs[i] = do(i) })
	}
	all.Wait()
	return errors.Join(errs...)
}
