package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/voiceagent-go/voiceagent"
)

// Step is one request of a ledger. It returns an error if what comes of it is wrong.
type Step func(context.Context, voiceagent.SharedLedger) error

// Run has a ledger take the steps, and returns an error that names the first one that goes wrong.
func Run(ctx context.Context, l voiceagent.SharedLedger, steps []Step) error {
	for i, step := range steps {
		if err := step(ctx, l); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}

// begins has an entry begun whose key is free.
func begins(entry voiceagent.LedgerEntry) Step {
	return func(ctx context.Context, l voiceagent.SharedLedger) error {
		standing, found, err := l.Begin(ctx, entry)
		switch {
		case err != nil:
			return fmt.Errorf("begin of %s: %w", entry.Key, err)
		case found:
			return fmt.Errorf("begin of %s finds %+v", entry.Key, standing)
		case !reflect.DeepEqual(standing, entry):
			return fmt.Errorf("begin of %s returns %+v", entry.Key, standing)
		}
		return nil
	}
}

// finds has an entry begun for whose key another one stands; want is the error.
func finds(entry, stands voiceagent.LedgerEntry, want error) Step {
	return func(ctx context.Context, l voiceagent.SharedLedger) error {
		standing, found, err := l.Begin(ctx, entry)
		switch {
		case !found:
			return fmt.Errorf("begin of %s finds nothing", entry.Key)
		case !reflect.DeepEqual(standing, stands):
			return fmt.Errorf("begin of %s finds %+v, want %+v", entry.Key, standing, stands)
		}
		return mustBe("begin of "+entry.Key, err, want)
	}
}

func finishes(entry voiceagent.LedgerEntry) Step { return refuses(entry, nil) }

// refuses has an entry finished; want is the error.
func refuses(entry voiceagent.LedgerEntry, want error) Step {
	return func(ctx context.Context, l voiceagent.SharedLedger) error {
		return mustBe("finish of "+entry.Key, l.Finish(ctx, entry), want)
	}
}

func forgets(key string) Step {
	return func(ctx context.Context, l voiceagent.SharedLedger) error { return l.Forget(ctx, key) }
}

func waits(key string) Step {
	return func(ctx context.Context, l voiceagent.SharedLedger) error { return l.Await(ctx, key, true) }
}

func looks(key string) Step {
	return func(ctx context.Context, l voiceagent.SharedLedger) error { return l.Await(ctx, key, false) }
}

// strays has Await asked for a key that nobody is at work on, which a ledger may refuse.
func strays(key string) Step {
	return func(ctx context.Context, l voiceagent.SharedLedger) error {
		_ = l.Await(ctx, key, true)
		return nil
	}
}

// awaited asks under a key if an equal request is awaited; want is the answer.
func awaited(entry voiceagent.LedgerEntry, want bool) Step {
	return func(ctx context.Context, l voiceagent.SharedLedger) error {
		switch got, err := l.Awaited(ctx, entry.Twin, entry.Key); {
		case err != nil:
			return err
		case got != want:
			return fmt.Errorf("a twin of %s is awaited: %v, want %v", entry.Key, got, want)
		}
		return nil
	}
}

// mustBe returns an error that says what an error, which may be nil, should have been.
func mustBe(what string, err, want error) error {
	if errors.Is(err, want) {
		return nil
	}
	return fmt.Errorf("%s: error %q, want %q", what, fmt.Sprint(err), fmt.Sprint(want))
}
