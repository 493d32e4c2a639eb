package voiceagent

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

var errEarlier = errors.New("an earlier request under this idempotency key got no answer")

// openEntry records the intent. When the ledger knows the key already it returns what was made, or finds out; only when it is
// sure that nothing was made does it go on as for a new key.
func (x *exchange) openEntry(body []byte) error {
	m, ok := x.r.settle.(maker)
	if !ok || x.c.ledger == nil {
		return nil
	}
	entry := LedgerEntry{Key: x.key, Fingerprint: fingerprint(x.r, body), State: LedgerOpen, Began: time.Now()}
	entry.Ahead, entry.AheadKnown = x.c.serverAhead()
	standing, found, err := x.c.ledger.Begin(x.Context, entry)
	switch {
	case errors.Is(err, ErrLedgerMismatch):
		err := refuse(x.r.method, x.r.route, "idempotency_key", "can't be used")
		if api, ok := errors.AsType[*APIError](err); ok {
			api.causes = append(api.causes, ErrLedgerMismatch)
		}
		return err
	case err != nil:
		return fmt.Errorf("voiceagent: %s %s: not sent, as the ledger did not take it down: %w", x.r.method, x.r.route, err)
	case !found:
		x.entry = &entry
		return nil
	case standing.State == LedgerDone:
		if err := m.decode(standing.Record); err != nil {
			return fmt.Errorf("voiceagent: %s %s: the ledger's record under key %s can't be read: %w", x.r.method, x.r.route, x.key, err)
		}
		x.done = true
		return nil
	}
	x.entry = &standing
	return x.resume(standing)
}

// resume finds out what became of a request that an earlier process began.
func (x *exchange) resume(standing LedgerEntry) error {
	x.firstSent = standing.Began.Round(0)
	x.resumed = standing.AheadKnown
	switch x.set.unknown {
	case OutcomeRetry:
		x.unproven = true
		return nil
	case OutcomeFail:
		x.giveUp(nil)
	default:
		x.looking = lookForLost
		if standing.State == LedgerOpen {
			x.looking = lookThenRepeat
		}
		if err := x.sleep(backoff(2), WaitLookup, "looking for what an earlier process may have made"); err != nil { // what was sent a moment ago may not be listed yet
			x.giveUp(errNoTimeToLook)
		} else if err := x.reconcile(); err == nil || x.done {
			return nil
		}
	}
	x.closeEntry()
	err := x.notSent(errEarlier)
	if c, ok := errors.AsType[*ConnectionError](err); ok {
		c.Sent = true
	}
	return err
}

// held tells if the ledger's key is still this process's. While it waited for its turn it may have been stopped, and another process has
// found that nothing was made, and sends.
func (x *exchange) held() error {
	leased, ok := x.c.ledger.(LeasedLedger)
	if !ok || x.entry == nil {
		return nil
	}
	return leased.Held(x.Context, x.entry.Key)
}

// closeEntry records what became of the request. A failure to do so harms nothing: the entry stays open, and whoever
// uses the key again looks first.
func (x *exchange) closeEntry() {
	if x.entry == nil {
		return
	}
	ctx := context.WithoutCancel(x.Context)
	var err error
	switch m, _ := x.r.settle.(maker); {
	case x.done:
		var ours bool
		if ours, err = x.claim(m); !ours && err == nil { // the answer was about another key's record
			x.entry.State = LedgerUnknown
			err = x.c.ledger.Finish(ctx, *x.entry)
		}
	case x.open || x.inFlight() || x.unproven:
		x.entry.State = LedgerUnknown
		err = x.c.ledger.Finish(ctx, *x.entry)
	default:
		err = x.c.ledger.Forget(ctx, x.entry.Key)
	}
	x.entry = nil
	x.c.logLedger(x, err)
}

// inFlight tells if a panic has ended an attempt.
func (x *exchange) inFlight() bool { return x.acquired }

// claim makes a record the answer, unless the ledger knows that it is another request's.
func (x *exchange) claim(m maker) (bool, error) {
	if x.entry != nil {
		record, err := m.encode()
		if err != nil {
			return false, err
		}
		done := *x.entry
		done.State, done.IDs, done.Record = LedgerDone, m.made(), record
		if err := x.c.ledger.Finish(context.WithoutCancel(x.Context), done); err != nil {
			if errors.Is(err, ErrLedgerTaken) {
				err = nil
			}
			return false, err
		}
		x.entry = nil
	}
	x.c.twins.take(m.made())
	return true, nil
}

// fingerprint is the same for equal parameters, whatever the order of their keys.
func fingerprint(r *request, body []byte) string {
	canonical := jsontext.Value(append([]byte(nil), body...))
	_ = canonical.Canonicalize() // it is JSON that we have written
	hash := sha256.New()
	hash.Write([]byte(r.method + " " + cmp.Or(r.path, r.route) + "\n"))
	hash.Write(canonical)
	return hex.EncodeToString(hash.Sum(nil))
}

// serverAhead returns what the server's clock is ahead of ours, at least, as its last answer said.
func (c *Client) serverAhead() (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ahead, c.aheadKnown
}

func (c *Client) noteServerTime(date, received time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead, c.aheadKnown = date.Sub(received), true
}
