package dialonce_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent"
)

// The paging keys of a list, as servers have them.
var pagings = map[string]func(page []record, total, number int) map[string]any{
	"all keys": func(page []record, total, number int) map[string]any {
		return map[string]any{"data": page, "total": total, "page": number, "page_size": 100, "has_more": number*100 < total}
	},
	"no has_more": func(page []record, total, number int) map[string]any {
		return map[string]any{"data": page, "total": total, "page": number, "page_size": 100}
	},
	"a total alone": func(page []record, total, _ int) map[string]any { return map[string]any{"data": page, "total": total} },
	"no keys":       func(page []record, _, _ int) map[string]any { return map[string]any{"data": page} },
}

// orders sort a list that is newest first.
var orders = map[string]func([]record){
	"newest first": func([]record) {},
	"oldest first": slices.Reverse[[]record],
	"no order": func(all []record) {
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	},
	"rows without a time last": func(all []record) {
		slices.SortStableFunc(all, func(a, b record) int {
			_, first := a["started_at"]
			_, second := b["started_at"]
			switch {
			case first && !second:
				return -1
			case second && !first:
				return 1
			}
			return 0
		})
	},
}

// shuffle puts a list in the same random order each time.
func shuffle(seed uint64) func([]record) {
	return func(all []record) {
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
}

// Whatever the order and the paging keys of a list, what was made is found or in doubt, and pages
// that were not read prove nothing.
func TestPages(t *testing.T) {
	t.Parallel()
	for ordered, order := range orders {
		for keys, paging := range pagings {
			for _, old := range []int{0, 98, 99, 150, 198, 250, 1000} {
				t.Run(fmt.Sprint(ordered, ", ", keys, ", ", old, " before"), func(t *testing.T) {
					t.Parallel()
					a := &api{answers: []reply{done, badGate, done}, paging: paging}
					a.list = func(all []record) (int, []record) {
						all = slices.Clone(all)
						order(all)
						return http.StatusOK, all
					}
					late := ordered == "rows without a time last"
					a.shows = func(r record) record {
						if late { // it rings
							delete(r, "created_at")
						}
						return r
					}
					on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
						for i := range old {
							r := record{"id": fmt.Sprint("old-", i), "agent_id": "ag_1", "phone_number": "+15550109999", "direction": "outbound"}
							key := "created_at"
							if late {
								key = "started_at"
							}
							r[key] = time.Now().Add(time.Duration(i-old) * time.Second).UTC().Format(time.RFC3339Nano)
							a.records = append([]record{r}, a.records...)
						}
						witness(t, client)
						time.Sleep(10 * time.Millisecond)
						_, err := client.Calls.Create(t.Context(), person(1))
						assert.Equal(t, 2, a.posts, "rung once: %v", err)
						known := ordered == "newest first" || old < 98 || keys != "no keys" && (ordered == "oldest first" || old <= 250)
						if !known || late {
							return
						}
						assert.Equal(t, placed, endOf(err), "%v", err)
						assert.LessOrEqual(t, len(a.looks), 3, "requests")
						a.answers = []reply{done, done, badNot, done}
						_, err = client.Calls.Create(t.Context(), person(2))
						assert.Equal(t, placed, endOf(err), "%v", err)
						assert.Equal(t, 4, a.posts, "it was not made, and is sent again")
					})
				})
			}
		}
	}
}

// A witness on a page that was read says nothing of those that were not.
func TestPagesThatAreNotRead(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		a := &api{answers: []reply{done, badGate, done}, paging: pagings["all keys"]}
		a.list = func(all []record) (int, []record) {
			all = slices.Clone(all)
			shuffle(seed)(all)
			return http.StatusOK, all
		}
		on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
			for i := range 1000 {
				a.records = append(a.records, record{"id": fmt.Sprint("old-", i), "agent_id": "ag_1", "phone_number": "+15550109999",
					"created_at": time.Now().Add(time.Duration(-i) * time.Second).UTC().Format(time.RFC3339Nano)})
			}
			witness(t, client)
			_, err := client.Calls.Create(t.Context(), person(1))
			assert.Equal(t, 2, a.posts, "rung once: %v", err)
		})
	}
}

// A look asks for one page where the newest come first.
func TestALookIsOneRequest(t *testing.T) {
	t.Parallel()
	for _, answer := range []reply{lost, late, badGate} {
		a := &api{answers: append(slices.Repeat([]reply{done}, 300), answer), paging: pagings["all keys"]}
		on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
			for i := range 301 {
				_, err := client.Calls.Create(t.Context(), person(i))
				assert.NoError(t, err)
				time.Sleep(100 * time.Millisecond)
			}
			assert.Len(t, a.looks, 1)
			assert.Equal(t, "ag_1", a.looks[0].Get("agent_id"))
		})
	}
}

// Where the server refuses the filters it is asked without them.
func TestRefusedFilters(t *testing.T) {
	t.Parallel()
	a := &api{answers: []reply{done, badGate}}
	a.list = func(all []record) (int, []record) {
		if a.looks[len(a.looks)-1].Has("agent_id") {
			return http.StatusUnprocessableEntity, nil
		}
		return http.StatusOK, all
	}
	on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
		witness(t, client)
		_, err := client.Calls.Create(t.Context(), person(1))
		assert.NoError(t, err)
		a.answers = []reply{done, badGate, lostNot}
		_, err = client.Calls.Create(t.Context(), person(2))
		assert.Equal(t, unknown, endOf(err), "%v", err)
		filtered := 0
		for _, look := range a.looks {
			if look.Has("agent_id") {
				filtered++
			}
		}
		assert.Equal(t, 2, filtered, "once for each lost call")
	})
}
