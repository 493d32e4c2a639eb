package dialonce_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent"
)

// scattered returns n old records of other people whose times follow no order.
func scattered(n int, number func(i int) string) (all []record) {
	for i := range n {
		at := time.Now().Add(-time.Hour - time.Duration(i*7919%1000)*time.Second)
		all = append(all, record{"id": fmt.Sprint("old-", i), "agent_id": "ag_1", "phone_number": number(i), "direction": "outbound",
			"created_at": at.UTC().Format(time.RFC3339Nano)})
	}
	return all
}

// A list that is sorted anew for each request may show a record on no page and another one twice.
func TestListThatIsSortedAnew(t *testing.T) {
	t.Parallel()
	for keys, paging := range pagings {
		t.Run(keys, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(60) {
				random := rand.New(rand.NewPCG(seed, 7))
				a := &api{answers: slices.Concat(slices.Repeat([]reply{done}, 5), []reply{badGate, done})}
				a.paging = func(_ []record, total, number int) map[string]any {
					all := slices.Clone(a.records)
					random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
					from := min((number-1)*100, len(all))
					return paging(all[from:min(from+100, len(all))], total, number)
				}
				on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
					a.records = scattered(120, func(int) string { return "+15550109999" })
					rungOnce(t, a, client, 5, 0)
				})
			}
		})
	}
}

// A record that comes in between, in a list sorted by number, moves ours from the page that is read
// next to the one that was read before.
func TestRecordThatMovesToAPageBefore(t *testing.T) {
	t.Parallel()
	for keys, paging := range pagings {
		t.Run(keys, func(t *testing.T) {
			t.Parallel()
			a := &api{answers: slices.Concat(slices.Repeat([]reply{done}, 5), []reply{badGate, done})}
			a.paging = func(_ []record, _, number int) map[string]any {
				all := slices.Clone(a.records)
				slices.SortFunc(all, func(a, b record) int { return strings.Compare(a["phone_number"].(string), b["phone_number"].(string)) })
				if number > 1 { // another one is called meanwhile, whose number is low
					a.records = append(a.records, record{"id": fmt.Sprint("new-", len(a.records)), "agent_id": "ag_1",
						"phone_number": "+1555", "created_at": time.Now().UTC().Format(time.RFC3339Nano)})
				}
				from := min((number-1)*100, len(all))
				return paging(all[from:min(from+100, len(all))], len(all), number)
			}
			on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
				a.records = scattered(249, func(i int) string {
					if i < 199 { // ours is the last of the second page
						return fmt.Sprintf("+1555%07d", i)
					}
					return fmt.Sprintf("+93555%07d", i)
				})
				rungOnce(t, a, client, 5, 0)
			})
		})
	}
}

// MySQL and MongoDB put calls that have not begun at the end of a list that is sorted by the
// beginning, whatever else such a list shows. There may be pages of them.
func TestWaitingCallsAreLast(t *testing.T) {
	t.Parallel()
	for _, answer := range []reply{badGate, late, {status: 503}} {
		for _, waiting := range []int{0, 150} {
			t.Run(fmt.Sprint(answer.status, waiting), func(t *testing.T) {
				t.Parallel()
				a := &api{answers: slices.Concat(slices.Repeat([]reply{done}, 5), []reply{answer, done}), paging: pagings["all keys"]}
				a.list = func(all []record) (int, []record) {
					all = slices.Clone(all)
					for i, r := range all {
						all[i] = maps.Clone(r)
						made, _ := time.Parse(time.RFC3339Nano, r["created_at"].(string))
						if begun := made.Add(1500 * time.Millisecond); r["phone_number"] != person(1).To && r["status"] != "queued" && time.Now().After(begun) {
							all[i]["started_at"] = begun.UTC().Format(time.RFC3339Nano)
						}
					}
					orders["rows without a time last"](all) // ours is the first of those
					return http.StatusOK, all
				}
				on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
					a.records = of(200+waiting, minutes(100))
					for i := range waiting {
						a.records[i]["status"] = "queued"
					}
					rungOnce(t, a, client, 5, 500*time.Millisecond)
				})
			})
		}
	}
}

// What may be ours leaves a doubt until a look has ruled it out, also when a replica that is behind
// no longer shows it.
func TestDoubtOutlivesALook(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		number any // that the second look shows; nil where it doesn't show the call
		end    end
	}{
		"hidden":         {nil, unknown},
		"masked":         {"+91******0001", unknown},
		"another number": {"+919876549999", placed},
	} {
		for _, answer := range []reply{badNot, lateNot} {
			t.Run(fmt.Sprint(name, answer.status), func(t *testing.T) {
				t.Parallel()
				a := &api{answers: []reply{done, answer, done}}
				a.list = func(all []record) (int, []record) {
					r := record{"id": "other", "agent_id": "ag_1", "created_at": time.Now().UTC().Format(time.RFC3339Nano)}
					switch {
					case len(a.looks) > 1 && c.number == nil:
						return http.StatusOK, all
					case len(a.looks) > 1:
						r["phone_number"] = c.number
					}
					return http.StatusOK, append([]record{r}, all...)
				}
				on(t, a, func(t *testing.T, _ *api, client *voiceagent.Client) {
					witness(t, client)
					_, err := client.Calls.Create(t.Context(), person(1))
					assert.Equal(t, c.end, endOf(err), "%v", err)
				})
			})
		}
	}
}

// A database without an order may put the witnesses first and ours in the middle of a list that is
// too long. A filter by time that shows nothing, as it is taken for a time of another zone, proves
// nothing either.
func TestFilterThatShowsNothing(t *testing.T) {
	t.Parallel()
	for _, answer := range []reply{badGate, late} {
		a := &api{answers: slices.Concat(slices.Repeat([]reply{done}, 5), []reply{answer, done})}
		var old []record
		a.paging = func(_ []record, _, number int) map[string]any {
			if a.looks[len(a.looks)-1].Has("from_date") {
				return pagings["all keys"]([]record{}, 0, number)
			}
			witnesses := a.records[max(0, len(a.records)-5):]
			all := slices.Concat(witnesses, old[:500], a.records[:len(a.records)-len(witnesses)], old[500:])
			from := (number - 1) * 100
			return pagings["all keys"](all[from:min(from+100, len(all))], len(all), number)
		}
		on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
			old = scattered(1000, func(int) string { return "+15550109999" })
			rungOnce(t, a, client, 5, 0)
		})
	}
}

// A time that is cut to the second may lie before the second in which the request was sent, in
// whatever zone it is.
func TestWholeSecondsOfAnotherZone(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"created_at", "started_at"} {
		for fraction := range 10 {
			a := &api{answers: []reply{badGate, done}}
			a.shows = func(r record) record {
				delete(r, "created_at")
				r[key] = time.Now().UTC().Add(330 * time.Minute).Format("2006-01-02T15:04:05")
				return r
			}
			on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
				time.Sleep(time.Duration(fraction) * 100 * time.Millisecond)
				rungOnce(t, a, client, 0, 0)
			})
		}
	}
}

// The look of an equal request may take our record while its own is still to come. What is then
// not in the list isn't made again.
func TestRecordThatAnEqualRequestHasTaken(t *testing.T) {
	t.Parallel()
	for _, first := range []reply{{status: http.StatusGatewayTimeout, later: 5 * time.Second}, {later: 5 * time.Second}, {status: 501, later: 5 * time.Second}} {
		for _, second := range []reply{badGate, {status: http.StatusInternalServerError}, late} {
			on(t, &api{answers: []reply{done, first, second, done}}, func(t *testing.T, a *api, client *voiceagent.Client) {
				witness(t, client)
				var both sync.WaitGroup
				for range 2 {
					both.Go(func() {
						_, err := client.Calls.Create(t.Context(), person(1))
						assert.NotEqual(t, failed, endOf(err), "%v", err)
					})
					time.Sleep(300 * time.Millisecond)
				}
				both.Wait()
				time.Sleep(time.Minute)
				assert.Len(t, a.records, 3, "two calls are wanted, and rung")
			})
		}
	}
}

// Nor is it if the other's own comes only after ours has settled, whether the other is of this
// worker or of another.
func TestRecordThatAnEqualRequestHasTakenLate(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 2} {
		answers := append(slices.Repeat([]reply{done}, workers), reply{status: http.StatusGatewayTimeout, later: 1500 * time.Millisecond},
			reply{later: 29500 * time.Millisecond}, done)
		on(t, &api{answers: answers}, func(t *testing.T, a *api, _ *voiceagent.Client) {
			ledger := voiceagent.NewMemoryLedger()
			clients := make([]*voiceagent.Client, workers)
			for i := range clients {
				clients[i] = a.client(voiceagent.WithLedger(ledger))
				witness(t, clients[i])
			}
			var both sync.WaitGroup
			for i := range 2 {
				both.Go(func() {
					_, err := clients[i%workers].Calls.Create(t.Context(), person(1))
					assert.NoError(t, err, "%d workers", workers)
				})
				time.Sleep(time.Second)
			}
			both.Wait()
			time.Sleep(time.Minute)
			assert.Len(t, a.records, workers+2, "two calls are wanted, and rung by %d workers", workers)
		})
	}
}
