package dialonce_test

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// of returns n records of calls to somebody else, as old as age says of each.
func of(n int, age func(i int) time.Duration) (all []record) {
	for i := range n {
		all = append(all, record{"id": "other-" + strconv.Itoa(i), "agent_id": "ag_1", "phone_number": "+15550109999",
			"direction": "outbound", "created_at": time.Now().Add(-age(i)).UTC().Format(time.RFC3339Nano)})
	}
	return all
}

// minutes returns an age for each record: the first is that many minutes old, and each next one a
// minute older.
func minutes(first int) func(int) time.Duration {
	return func(i int) time.Duration { return time.Duration(first+i) * time.Minute }
}

func now(int) time.Duration { return 0 }

// A look reads five pages at most, whatever other clients have placed meanwhile. Pages that it
// hasn't read prove nothing.
func TestALookReadsFivePages(t *testing.T) {
	t.Parallel()
	for name, order := range orders {
		for _, answer := range []reply{lostNot, badGate} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				a := &api{answers: []reply{answer, done}, paging: pagings["all keys"]}
				a.list = func(all []record) (int, []record) {
					all = slices.Clone(all)
					order(all)
					isOurs := func(r record) bool { return r["id"] == "id-1" }
					if at := slices.IndexFunc(all, isOurs); at >= 0 { // in the middle, whatever the order
						all = slices.Insert(slices.Delete(all, at, at+1), 530, record{"id": "id-1", "agent_id": "ag_1",
							"phone_number": person(1).To, "direction": "outbound", "created_at": all[530]["created_at"]})
					}
					return http.StatusOK, all
				}
				on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
					a.records = of(530, func(i int) time.Duration { return time.Duration(1+i) * time.Nanosecond })
					a.arrive(time.Millisecond, func() []record {
						return of(530, func(i int) time.Duration { return time.Duration(i) * time.Nanosecond })
					})
					_, err := client.Calls.Create(t.Context(), person(1))
					assert.Equal(t, unknown, endOf(err), "%v", err)
					assert.ErrorContains(t, err, "the list could not be read to where it would stand")
					assert.Equal(t, 1, a.posts)
					assert.LessOrEqual(t, len(a.looks), 5)
					if name == "newest first" {
						assert.Len(t, a.looks, 5)
					}
				}, voiceagent.WithSettleTime(0))
			})
		}
	}
}

// A look reads as many more pages as this client has filled meanwhile.
func TestALookReadsWhatTheClientHasFilled(t *testing.T) {
	t.Parallel()
	a := &api{answers: []reply{{status: http.StatusServiceUnavailable, not: true}, done}, paging: pagings["all keys"]}
	on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
		time.AfterFunc(10*time.Second, func() {
			for i := range 300 {
				_, err := client.Calls.Create(t.Context(), person(100+i))
				assert.NoError(t, err)
			}
		})
		a.arrive(20*time.Second, func() []record { return of(1000, now) })
		_, err := client.Calls.Create(t.Context(), person(1))
		assert.Equal(t, unknown, endOf(err), "%v", err)
		assert.Len(t, a.looks, 8)
	}, voiceagent.WithSettleTime(0))
}

// A list may have calls without a time at its end, after those that are too old. If it doesn't say
// how many pages it has, the outcome stays unknown.
func TestRowsWithoutATimeAreLast(t *testing.T) {
	t.Parallel()
	for keys, paging := range pagings {
		for _, answer := range []reply{badGate, badNot} {
			t.Run(keys+" "+strconv.FormatBool(answer.not), func(t *testing.T) {
				t.Parallel()
				a := &api{answers: []reply{done, answer, done}, paging: paging}
				a.shows = func(r record) record {
					if r["id"] == "id-1" { // the witness has begun
						r["started_at"] = r["created_at"]
					}
					delete(r, "created_at")
					return r
				}
				a.list = func(all []record) (int, []record) {
					all = slices.Clone(all)
					orders["rows without a time last"](all)
					return http.StatusOK, all
				}
				on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
					for _, r := range of(250, minutes(100)) {
						r["started_at"] = r["created_at"]
						delete(r, "created_at")
						a.records = append(a.records, r)
					}
					witness(t, client)
					_, err := client.Calls.Create(t.Context(), person(1))
					if answer.not && keys != "no keys" {
						assert.Equal(t, placed, endOf(err), "it was not made, and is sent again: %v", err)
						assert.Equal(t, 3, a.posts)
						return
					}
					assert.Equal(t, unknown, endOf(err), "%v", err)
					assert.Equal(t, 2, a.posts)
				})
			})
		}
	}
}

// The list's times may be behind the Date, so a look reads on to the times of a clock that is
// behind.
func TestDateThatIsAheadOfTheList(t *testing.T) {
	t.Parallel()
	a := &api{answers: []reply{badGate, done}, paging: pagings["all keys"], skew: 90 * time.Second}
	on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
		a.records = of(100, minutes(100))
		a.arrive(300*time.Millisecond, func() []record {
			return of(150, func(i int) time.Duration { return time.Duration(i) * time.Millisecond })
		})
		rungOnce(t, a, client, 0, 0)
	})
}

// A look reads on to where the witnesses stand.
func TestALookReadsToItsWitnesses(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{done, done, badNot, done}, paging: pagings["all keys"]}, func(t *testing.T, a *api, client *voiceagent.Client) {
		witness(t, client)
		time.Sleep(2 * time.Minute)
		a.records = append(of(150, func(i int) time.Duration { return time.Duration(i) * 100 * time.Millisecond }), a.records...)
		time.Sleep(time.Minute)
		witness(t, client)
		_, err := client.Calls.Create(t.Context(), person(1))
		require.NoError(t, err)
		assert.Len(t, a.looks, 2)
	})
}

// The order of the first page isn't that of the whole list: imported calls may share one time, or
// be in order.
func TestOrderOfTheFirstPageAlone(t *testing.T) {
	t.Parallel()
	for name, old := range map[string]func() []record{
		"one time for all": func() []record { return of(150, func(int) time.Duration { return time.Hour }) },
		"no order behind": func() []record {
			first := of(100, func(i int) time.Duration { return time.Duration(500-i) * time.Minute })
			rest := of(220, minutes(100))
			shuffle(1)(rest)
			return append(first, rest...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &api{answers: []reply{badGate, done}, paging: pagings["all keys"]}
			a.list = func(all []record) (int, []record) {
				all = slices.Clone(all)
				at := min(250, len(all)-1) // of ours
				ours := all[0]
				all = slices.Insert(slices.Delete(all, 0, 1), at, ours)
				return http.StatusOK, all
			}
			on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
				a.records = old()
				rungOnce(t, a, client, 0, 0)
			})
		})
	}
}

// Where a list is in no order, and too long, it is asked for what is new enough.
func TestFilterByTime(t *testing.T) {
	t.Parallel()
	for _, answer := range []reply{badGate, badNot} {
		a := &api{answers: []reply{done, answer, done}, paging: pagings["all keys"]}
		a.list = func(all []record) (int, []record) {
			all = slices.Clone(all)
			shuffle(3)(all)
			since := a.looks[len(a.looks)-1].Get("from_date")
			if since == "" {
				return http.StatusOK, all
			}
			from, err := time.Parse(time.RFC3339, since)
			assert.NoError(t, err)
			return http.StatusOK, slices.DeleteFunc(all, func(r record) bool {
				at, _ := time.Parse(time.RFC3339Nano, r["created_at"].(string))
				return at.Before(from)
			})
		}
		on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
			a.records = of(1000, minutes(100))
			witness(t, client)
			_, err := client.Calls.Create(t.Context(), person(1))
			require.NoError(t, err)
			if answer.not {
				assert.Equal(t, 3, a.posts, "sent again")
			} else {
				assert.Equal(t, 2, a.posts)
			}
			assert.LessOrEqual(t, len(a.looks), 3)
		})
	}
}

// Without a Date, or a time in the answer, a look can't find the new records of an unordered list,
// and can't take any record as ours.
func TestListWithoutADate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		old     int
		stamped bool
		end     end
	}{
		{0, true, placed},
		{0, false, unknown},
		{1000, false, unknown},
	} {
		a := &api{answers: []reply{badGate, done}, paging: pagings["all keys"], undated: true, stamped: c.stamped}
		on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
			a.list = func(all []record) (int, []record) {
				all = slices.Clone(all)
				shuffle(1)(all)
				return http.StatusOK, all
			}
			a.records = of(c.old, minutes(100))
			assert.Equal(t, c.end, rungOnce(t, a, client, 0, 0), "%+v", c)
		})
	}
}

// Calls without a time may stand anywhere. So ours may be on any page, whatever the order of the
// other calls.
func TestRowsWithoutATimeInBetween(t *testing.T) {
	t.Parallel()
	for _, order := range []string{"newest first", "oldest first"} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			a := &api{answers: []reply{badGate, done}, paging: pagings["all keys"]}
			a.list = func(all []record) (int, []record) {
				old := of(250, minutes(100))
				orders[order](old)
				delete(old[50], "created_at")
				for i := range all {
					all[i] = maps.Clone(all[i])
					delete(all[i], "created_at")
				}
				return http.StatusOK, slices.Insert(old, 150, all...)
			}
			on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
				assert.Equal(t, unknown, rungOnce(t, a, client, 0, 0))
			})
		})
	}
}
