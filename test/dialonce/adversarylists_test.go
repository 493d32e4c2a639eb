package dialonce_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// That a list of campaigns shows what goes on says nothing of the list of calls.
func TestLiveIsOfOneList(t *testing.T) {
	t.Parallel()
	a := &api{answers: []reply{lost, done, badGate, done}}
	a.shows = func(r record) record {
		r["status"] = "in_progress"
		if r["id"] == "id-2" { // the witness was short
			r["status"] = "completed"
		}
		return r
	}
	calls := false
	a.list = func(all []record) (int, []record) {
		return http.StatusOK, slices.DeleteFunc(slices.Clone(all), func(r record) bool { return calls && r["status"] != "completed" })
	}
	on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
		_, err := client.Campaigns.Create(t.Context(), voiceagent.CampaignCreateParams{Name: "January", AgentID: "ag_1", From: "+15550100000",
			Contacts: []voiceagent.Contact{{"phone": "+919876540099"}}})
		require.NoError(t, err)
		calls = true
		rungOnce(t, a, client, 1, 0)
	})
}

// A list of what has ended may have words of its own for that.
func TestListOfWhatHasEndedInOtherWords(t *testing.T) {
	t.Parallel()
	for _, sign := range []string{"call_end_reason", "ended_by", "recording_url", "call_summary"} {
		a := &api{answers: []reply{done, badGate, done}}
		a.shows = func(r record) record {
			if r["id"] == "id-1" {
				r["status"], r[sign] = "hungup", "it did"
			}
			return r
		}
		a.list = func(all []record) (int, []record) {
			return http.StatusOK, slices.DeleteFunc(slices.Clone(all), func(r record) bool { return r["status"] != "hungup" })
		}
		t.Run(sign, func(t *testing.T) {
			on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) { rungOnce(t, a, client, 1, 0) })
		})
	}
}

// A list without created_at has the time of the beginning, which may be long after.
func TestWitnessesThatBeganLate(t *testing.T) {
	t.Parallel()
	a := &api{answers: slices.Concat(slices.Repeat([]reply{done}, 3), []reply{badGate, done})}
	a.list = func(all []record) (int, []record) {
		all = slices.Clone(all)
		for i, r := range all {
			r = record{"id": r["id"], "agent_id": r["agent_id"], "phone_number": r["phone_number"], "created": r["created_at"]}
			made, _ := time.Parse(time.RFC3339Nano, r["created"].(string))
			begins := time.Duration(0)
			switch r["id"] {
			case "id-1", "id-2":
				begins = 5 * time.Minute
			case "id-3":
				begins = time.Hour
			}
			if at := made.Add(begins); !at.After(time.Now()) {
				r["started_at"] = at.Format(time.RFC3339Nano)
			}
			all[i] = r
		}
		return http.StatusOK, all
	}
	on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
		for i := range 2 {
			_, err := client.Calls.Create(t.Context(), person(50+i))
			require.NoError(t, err)
		}
		time.Sleep(6 * time.Minute)
		rungOnce(t, a, client, 1, 0)
	})
}

// When the list's clock is unknown, a Date of another clock doesn't rule out what the list shows.
func TestDateOfAnotherClock(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{-10 * time.Minute, -4 * time.Minute, 4 * time.Minute, 10 * time.Minute} {
		t.Run(skew.String(), func(t *testing.T) {
			t.Parallel()
			on(t, &api{answers: []reply{badGate, done}, skew: skew}, func(t *testing.T, a *api, client *voiceagent.Client) {
				rungOnce(t, a, client, 0, 0)
			})
		})
	}
}

// A list that doesn't say how long its pages are isn't taken to have more on them than it shows.
func TestPagesThatAreShorterThanAsked(t *testing.T) {
	t.Parallel()
	for keys, paging := range map[string]func(page []record, total int) map[string]any{
		"a total alone": func(page []record, total int) map[string]any { return map[string]any{"data": page, "total": total} },
		"no keys":       func(page []record, _ int) map[string]any { return map[string]any{"data": page} },
		"more in words": func(page []record, total int) map[string]any { return map[string]any{"data": page, "has_more": "true"} },
		"more as 1":     func(page []record, total int) map[string]any { return map[string]any{"data": page, "has_more": 1} },
		"more as True":  func(page []record, total int) map[string]any { return map[string]any{"data": page, "has_more": "True"} },
	} {
		t.Run(keys, func(t *testing.T) {
			t.Parallel()
			a := &api{answers: slices.Concat(slices.Repeat([]reply{done}, 5), []reply{badGate, done})}
			a.list = func(all []record) (int, []record) { // in no order, and ours is last
				order := []string{"id-3", "id-1", "id-5", "id-2", "id-4", "id-6", "id-7"}
				all = slices.Clone(all)
				slices.SortFunc(all, func(a, b record) int {
					return slices.Index(order, a["id"].(string)) - slices.Index(order, b["id"].(string))
				})
				return http.StatusOK, all
			}
			a.paging = func(_ []record, total, number int) map[string]any {
				_, all := a.list(a.records)
				from := min((number-1)*5, len(all))
				return paging(all[from:min(from+5, len(all))], total)
			}
			on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) { rungOnce(t, a, client, 5, time.Second) })
		})
	}
}

// A total that is too great doesn't have the last page passed over.
func TestTotalOfOtherRecords(t *testing.T) {
	t.Parallel()
	a := &api{answers: slices.Concat(slices.Repeat([]reply{done}, 5), []reply{badGate, done})}
	a.paging = func(_ []record, total, number int) map[string]any {
		all := slices.Clone(a.records)
		slices.Reverse(all)
		from := min((number-1)*100, len(all))
		return map[string]any{"data": all[from:min(from+100, len(all))], "total": 5000, "page": number, "page_size": 100}
	}
	on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
		for i := range 95 {
			made := time.Now().Add(time.Duration(i-200) * time.Minute).UTC().Format(time.RFC3339)
			a.records = append([]record{{"id": fmt.Sprint("old-", i), "agent_id": "ag_1", "phone_number": "+15550109999", "created_at": made}}, a.records...)
		}
		rungOnce(t, a, client, 5, time.Second)
	})
}

// A list from a cache that no request gets past says nothing of what was made after it was stored.
func TestListFromACache(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{0, 2 * time.Second} { // an Age is cut to the second
		a := &api{answers: []reply{done, badGate, done}}
		var cached []record
		var stored time.Time
		a.list = func(all []record) (int, []record) {
			if cached == nil || time.Since(stored) > time.Minute {
				cached, stored = slices.Clone(all), time.Now()
			}
			a.age = time.Since(stored)
			return http.StatusOK, cached
		}
		on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
			witness(t, client)
			_, err := client.Calls.List(t.Context(), voiceagent.CallListParams{}) // is stored
			require.NoError(t, err)
			time.Sleep(after)
			_, err = client.Calls.Create(t.Context(), person(1))
			assert.Equal(t, unknown, endOf(err), "%v", err)
			assert.ErrorContains(t, err, "the list comes from a cache")
			assert.Equal(t, 2, a.posts, "rung once")
		})
	}
}

// A later page that comes from a replica that is behind may leave out records between it and the
// page before.
func TestPagesOfTwoReplicas(t *testing.T) {
	t.Parallel()
	for _, answer := range []reply{badGate, late} {
		a := &api{answers: slices.Concat(slices.Repeat([]reply{done}, 5), []reply{answer, done})}
		a.paging = func(_ []record, _, number int) map[string]any {
			all := a.records
			if number > 1 && len(all) > 0 {
				all = all[1:]
			}
			from := min((number-1)*5, len(all))
			return map[string]any{"data": all[from:min(from+5, len(all))], "total": len(all), "page": number, "page_size": 5}
		}
		on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
			for i := range 5 {
				_, err := client.Calls.Create(t.Context(), person(100+i))
				require.NoError(t, err)
			}
			time.AfterFunc(time.Millisecond, func() {
				for i := range 5 {
					_, err := client.Calls.Create(t.Context(), person(200+i))
					assert.NoError(t, err)
				}
			})
			_, err := client.Calls.Create(t.Context(), person(1))
			time.Sleep(time.Minute)
			synctest.Wait()
			assert.Equal(t, 11, a.posts, "each rung once: %v", err)
			assert.NotEqual(t, failed, endOf(err))
		})
	}
}

// A list that shows only when calls began says nothing of its zone, nor of its clock. A Date that
// is minutes off rules out no call in any zone.
func TestStartsOfAnotherZoneAndClock(t *testing.T) {
	t.Parallel()
	for _, answer := range []reply{badGate, late} {
		a := &api{answers: []reply{done, answer, done}, skew: 9 * time.Minute}
		a.shows = func(r record) record {
			delete(r, "created_at")
			r["started_at"] = time.Now().Add(5*time.Hour + 30*time.Minute).UTC().Format("2006-01-02T15:04:05")
			return r
		}
		on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
			time.Sleep(17 * time.Second) // the times don't seem to be cut
			witness(t, client)
			_, err := client.Calls.Create(t.Context(), person(1))
			assert.Equal(t, unknown, endOf(err), "%v", err)
			assert.Equal(t, 2, a.posts)
		})
	}
}
