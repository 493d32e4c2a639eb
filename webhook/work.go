package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"
)

const (
	recordWithin = 5 * time.Second // for the store, after an event was handled
	returnWithin = time.Second     // for the store, while the vendor waits

	firstPoll = 50 * time.Millisecond // of the store, while another process has the event
	lastPoll  = time.Second
)

// job is an event that is under way, with all the requests that brought it.
type job struct {
	event  Event
	began  time.Time
	done   chan struct{} // closed when what follows is known
	before bool          // it had been handled before
	err    error         // nil when it has been handled
	idle   bool          // the request that should have begun it ran out of time
}

// settle returns when the outcome of an event is known, or when ctx ends. again reports whether the
// event had been sent before.
func (h *Handler) settle(ctx context.Context, event Event) (again bool, err error) {
	for {
		j, mine := h.join(event)
		if mine {
			h.begin(ctx, j)
		}
		select {
		case <-j.done:
		case <-ctx.Done():
		}
		select {
		case <-j.done:
		default:
			return !mine, fmt.Errorf("%w: %w", ErrSlow, context.Cause(ctx))
		}
		if !j.idle || ctx.Err() != nil {
			return !mine || j.before, j.err
		}
	}
}

// join returns the job of an event. It is mine when nobody else has begun it.
func (h *Handler) join(event Event) (j *job, mine bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	id := event.ID()
	if j := h.jobs[id]; j != nil {
		return j, false
	}
	j = &job{event: event, began: time.Now(), done: make(chan struct{})}
	h.jobs[id] = j
	return j, true
}

// finish gives the outcome of a job to everything that waits for it.
func (h *Handler) finish(j *job, err error) {
	h.mu.Lock()
	delete(h.jobs, j.event.ID())
	h.mu.Unlock()
	j.err = err
	close(j.done)
}

// begin hands a job over to be worked on, or finishes it.
func (h *Handler) begin(ctx context.Context, j *job) {
	err := fmt.Errorf("%w: Store.Claim panicked", ErrStore)
	defer func() {
		if err != nil {
			j.idle = ctx.Err() != nil
			h.finish(j, err)
		}
	}()
	claim, failed := h.claim(ctx, j.event.ID())
	if errors.Is(failed, ErrDone) {
		j.before, err = true, nil
		h.finish(j, nil)
		return
	}
	if err = failed; err != nil {
		return
	}
	if err = h.place(ctx); err != nil {
		h.giveBack(j, claim, returnWithin)
		return
	}
	h.gate.follow()
	go h.work(j, claim)
}

// claim claims an event in the store. While another process has the event, claim waits until it is
// done or given back, or its owner has died.
func (h *Handler) claim(ctx context.Context, id string) (Claim, error) {
	for wait := firstPoll; ; wait = min(2*wait, lastPoll) {
		claim, err := h.p.Store.Claim(ctx, id)
		switch {
		case err == nil, errors.Is(err, ErrDone):
			return claim, err
		case !errors.Is(err, ErrClaimed):
			return nil, fmt.Errorf("%w: %w", ErrStore, err)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: another process is handling it: %w", ErrSlow, context.Cause(ctx))
		case <-h.gate.closed:
			return nil, ErrClosed
		}
	}
}

// place waits for a place in the queue.
func (h *Handler) place(ctx context.Context) error {
	select {
	case h.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %d are being handled or wait: %w", ErrBusy, cap(h.places), context.Cause(ctx))
	case <-h.gate.closed:
		return ErrClosed
	}
}

// work handles an event that has a place in the queue, and records what became of it.
func (h *Handler) work(j *job, claim Claim) {
	err := fmt.Errorf("%w: Handle ended its goroutine", ErrHandle) // as a test's FailNow does
	defer func() {
		h.conclude(j, claim, err)
		<-h.places
		h.gate.unfollow()
	}()
	select {
	case h.workers <- struct{}{}:
		defer func() { <-h.workers }()
	case <-h.ctx.Done():
	}
	if h.ctx.Err() != nil {
		err = ErrClosed
		return
	}
	err = h.handle(j.event)
}

// handle calls Handle, and turns a panic into an error. A panic's value may hold anything, so the
// error has only its type and the place of the panic.
func (h *Handler) handle(event Event) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case runtime.Error:
			err = fmt.Errorf("%w: Handle panicked: %w\n%s", ErrHandle, v, debug.Stack())
		default:
			err = fmt.Errorf("%w: Handle panicked with a %T\n%s", ErrHandle, v, debug.Stack())
		}
	}()
	if err := h.p.Handle(h.ctx, event); err != nil {
		return fmt.Errorf("%w: %w", ErrHandle, err)
	}
	return nil
}

// conclude records the outcome of a job, and then reports it.
func (h *Handler) conclude(j *job, claim Claim, err error) {
	defer h.finish(j, err)
	if err != nil {
		h.logJob(slog.LevelError, "webhook: the event could not be handled", j, err)
		h.giveBack(j, claim, recordWithin)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), recordWithin)
	defer cancel()
	if err := guarded(ctx, claim.Done); err != nil {
		h.logJob(slog.LevelError, "webhook: the event was handled, but that could not be recorded: if it comes again it is handled again", j, err)
	}
}

// guarded turns a panic in a user's claim into an error. The claim doesn't run on a goroutine of
// net/http, so its panic would end the process.
func guarded(ctx context.Context, do func(context.Context) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the store panicked with a %T\n%s", v, debug.Stack())
		}
	}()
	return do(ctx)
}

// giveBack releases an event that was not handled. If that fails, the store must notice by itself
// that nobody works on the event.
func (h *Handler) giveBack(j *job, claim Claim, within time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	if err := guarded(ctx, claim.Release); err != nil {
		h.logJob(slog.LevelError, "webhook: the event could not be given back to the store", j, err)
	}
}
