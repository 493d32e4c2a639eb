package voiceagent

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/check"
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

const defaultWatchInterval = 2 * time.Second

// WatchParams says how to watch. The zero value polls every 2 s.
type WatchParams struct {
	// Interval between two looks. They get rarer when little of the rate limit is left.
	Interval time.Duration
}

// watch polls until ended, and yields what differs from the time before. A record that was just
// made may not be there yet, so a 404 counts only when the record was seen before, or the settle
// time is over.
func watch[T any](ctx context.Context, c *Client, params WatchParams, opts []RequestOption, look func() (*T, error), ended func(*T) bool) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		if params.Interval < 0 {
			yield(nil, refuse("GET", "", "interval", fmt.Sprintf("%v is negative", params.Interval)))
			return
		}
		set, err := c.settingsFor(opts)
		if err != nil {
			yield(nil, refuse("GET", "", "option", err.Error()))
			return
		}
		began := time.Now()
		var last *T
		for {
			now, err := look()
			_, missing := errors.AsType[*NotFoundError](err)
			switch {
			case missing && last == nil && time.Since(began) < set.SettleTime:
			case err != nil:
				yield(nil, err)
				return
			case last == nil || !reflect.DeepEqual(last, now):
				if !yield(now, nil) {
					return
				}
			}
			if now != nil && ended(now) {
				return
			}
			last = now
			if stopped := sleep(ctx, c.pollAfter(params.Interval)); stopped != nil {
				if err != nil {
					stopped = fmt.Errorf("%w, after %w", stopped, err)
				}
				yield(nil, fmt.Errorf("voiceagent: watching: %w", stopped))
				return
			}
		}
	}
}

// pollAfter lengthens an interval if less than a fifth of the budget is left, so that polling
// doesn't use up what is left before the reset.
func (c *Client) pollAfter(interval time.Duration) time.Duration {
	if interval == 0 {
		interval = defaultWatchInterval
	}
	limit, ok := c.RateLimit()
	if left := time.Until(limit.Reset); ok && left > 0 && limit.Remaining*5 < limit.Limit {
		return max(interval, min(left, longestWait)/time.Duration(limit.Remaining+1))
	}
	return interval
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
