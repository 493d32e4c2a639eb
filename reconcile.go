package voiceagent

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
)

// settler finds out whether a request was done although no usable answer came, or although a repetition was refused.
type settler interface {
	// find looks, and fills in the answer when it was done.
	find(ctx context.Context, l *look) (bool, error)
	// done tells the refusals of a repetition that may mean that the first try was done.
	done(status int) bool
}

// maker is the settler of a request that makes a record.
type maker interface {
	settler
	twin() string
	subject() string
	listing(since time.Time) string
	made() []string // the ids of the record in the answer
	encode() ([]byte, error)
	decode([]byte) error
}

// creation is a request that makes a record, and its answer.
type creation[T any] struct {
	finder[T]
	answer envelope.Single[T]
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

func (m *creation[T]) made() []string          { return m.ids(m.answer.Data) }
func (m *creation[T]) encode() ([]byte, error) { return envelope.Marshal(m.answer.Data, false) }

func (m *creation[T]) decode(record []byte) error {
	m.answer = envelope.Single[T]{Data: new(T)}
	return envelope.Unmarshal(record, m.answer.Data)
}

// A name that is taken comes under both statuses (documented).
func (m *creation[T]) done(status int) bool {
	return status == http.StatusConflict || status == http.StatusUnprocessableEntity
}

var (
	errNoServerTime = errors.New("its answer has neither a Date nor a timestamp to go by")
	errNoRecordTime = errors.New("it shows one that would fit, but not from when it is")
	errTooManyPages = errors.New("the list is too long to be read to its end")
)

const mostPages = 50

// find implements [settler]. It pages until it is sure: to the end of the list, or, where the newest come first, to a
// record from before the first attempt. Of several that fit it takes the oldest: those who began later can only take a later one.
func (m *creation[T]) find(ctx context.Context, l *look) (bool, error) {
	var fitting []*T
	timeless, err := m.read(ctx, l, func(record *T) { fitting = append(fitting, record) })
	slices.SortStableFunc(fitting, func(a, b *T) int { return m.at(a).Compare(m.at(b).Time) })
	for _, record := range fitting {
		m.answer = envelope.Single[T]{Data: record}
		if ours, err := l.x.claim(m); ours || err != nil {
			return ours, err
		}
	}
	if err == nil && timeless {
		err = errNoRecordTime
	}
	return false, err
}

// read calls fits with each record that may be the lost one. It reports if there was one that would have fitted, without a time.
func (m *creation[T]) read(ctx context.Context, l *look, fits func(*T)) (timeless bool, err error) {
	var filter time.Time
	for number, read := 1, 1; ; number, read = number+1, read+1 {
		page, err := m.list(ctx, number, filter, l.opts)
		if err != nil {
			return timeless, err
		}
		from, to, err := l.window()
		if err != nil {
			return timeless, err
		}
		order := newestFirst{}
		for i := range page.Data {
			record := &page.Data[i]
			at := m.at(record).Time
			order.see(at)
			dated := !at.IsZero()
			switch {
			case dated && (at.Before(from) || at.After(to)), !m.same(record), l.x.c.twins.taken(m.ids(record)):
			case dated || m.unique():
				fits(record)
			default:
				timeless = true
			}
		}
		switch {
		case !page.HasMore || order.passed(from):
			return timeless, nil
		case read == mostPages:
			return timeless, errTooManyPages
		case filter.IsZero() && !order.holds():
			filter, number = from, 0 // from the first page again, without what is older
		}
	}
}

// newestFirst finds out if a list is in that order.
type newestFirst struct {
	oldest, newest time.Time
	broken         bool
}

func (o *newestFirst) see(at time.Time) {
	switch {
	case at.IsZero() || (!o.oldest.IsZero() && at.After(o.oldest)):
		o.broken = true
	default:
		if o.newest.IsZero() {
			o.newest = at
		}
		o.oldest = at
	}
}

func (o *newestFirst) holds() bool { return !o.broken && o.oldest.Before(o.newest) }

// passed tells if what follows is from before t.
func (o *newestFirst) passed(t time.Time) bool { return o.holds() && o.oldest.Before(t) }

// inState is the settler of a campaign's action: done if the campaign is as it was wanted.
type inState struct {
	s      *CampaignsService
	id     string
	wanted []CampaignStatus
	answer *envelope.Optional[Campaign]
}

func (a *inState) find(ctx context.Context, l *look) (bool, error) {
	campaign, err := a.s.Get(ctx, a.id, l.opts...)
	if err != nil || !slices.Contains(a.wanted, campaign.Status) {
		return false, err
	}
	a.answer.Data = campaign
	return true, nil
}

// Which status the API refuses a wrong state with is unknown.
func (*inState) done(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusConflict || status == http.StatusUnprocessableEntity
}

// gone is the settler of a deletion: done if there is nothing to delete.
type gone struct{}

func (gone) find(context.Context, *look) (bool, error) { return true, nil }
func (gone) done(status int) bool                      { return status == http.StatusNotFound }
