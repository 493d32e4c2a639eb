package webhook

import (
	"context"
	"errors"
)

// Store remembers which events were handled. [NewMemoryStore] is for one process; the module rediswebhook keeps one in Redis, for many. It has to
// be safe for concurrent use.
type Store interface {
	// Claim takes an event for the caller, who is then the only one to handle it until the claim is done or released, or its owner has died. It
	// fails with [ErrDone] if the event was handled, and [ErrClaimed] if somebody has it now. Any other error means that the store doesn't know:
	// then the event isn't handled, and the vendor has to send it again. It has to return when ctx ends.
	Claim(ctx context.Context, id string) (Claim, error)
}

// Claim is the right to handle an event. One of its methods is called, once. It has to return when ctx ends.
type Claim interface {
	// Done records that the event was handled.
	Done(ctx context.Context) error
	// Release gives it back, so that it can be claimed again.
	Release(ctx context.Context) error
}

// What a [Store] knows of an event that can't be claimed.
var (
	ErrDone    = errors.New("the event was handled before")
	ErrClaimed = errors.New("the event is being handled")
)
