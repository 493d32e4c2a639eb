package voiceagent

import (
	"cmp"
	"context"
	"errors"
	"time"
)

// look is one look for what a lost answer was about.
type look struct {
	x        *exchange
	opts     []RequestOption
	response Response // of the last request
}

// lookSlack allows for clocks of the server's machines that differ, and for times that are cut to the second.
const lookSlack = 2 * time.Second

// window is when the record must have been made, on the server's clock and not on ours: from the first attempt
// to the answer that was just read. The server's clock was at its Date or later when we got it, so going back from there by
// the time that has passed here never leads to after the first attempt.
func (l *look) window() (from, to time.Time, err error) {
	date, ok := serverDate(l.response.Header)
	if !ok {
		if date = l.response.Timestamp; date.IsZero() {
			return from, to, errNoServerTime
		}
	}
	x := l.x
	if from = date.Add(-time.Since(x.firstSent)); x.resumed {
		from = x.firstSent.Add(x.entry.Ahead)
	}
	x.since = from.Add(-lookSlack)
	return x.since, date.Add(time.Second + lookSlack), nil
}

// errNoTimeToLook is why nobody looked.
var errNoTimeToLook = errors.New("there was no time left")

// errSettled ends the loop when a look has found what was lost.
var errSettled = errors.New("settled")

// reconcile finds out what became of the request whose answer was lost. It returns nil when the request may be sent
// again. What it doesn't find at once, or can't look for, it looks for once more: a record may take a moment to be listed.
func (x *exchange) reconcile() error {
	for looks := 1; ; looks++ {
		found, err := x.lookOnce()
		switch {
		case found:
			x.done, x.looking = true, notLooking
			return errSettled
		case x.looking == lookRefused:
			x.refusedAgain(err)
			return cmp.Or(err, errSettled)
		case looks < 2:
			wait := backoff(len(x.attempts) + looks)
			if !x.inTime(wait) {
				x.giveUp(err)
				return errSettled
			}
			if ended := x.sleep(wait, WaitLookup, "looking once more for what may have been made"); ended != nil {
				x.giveUp(err)
				x.addContextError()
				return ended
			}
			continue
		case err != nil:
			x.giveUp(err)
			return err
		case x.looking == lookThenRepeat:
			x.looking = notLooking
			return nil
		}
		x.giveUp(nil)
		return errSettled
	}
}

// lookOnce looks while no twin of the request is on its way.
func (x *exchange) lookOnce() (bool, error) {
	ctx := x.Context
	if !x.Until.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, x.Until)
		defer cancel()
	}
	if x.twin != "" {
		start := time.Now()
		err := x.c.twins.look(ctx, x.twin)
		x.traceWait(start, WaitLookup, "equal requests are under way")
		if err != nil {
			return false, err
		}
		defer x.c.twins.looked(x.twin)
	}
	x.looked = true
	l := &look{x: x}
	l.opts = []RequestOption{sameAs(x.set), WithResponse(&l.response)}
	began := time.Now()
	found, err := x.r.settle.find(ctx, l)
	if found && l.response.StatusCode != 0 {
		x.status, x.header, x.limit = l.response.StatusCode, l.response.Header, l.response.RateLimit
		x.attempts = append(x.attempts, Attempt{StatusCode: x.status, RequestID: l.response.RequestID,
			Wait: x.waited, Duration: time.Since(began), Sent: true, Lookup: true})
	}
	return found, err
}

// sameAs makes a request with the settings of another one, as far as they aren't about that one alone.
func sameAs(set *requestConfig) RequestOption {
	return requestOption(func(r *requestConfig) error {
		*r = *set
		r.idempotencyKey, r.response, r.lookup = "", nil, true
		return nil
	})
}

// giveUp notes that the outcome stays unknown.
func (x *exchange) giveUp(lookErr error) {
	x.looking = notLooking
	x.open = true
	u := &OutcomeUnknownError{FirstSent: x.firstSent, IdempotencyKey: x.key, LookupErr: lookErr,
		looked: x.looked}
	if m, ok := x.r.settle.(maker); ok {
		since := x.since
		if since.IsZero() { // nothing is known of the server's clock
			since = x.firstSent.Add(-5 * time.Minute)
		}
		u.Subject, u.Check = m.subject(), m.listing(since)
	}
	x.causes = append(x.causes, u)
	if x.last != nil && lookErr != nil {
		x.addContextError()
	}
}

// refusedAgain leaves the refusal of a repetition as it is, unless it can't be told what it means.
func (x *exchange) refusedAgain(lookErr error) {
	x.looking = notLooking
	if _, isMaker := x.r.settle.(maker); isMaker && lookErr != nil {
		x.giveUp(lookErr)
	}
}
