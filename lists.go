package voiceagent

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/check"
	"github.com/voiceagent-go/voiceagent/internal/follow"
)

// Page is one page of a list. Source: pagination guide (documented).
type Page[T any] struct {
	Data      []T    `json:"data"`
	Total     int    `json:"total"`     // records that match the filters
	Page      int    `json:"page"`      // from 1
	PageSize  int    `json:"page_size"` // at most 100
	HasMore   bool   `json:"has_more"`
	RequestID string `json:"request_id"`
}

// pageTarget marks the results that take a whole envelope, not just its data.
type pageTarget interface{ wantsEnvelope() }

func (*Page[T]) wantsEnvelope() {}

// Ptr returns a pointer to v, for the fields of [AgentUpdateParams]. The built-in new does the same
// since Go 1.26.
func Ptr[T any](v T) *T { return &v }

// listQuery begins the query of a list. Zero values leave the API's defaults: page 1, 20 a page.
func listQuery(route string, page, size int, extra url.Values) (url.Values, error) {
	var bad check.Problems
	bad.Page(page, size)
	if bad != nil {
		return nil, refused("GET", route, bad)
	}
	query := make(url.Values, len(extra)+2)
	maps.Copy(query, extra)
	if page > 0 {
		query.Set("page", strconv.Itoa(page))
	}
	if size > 0 {
		query.Set("page_size", strconv.Itoa(size))
	}
	return query, nil
}

func setIf(query url.Values, key, value string) {
	if value != "" {
		query.Set(key, value)
	}
}

// yielding adds to a call's options that the request lets work go first, as a [PriorityLimiter]
// does: it is one of many that only look.
func yielding(opts []RequestOption) []RequestOption {
	return append(slices.Clip(opts), requestOption(func(r *requestConfig) error {
		r.low = true
		return nil
	}))
}

// allRecords iterates over the records of a list, and fetches a page when it is needed. New records
// shift the pages while they are read, so a record of the page before isn't yielded again. An empty
// page doesn't end the list if the total says that there are more records. A page that only repeats
// the one before ends it.
func allRecords[T any](page int, fetch func(page int) (*Page[T], error), id func(*T) string) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		var before map[string]bool
		for number := max(page, 1); ; number++ {
			got, err := fetch(number)
			if err != nil {
				yield(nil, err)
				return
			}
			seen := make(map[string]bool, len(got.Data))
			news := false
			for i := range got.Data {
				record := &got.Data[i]
				key := id(record)
				if key != "" {
					seen[key] = true
					if before[key] {
						continue
					}
				}
				news = true
				if !yield(record, nil) {
					return
				}
			}
			if !got.HasMore || (!news && !moreByTotal(got, number)) {
				return
			}
			before = seen
		}
	}
}

// moreByTotal reports whether a page is empty although the total says that more pages follow. It is
// false for a page with records, even if all of them were yielded before.
func moreByTotal[T any](got *Page[T], number int) bool {
	return len(got.Data) == 0 && number*max(got.PageSize, 1) < got.Total
}

// WatchParams says how to watch. The zero value leaves the pace to the client.
type WatchParams struct {
	// Interval between two looks, which is kept within the share of [WithWatchShare].
	Interval time.Duration
}

// watch follows a record with those that the client follows already.
func watch[T any](ctx context.Context, c *Client, f *follow.Follower[T], w follow.Watch[T],
	get func(context.Context, ...RequestOption) (*T, error), opts []RequestOption,
) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		set, err := c.settingsFor(opts)
		switch {
		case err != nil:
			yield(nil, refuse("GET", "", "option", err.Error()))
			return
		case w.Interval < 0:
			yield(nil, refuse("GET", "", "interval", fmt.Sprintf("%v is negative", w.Interval)))
			return
		}
		w.Settle = set.SettleTime
		var response atomic.Pointer[Response] // of the last look, which may be another goroutine's
		w.Get = func(ctx context.Context, hasty bool) (*T, error) {
			last := new(Response)
			opts := append(slices.Clip(opts), WithResponse(last))
			if hasty {
				opts = append(opts, WithMaxRetries(0), WithAttemptTimeout(min(set.AttemptTimeout, hastyTimeout)))
			}
			record, err := get(ctx, opts...)
			response.Store(last)
			return record, err
		}
		for record, err := range f.Follow(ctx, w) {
			if err != nil && ctx.Err() != nil {
				err = fmt.Errorf("voiceagent: watching: %w", err)
			}
			if last := response.Load(); set.response != nil && last != nil {
				*set.response = *last
			}
			if !yield(record, err) {
				return
			}
		}
	}
}

// hastyTimeout is for a look that many wait for.
const hastyTimeout = 10 * time.Second

// hasty are the options of a page of the list: whoever watches waits for it.
var hasty = yielding([]RequestOption{WithMaxRetries(0), WithAttemptTimeout(hastyTimeout)})

// watched is the records of a kind that are watched. It is made by the first watch, so that a
// program without one doesn't link it.
type watched[T any] struct {
	once     sync.Once
	follower *follow.Follower[T]
}

// by returns the follower, which reads the source if there are more than a few watchers.
func (w *watched[T]) by(source follow.Source[T], few int) *follow.Follower[T] {
	w.once.Do(func() { w.follower = follow.New(source, few) })
	return w.follower
}

// looker is what the sources of both followers have in common.
type looker struct{ c *Client }

// IsMissing implements [follow.Source].
func (looker) IsMissing(err error) bool {
	missing, ok := errors.AsType[*NotFoundError](err)
	return ok && missing.Gateway == ""
}

// IsRefused implements [follow.Source].
func (looker) IsRefused(err error) bool {
	api, ok := errors.AsType[*APIError](err)
	return ok && api.StatusCode >= 400 && api.StatusCode < 500 && api.StatusCode != http.StatusTooManyRequests && api.StatusCode != http.StatusRequestTimeout
}

// IsForAll implements [follow.Source].
func (looker) IsForAll(err error) bool {
	_, rejected := errors.AsType[*AuthenticationError](err)
	return rejected || errors.Is(err, ErrNoAPIKey)
}

// Pace implements [follow.Source]. Looking takes its share of the limit, spread over the window. If
// less than a fifth of the budget is left, what is left is spread over the time until the reset.
func (l looker) Pace() time.Duration {
	limit, seen := l.c.RateLimit()
	perMinute := l.c.config.plan.PerMinute()
	if seen && limit.Limit > 0 {
		perMinute = limit.Limit
	}
	if perMinute == 0 {
		return 0
	}
	pace := time.Duration(float64(time.Minute) / (float64(perMinute) * l.c.config.watchShare))
	if left := time.Until(limit.Reset); seen && left > 0 && limit.Remaining*5 < limit.Limit {
		pace = max(pace, min(left, longestWait)/time.Duration(limit.Remaining+1))
	}
	return pace
}

// Begin implements [follow.Source]: the share is kept for looking.
func (l looker) Begin() { l.reserve(l.c.config.watchShare) }

// End implements [follow.Source].
func (l looker) End() { l.reserve(-l.c.config.watchShare) }

func (l looker) reserve(share float64) {
	if own, ok := l.c.limiter.(*limiter); ok {
		own.process.Reserve(share)
	}
}

// merged returns now, with the fields of before that it doesn't have.
func merged[T any](before, now *T) *T {
	both := *now
	to, from := reflect.ValueOf(&both).Elem(), reflect.ValueOf(before).Elem()
	for i := range to.NumField() {
		then, isTime := reflect.TypeAssert[Timestamp](from.Field(i))
		if to.Field(i).IsZero() || isTime && then.Equal(to.Field(i).Interface().(Timestamp).Time) { // in whatever zone
			to.Field(i).Set(from.Field(i))
		}
	}
	return &both
}

// adds reports whether got has a field that listed doesn't have.
func adds[T any](listed, got *T) bool {
	from, to := reflect.ValueOf(listed).Elem(), reflect.ValueOf(got).Elem()
	for i := range to.NumField() {
		if from.Field(i).IsZero() && !to.Field(i).IsZero() {
			return true
		}
	}
	return false
}

// fewCalls are asked for one by one.
const fewCalls = 2

// callSource is where [CallsService.Watch] looks.
type callSource struct{ looker }

func (l callSource) List(ctx context.Context, page int, since time.Time) ([]Call, bool, error) {
	got, err := l.c.Calls.List(ctx, CallListParams{Page: page, PageSize: check.MaxPageSize, Since: since}, hasty...)
	if err != nil {
		return nil, false, err
	}
	return got.Data, got.HasMore, nil
}

func (callSource) IDs(call *Call) []string        { return realIDs(call.ID, call.SessionID) }
func (callSource) Ended(call *Call) bool          { return call.Ended() }
func (callSource) State(call *Call) string        { return string(call.Status) }
func (callSource) Made(call *Call) time.Time      { return call.CreatedAt.Time }
func (callSource) Merged(before, now *Call) *Call { return merged(before, now) }
func (callSource) Adds(listed, got *Call) bool    { return adds(listed, got) }

// campaignSource is where [CampaignsService.Watch] looks.
type campaignSource struct{ looker }

func (l campaignSource) List(ctx context.Context, page int, _ time.Time) ([]Campaign, bool, error) {
	got, err := l.c.Campaigns.List(ctx, CampaignListParams{Page: page, PageSize: check.MaxPageSize}, hasty...)
	if err != nil {
		return nil, false, err
	}
	return got.Data, got.HasMore, nil
}

func (campaignSource) IDs(campaign *Campaign) []string        { return realIDs(campaign.ID) }
func (campaignSource) Ended(campaign *Campaign) bool          { return campaign.Ended() }
func (campaignSource) State(campaign *Campaign) string        { return string(campaign.Status) }
func (campaignSource) Made(campaign *Campaign) time.Time      { return campaign.CreatedAt.Time }
func (campaignSource) Merged(before, now *Campaign) *Campaign { return merged(before, now) }
func (campaignSource) Adds(listed, got *Campaign) bool        { return adds(listed, got) }
