package voiceagent

import (
	"iter"
	"maps"
	"net/url"
	"strconv"
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

// Ptr returns a pointer to v, for the fields of [AgentUpdateParams]. The built-in new does the same since Go 1.26.
func Ptr[T any](v T) *T { return &v }

// listQuery begins the query of a list. What isn't set is left to the API's defaults: page 1, 20 a page.
func listQuery(route string, page, size int, extra url.Values) (url.Values, error) {
	var bad problems
	bad.page(page, size)
	if bad != nil {
		return nil, bad.err("GET", route)
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

// all iterates over the records of a list, fetching a page when it is needed. New records shift the pages while they are read, so a record
// of the page before isn't yielded again. An empty page doesn't end the list while the total says that there is more, but a page that
// only repeats the one before does.
func all[T any](page int, fetch func(page int) (*Page[T], error), id func(*T) string) iter.Seq2[*T, error] {
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

// moreByTotal tells if an empty page is a hole and not the end. A page with records that are all known is never a hole.
func moreByTotal[T any](got *Page[T], number int) bool {
	return len(got.Data) == 0 && number*max(got.PageSize, 1) < got.Total
}

func sizeOr(size, otherwise int) int {
	if size == 0 {
		return otherwise
	}
	return size
}
