package voiceagent

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
	"github.com/voiceagent-go/voiceagent/internal/lifecycle"
	"github.com/voiceagent-go/voiceagent/internal/ratelimit"
	"github.com/voiceagent-go/voiceagent/internal/reconcile"
)

// look is a look of a call.
type look struct {
	x        *call
	opts     []RequestOption
	response Response // of the last request
}

// Look implements [exchange.Creation].
func (x *call) Look(ctx context.Context) (lifecycle.Sight, error) {
	began := time.Now()
	l := &look{x: x}
	l.opts = []RequestOption{sameAs(x.set), WithResponse(&l.response)}
	found, err := x.r.settle.find(ctx, l)
	x.exchange.Search.Blind = errors.Is(err, reconcile.ErrNoWitness)
	switch {
	case found && l.response.StatusCode != 0:
		x.status, x.header, x.limit = l.response.StatusCode, l.response.Header, l.response.RateLimit
		x.attempts = append(x.attempts, Attempt{StatusCode: x.status, RequestID: l.response.RequestID,
			Wait: x.exchange.Waited, Duration: time.Since(began), Sent: true, Lookup: true})
		return lifecycle.Found, nil
	case found:
		return lifecycle.Found, nil
	case x.exchange.Search.Blind:
		return lifecycle.Nothing, nil
	case err == nil:
		return lifecycle.Silent, nil
	}
	return sightOf(err), err
}

// sameAs makes a look with the settings of the request that it is for, except those that concern
// that request alone. No cache may answer it.
func sameAs(set *requestConfig) RequestOption {
	return requestOption(func(r *requestConfig) error {
		*r = *set
		r.idempotencyKey, r.response, r.lookup = "", nil, true
		r.headers = append(slices.Clip(r.headers), headerLine{"Cache-Control", "no-cache"})
		return nil
	})
}

// settler finds out whether a request was done, after no usable answer came or a repetition was
// refused.
type settler interface {
	// find looks, and fills in the answer when it was done. It reports false when it was not done; an
	// error says why that isn't known.
	find(ctx context.Context, l *look) (found bool, err error)
}

// maker is the settler of a request that makes a record.
type maker interface {
	settler
	twin() reconcile.Twin
	exclusive() bool
	subject() string
	listing(since time.Time) (route string, query url.Values)
	made() []string // the ids of the record in the answer
	madeAt() time.Time
	encode() ([]byte, error)
	decode([]byte) error
}

// creation is a request that makes a record, and its answer.
type creation[T any] struct {
	finder[T]
	own    reconcile.Twin // zero until it is asked for
	answer envelope.Single[T]
}

func (m *creation[T]) twin() reconcile.Twin {
	if m.own == (reconcile.Twin{}) {
		m.own = m.finder.twin()
	}
	return m.own
}

// create sends a request that makes a record. Repeated, it would make a second one.
func create[T any](ctx context.Context, c *Client, r request, f finder[T], opts []RequestOption) (*T, error) {
	made := &creation[T]{finder: f}
	r.effect, r.settle = creates, made
	if err := c.send(ctx, &r, &made.answer, opts); err != nil {
		return nil, err
	}
	return made.answer.Data, nil
}

func (m *creation[T]) made() []string          { return m.IDs(m.answer.Data) }
func (m *creation[T]) encode() ([]byte, error) { return envelope.Marshal(m.answer.Data, 0) }

func (m *creation[T]) madeAt() time.Time {
	at, _ := m.At(m.answer.Data)
	return at
}

func (m *creation[T]) decode(record []byte) error {
	m.answer = envelope.Single[T]{Data: new(T)}
	return envelope.Unmarshal(record, m.answer.Data)
}

// find implements [settler].
func (m *creation[T]) find(ctx context.Context, l *look) (found bool, err error) {
	x := l.x
	look := reconcile.Look[T]{
		Kind: m.finder, Twin: m.twin(), Search: x.exchange.Search, Memory: &x.c.placed, Key: x.key,
		FirstSent: x.exchange.FirstSent, Resumed: x.resumed(), SettleTime: x.set.SettleTime,
		ServerAhead: x.c.serverAhead, EqualWaits: x.equalWaits,
	}
	if x.entry != nil {
		look.Shared, look.Ahead, look.AheadKnown = true, x.entry.Ahead, x.entry.AheadKnown
	}
	look.List = func(ctx context.Context, page int, since time.Time) (*reconcile.Page[T], error) {
		return listFor(ctx, l, m.finder, listFilter{page, since, x.exchange.Search.Unfiltered})
	}
	look.Claim = func(record *T) (bool, error) {
		m.answer = envelope.Single[T]{Data: record}
		return x.claim()
	}
	return look.Find(ctx)
}

// listFor reads a page of a list for a look. A server may refuse the filters, whose names aren't
// documented.
func listFor[T any](ctx context.Context, l *look, f finder[T], filter listFilter) (*reconcile.Page[T], error) {
	page, err := f.list(ctx, filter, l.opts)
	if api, ok := errors.AsType[*APIError](err); ok && !filter.all &&
		(api.StatusCode == http.StatusBadRequest || api.StatusCode == http.StatusUnprocessableEntity) {
		l.x.exchange.Search.Unfiltered = true
		page, err = f.list(ctx, listFilter{page: filter.page, all: true}, l.opts)
	}
	if err != nil {
		return nil, err
	}
	date, ok := ratelimit.Date(l.response.Header)
	if !ok {
		date = l.response.Timestamp
	}
	age, _ := strconv.Atoi(l.response.Header.Get("Age"))
	return &reconcile.Page[T]{
		Data: page.Data, Total: page.Total, PageSize: page.PageSize, HasMore: page.HasMore, Ends: l.response.ends,
		Date: date, Age: time.Duration(age) * time.Second,
	}, nil
}

// inState is the settler of a campaign's action: done if the campaign is as it was wanted.
type inState struct {
	s      *CampaignsService
	id     string
	wanted []CampaignStatus
	answer *envelope.Optional[Campaign]
}

func (a *inState) find(ctx context.Context, l *look) (found bool, err error) {
	campaign, err := a.s.Get(ctx, a.id, l.opts...)
	if err == nil && slices.Contains(a.wanted, campaign.Status) {
		a.answer.Data = campaign
		return true, nil
	}
	return false, nil // then the refusal stands
}

// Which status the API refuses a wrong state with is unknown; with a 2xx it says success: false.
func (*inState) done(status int) bool {
	return status < 300 || status == http.StatusBadRequest || status == http.StatusConflict || status == http.StatusUnprocessableEntity
}

// settledDelete is the settler of a deletion: done if there is nothing to delete.
type settledDelete struct{}

func (settledDelete) find(context.Context, *look) (bool, error) { return true, nil }
func (settledDelete) done(status int) bool                      { return status == http.StatusNotFound }

// repeater is the settler of a request that may be repeated.
type repeater interface {
	settler
	// done reports whether the refusal of a repetition may mean that the first try was done.
	done(status int) bool
}

var errEarlier = errors.New("an earlier request under this idempotency key got no answer")

// openEntry records the intent. If the ledger has an entry under the key, openEntry returns what
// that request made, or has it looked for. Only if nothing was made does it go on as for a new key.
func (x *call) openEntry(body []byte) error {
	if x.maker == nil || x.c.ledger == nil {
		return nil
	}
	entry := x.newEntry(body)
	for earlier := &entry; ; {
		standing, found, err := x.c.ledger.Begin(x.exchange.Context, entry)
		x.entry = nil
		switch {
		case err != nil:
			return x.notTakenDown(err)
		case !found:
			x.entry = earlier
			return nil
		case standing.State == LedgerDone:
			if err := x.maker.decode(standing.Record); err != nil {
				return fmt.Errorf("voiceagent: %s %s: the ledger's record under key %s can't be read: %w", x.r.method, x.r.route, x.key, err)
			}
			x.exchange.Replay()
			return nil
		}
		x.entry, earlier = &standing, &standing
		x.exchange.Resume(x.earlier(&standing))
		if !x.refuted() || !standing.AheadKnown {
			return nil
		}
		// Nothing was made, and it is sent now. If this process dies too, how long ago the first one
		// began it says nothing.
		if err := x.c.ledger.Forget(x.exchange.Context, x.key); err != nil {
			return x.notTakenDown(err)
		}
		entry = standing
		entry.Ahead, entry.AheadKnown = 0, false
	}
}

func (x *call) newEntry(body []byte) LedgerEntry {
	entry := LedgerEntry{Key: x.key, Fingerprint: x.c.fingerprint(x.r, body), Twin: x.c.twinHash(x.maker.twin()),
		State: LedgerOpen, Began: time.Now()}
	entry.Ahead, entry.AheadKnown = x.c.serverAhead()
	for _, w := range x.c.placed.Witnesses(x.maker.twin().Owner, entry.Began, entry.Began) {
		entry.Witnesses = append(entry.Witnesses, LedgerWitness{IDs: w.IDs, Age: entry.Began.Sub(w.At), Took: w.At.Sub(w.Sent)})
	}
	return entry
}

// notTakenDown is the error of a request that isn't sent, as the ledger refused it, or failed.
func (x *call) notTakenDown(err error) error {
	if !errors.Is(err, ErrLedgerMismatch) {
		return fmt.Errorf("voiceagent: %s %s: not sent, as the ledger did not take it down: %w", x.r.method, x.r.route, err)
	}
	err = refuse(x.r.method, x.r.route, "idempotency_key", "the ledger has a request under it that differs in its parameters, "+
		"its API key or its base URL: repeat that one unchanged, or use a new key")
	if api, ok := errors.AsType[*APIError](err); ok {
		api.causes = append(api.causes, ErrLedgerMismatch)
	}
	return err
}

// equalWaits reports whether an equal request of another worker waits for its answer.
func (x *call) equalWaits() (bool, error) {
	shared, ok := x.c.ledger.(SharedLedger)
	if !ok || x.entry == nil {
		return false, nil
	}
	return shared.Awaited(x.exchange.Context, x.entry.Twin, x.entry.Key)
}

// Await implements [exchange.Ledger].
func (x *call) Await(waits bool) error {
	shared, ok := x.c.ledger.(SharedLedger)
	if !ok || x.entry == nil {
		return nil
	}
	return shared.Await(context.WithoutCancel(x.exchange.Context), x.entry.Key, waits)
}

// Held implements [exchange.Ledger]. This process may have been frozen while it waited for its
// turn. Another process may then have found that nothing was made, and be sending.
func (x *call) Held() error {
	leased, ok := x.c.ledger.(LeasedLedger)
	if !ok || x.entry == nil {
		return nil
	}
	return leased.Held(x.exchange.Context, x.entry.Key)
}

// closeEntry records what became of the request. A failure does no harm: the entry stays open, and
// the next request under the key looks first.
func (x *call) closeEntry() {
	if x.entry == nil {
		return
	}
	ctx := context.WithoutCancel(x.exchange.Context)
	var err error
	switch {
	case x.succeeded():
		var ours bool
		if ours, err = x.claim(); !ours && err == nil { // the answer was about another key's record
			x.entry.State = LedgerUnknown
			err = x.c.ledger.Finish(ctx, *x.entry)
		}
	case x.exchange.MayBeDone():
		x.entry.State = LedgerUnknown
		err = x.c.ledger.Finish(ctx, *x.entry)
	default:
		err = x.c.ledger.Forget(ctx, x.entry.Key)
	}
	x.entry = nil
	x.c.logLedger(x, err)
}

// claim makes a record the answer, unless the ledger knows that it is another request's.
func (x *call) claim() (bool, error) {
	m := x.maker
	if x.entry != nil {
		record, err := m.encode()
		if err != nil {
			return false, err
		}
		done := *x.entry
		done.State, done.IDs, done.Record = LedgerDone, x.c.placed.Own(m.made()), record
		if err := x.c.ledger.Finish(context.WithoutCancel(x.exchange.Context), done); err != nil {
			if errors.Is(err, ErrLedgerTaken) {
				err = nil
			}
			return false, err
		}
		x.entry = nil
	}
	// This changes nothing if an answer has reported the record.
	x.c.placed.Note(reconcile.Placed{Twin: m.twin(), Key: x.key, IDs: m.made(), At: time.Now()})
	return true, nil
}

// fingerprint is the same for equal parameters, whatever the order of their keys, in one account.
func (c *Client) fingerprint(r *request, body []byte) string {
	canonical := jsontext.Value(append([]byte(nil), body...))
	_ = canonical.Canonicalize() // it is JSON that we have written
	return c.hash(r.method+" "+cmp.Or(r.path, r.route), string(canonical))
}

func (c *Client) twinHash(t reconcile.Twin) string {
	return c.hash(t.Owner.Route, t.Owner.Agent, t.Name)
}

// hash hides what it is given, and keeps accounts and servers apart.
func (c *Client) hash(parts ...string) string {
	hash := sha256.New()
	for _, part := range append([]string{c.base.String(), c.key.Header()}, parts...) {
		fmt.Fprintf(hash, "%d %s\n", len(part), part)
	}
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
