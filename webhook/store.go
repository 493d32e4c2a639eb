package webhook

import (
	"context"
	"errors"
)

// Store remembers which events were handled. [NewMemoryStore] is for one process; the module
// redisvoiceagent keeps one in Redis, for many. A Store must be safe for concurrent use.
type Store interface {
	// Claim takes an event for the caller. Nobody else can handle the event until the claim is done or
	// released, or its owner has died. The error is [ErrDone] if the event was handled, and
	// [ErrClaimed] if it is claimed now. Any other error means that the store doesn't know; the event
	// isn't handled then, and the vendor must send it again. Claim must return when ctx ends.
	Claim(ctx context.Context, id string) (Claim, error)
}

// Claim is the right to handle an event. One of its methods is called, once. The method must return
// when ctx ends.
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
