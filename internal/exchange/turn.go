package exchange

import "time"

// turn is how far an attempt has come on its way to be sent.
type turn uint8

const (
	outside turn = iota
	counted      // it is counted in with its twins; so is every attempt that has none
	holding      // and the limiter waits for its release
)

// queue waits until no twin is looked for and the limiter permits an attempt. It waits no longer
// than the call may take.
func (x *Exchange) queue() error {
	x.phase = Queueing
	start := time.Now()
	err := x.acquire()
	if err == nil {
		err = x.ports.Held()
	}
	if err == nil {
		err = x.await(true)
	}
	x.SentAt = time.Now()
	x.Waited += x.SentAt.Sub(start)
	if x.FirstSent.IsZero() {
		x.FirstSent = x.SentAt
	}
	if err == nil {
		x.phase = Sending
	}
	return err
}

// acquire notes what it has got before anybody is told of the wait, whose panic would leave it
// taken.
func (x *Exchange) acquire() error {
	twin, hasTwin := x.ports.Twin()
	if !hasTwin || x.twins.TryEnter(twin) {
		x.turn = counted
		if x.ports.TryAcquire() {
			x.turn = holding
			return nil
		}
	}
	ctx, cancel := x.Bounded()
	defer cancel()
	if x.turn == outside {
		start := time.Now()
		err := x.twins.Enter(ctx, twin)
		if err == nil {
			x.turn = counted
		}
		x.ports.HasWaited(start, Lookup, "the answer to an equal request was lost, and is looked for")
		if err != nil {
			return err
		}
	}
	start := time.Now()
	err := x.ports.Acquire(ctx)
	if err == nil {
		x.turn = holding
	}
	x.ports.HasWaited(start, Permit, "rate limit")
	return err
}

// released notes that the permit was given back to the limiter.
func (x *Exchange) released() {
	if x.turn == holding {
		x.turn = counted
	}
}

// part counts the attempt out from among its twins.
func (x *Exchange) part() {
	if twin, hasTwin := x.ports.Twin(); hasTwin && x.turn != outside {
		x.twins.Leave(twin)
	}
	x.turn = outside
}

// leave gives back what queue took.
func (x *Exchange) leave() {
	if x.turn == holding {
		x.ports.Release()
	}
	x.part()
}

// await reports to the other workers whether the call waits for an answer. It does nothing for a
// fresh call before a search: the others know that it waits.
func (x *Exchange) await(waits bool) error {
	if x.Search == nil && x.origin == Fresh {
		return nil
	}
	return x.ports.Await(waits)
}
