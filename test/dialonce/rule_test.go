package dialonce_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// end is how a creation ends.
type end string

const (
	placed    end = "placed"
	failed    end = "failed"
	unknown   end = "unknown"
	unsettled end = "" // not checked
)

func endOf(err error) end {
	switch {
	case err == nil:
		return placed
	case errors.Is(err, voiceagent.ErrOutcomeUnknown):
		return unknown
	}
	return failed
}

// After an attempt that may have been done, nothing is sent again and nothing ends as failed before
// a look that proves it.
func TestAttempts(t *testing.T) {
	t.Parallel()
	status := func(code int, not bool) reply { return reply{status: code, not: not} }
	for _, c := range []struct {
		name    string
		witness bool
		answers []reply
		end     end
		posts   int
		rung    int
	}{
		{"lost, done", false, []reply{lost}, placed, 1, 1},
		{"lost, not done", true, []reply{lostNot}, unknown, 1, 0},
		{"lost, done 20 s later", true, []reply{{later: 20 * time.Second}}, placed, 1, 1},
		{"504, done", false, []reply{late}, placed, 1, 1},
		{"504, not done", true, []reply{lateNot, done}, placed, 2, 1},
		{"504, not done, no witness", false, []reply{lateNot, done}, unknown, 1, 0},
		{"504, done 1.5 s later", true, []reply{{status: 504, later: 1500 * time.Millisecond}}, placed, 1, 1},
		{"504, done 25 s later", true, []reply{{status: 504, later: 25 * time.Second}}, placed, 1, 1},
		{"502, done", false, []reply{badGate}, placed, 1, 1},
		{"502, done, and so on", true, []reply{badGate, badGate, badGate, badGate}, placed, 1, 1},
		{"502, not done", true, []reply{badNot, done}, placed, 2, 1},
		{"502, not done, no witness: the vendor vouches", false, []reply{badNot, done}, placed, 2, 1},
		{"502s, not done, no witness", false, []reply{badNot}, unknown, 4, 0},
		{"502, then refused", true, []reply{badNot, refused}, failed, 2, 0},
		{"502, done 20 s later, then refused", true, []reply{{status: 502, later: 20 * time.Second}, refused}, placed, 2, 1},
		{"502, then refused, no witness", false, []reply{badNot, refused}, unknown, 2, 0},
		{"500, done", true, []reply{status(500, false)}, placed, 1, 1},
		{"503, done", true, []reply{status(503, false)}, placed, 1, 1},
		{"refused", false, []reply{refused}, failed, 1, 0},
		{"429, then lost", true, []reply{throttle, lost}, placed, 2, 1},
		{"501, done", true, []reply{status(501, false)}, placed, 1, 1},
		{"501, not done", true, []reply{status(501, true)}, failed, 1, 0},
		{"501, not done, no witness", false, []reply{status(501, true)}, unknown, 1, 0},
		{"501, done 25 s later", true, []reply{{status: 501, later: 25 * time.Second}}, placed, 1, 1},
		{"408, done 25 s later", true, []reply{{status: 408, later: 25 * time.Second}}, placed, 1, 1},
		{"101, done", true, []reply{status(101, false)}, placed, 1, 1},
		{"99, done", true, []reply{status(99, false)}, placed, 1, 1},
		{"101, not done", true, []reply{status(101, true)}, unknown, 1, 0},
		{"300, done", true, []reply{status(300, false)}, placed, 1, 1},
		{"302, done", true, []reply{status(302, false)}, placed, 1, 1},
		{"408, done", true, []reply{status(408, false)}, placed, 1, 1},
		{"425, done", true, []reply{status(425, false)}, placed, 1, 1},
		{"444, done", true, []reply{status(444, false)}, placed, 1, 1},
		{"499, done", true, []reply{status(499, false)}, placed, 1, 1},
		{"499, not done", true, []reply{status(499, true)}, failed, 1, 0},
		{"599, done", true, []reply{status(599, false)}, placed, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := &api{answers: c.answers}
			if c.witness {
				a.answers = append([]reply{done}, c.answers...)
			}
			on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
				if c.witness {
					witness(t, client)
				}
				before := a.posts
				_, err := client.Calls.Create(t.Context(), person(1))
				assert.Equal(t, c.end, endOf(err), "%v", err)
				assert.Equal(t, c.posts, a.posts-before, "sent")
				time.Sleep(time.Minute)
				synctest.Wait()
				assert.Len(t, a.records, before+c.rung, "rung")
				assert.LessOrEqual(t, len(a.looks), 8*a.posts)
			})
		})
	}
}

// A witness counts if it is one of the last five, in the list, and young.
func TestWitnesses(t *testing.T) {
	t.Parallel()
	hide := func(ids ...string) func([]record) (int, []record) {
		return func(all []record) (int, []record) {
			return http.StatusOK, slices.DeleteFunc(slices.Clone(all), func(r record) bool { return slices.Contains(ids, r["id"].(string)) })
		}
	}
	for _, c := range []struct {
		name string
		n    int           // good calls before
		gap  time.Duration // after each
		list func([]record) (int, []record)
		end  end
	}{
		{"one, young", 1, 4 * time.Second, nil, placed},
		{"one, old", 1, 6 * time.Second, nil, unknown},
		{"one, very old", 1, time.Hour, nil, unknown},
		{"five, a second apart", 5, time.Second, nil, placed},
		{"the fifth from the end is hidden", 6, time.Second, hide("id-2"), unknown},
		{"the sixth from the end is hidden", 6, time.Second, hide("id-1"), placed},
		{"the last is hidden", 6, time.Second, hide("id-6"), unknown},
		{"all are hidden", 6, time.Second, func([]record) (int, []record) { return http.StatusOK, nil }, unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			answers := slices.Repeat([]reply{done}, c.n)
			on(t, &api{answers: append(answers, badNot, done), list: c.list}, func(t *testing.T, a *api, client *voiceagent.Client) {
				for i := range c.n {
					_, err := client.Calls.Create(t.Context(), person(100+i))
					require.NoError(t, err)
					time.Sleep(c.gap)
				}
				_, err := client.Calls.Create(t.Context(), person(1))
				assert.Equal(t, c.end, endOf(err), "%v", err)
				assert.LessOrEqual(t, len(a.looks), 8*a.posts)
				if c.end == unknown {
					assert.ErrorContains(t, err, "the list doesn't show what was placed just before")
				}
			})
		})
	}
}

// A list that shows calls late must have shown a witness as late as ours would come.
func TestLateList(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{500 * time.Millisecond, 2 * time.Second, 3 * time.Second, 10 * time.Second, 25 * time.Second} {
		for _, gap := range []time.Duration{0, time.Second, 4 * time.Second} {
			t.Run(fmt.Sprintf("%v late, a call each %v", lag, gap), func(t *testing.T) {
				t.Parallel()
				a := &api{answers: []reply{done, done, done, badGate, done, done}}
				a.list = func(all []record) (int, []record) {
					return http.StatusOK, slices.DeleteFunc(slices.Clone(all), func(r record) bool {
						at, _ := time.Parse(time.RFC3339Nano, r["created_at"].(string))
						return time.Since(at) < lag
					})
				}
				on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
					for i := range 6 {
						_, err := client.Calls.Create(t.Context(), person(i))
						assert.Equal(t, placed, endOf(err), "%v", err)
						time.Sleep(gap)
					}
					assert.Equal(t, 6, a.posts, "each was sent once")
				})
			})
		}
	}
}

// A list that shows calls only once they have ended says nothing of one that goes on.
func TestListOfWhatHasEnded(t *testing.T) {
	t.Parallel()
	for _, answer := range []reply{late, badGate} {
		a := &api{answers: []reply{done, answer, done}}
		a.shows = func(r record) record {
			r["status"] = "in_progress"
			if r["id"] == "id-1" { // the witness was short
				r["status"] = "completed"
			}
			return r
		}
		a.list = func(all []record) (int, []record) {
			return http.StatusOK, slices.DeleteFunc(slices.Clone(all), func(r record) bool { return r["status"] != "completed" })
		}
		on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
			witness(t, client)
			_, err := client.Calls.Create(t.Context(), person(1))
			assert.Equal(t, unknown, endOf(err), "%v", err)
			assert.Equal(t, 2, a.posts)
		})
	}
}

// A list that was seen to be late is given as much time again, and more.
func TestListThatIsLateNowAndThen(t *testing.T) {
	t.Parallel()
	for _, slow := range []map[string]time.Duration{
		{"id-3": 25 * time.Second, "id-9": 10 * time.Second},
		{"id-3": 6 * time.Second, "id-9": 5 * time.Second},
	} {
		a := &api{answers: append(slices.Repeat([]reply{done}, 3), lostNot, done, done, done, done, badGate, done)}
		a.list = func(all []record) (int, []record) {
			return http.StatusOK, slices.DeleteFunc(slices.Clone(all), func(r record) bool {
				at, _ := time.Parse(time.RFC3339Nano, r["created_at"].(string))
				return time.Since(at) < slow[r["id"].(string)]
			})
		}
		on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
			for i := range 9 {
				_, err := client.Calls.Create(t.Context(), person(i))
				assert.Equal(t, i == 3, endOf(err) == unknown, "%d: %v", i, err)
			}
			assert.Equal(t, 9, a.posts, "each was sent once")
		})
	}
}

// What a list shows in another form is found or in doubt. It is never taken for what was not made.
func TestForms(t *testing.T) {
	t.Parallel()
	set := func(key string, value any) func(record) record {
		return func(r record) record { r[key] = value; return r }
	}
	without := func(key string) func(record) record {
		return func(r record) record { delete(r, key); return r }
	}
	at := func(layout string, zone *time.Location) func(record) record {
		return func(r record) record { r["created_at"] = time.Now().In(zone).Format(layout); return r }
	}
	ist := time.FixedZone("IST", 19800)
	for _, c := range []struct {
		name  string
		shows func(record) record
		skew  time.Duration
		end   end
	}{
		{"as the client wants it", nil, 0, placed},
		{"number masked", set("phone_number", "+91******0001"), 0, unknown},
		{"number national", set("phone_number", "09876540001"), 0, unknown},
		{"number null", set("phone_number", nil), 0, unknown},
		{"number missing", without("phone_number"), 0, unknown},
		{"number as a JSON number", set("phone_number", 919876540001), 0, placed},
		{"number spaced", set("phone_number", "+91 98765 40001"), 0, placed},
		{"agent missing", without("agent_id"), 0, unknown},
		{"agent in capitals", set("agent_id", "AG_1"), 0, unknown},
		{"direction in capitals", set("direction", "OUTBOUND"), 0, placed},
		{"direction outbound-api", set("direction", "outbound-api"), 0, placed},
		{"another source number", set("source_number", "+918044556677"), 0, unknown},
		{"metadata as strings", set("metadata", map[string]any{"row": "1"}), 0, placed},
		{"metadata as text", set("metadata", `{"row": 1}`), 0, placed},
		{"metadata of a campaign", set("metadata", map[string]any{"row": 1, "campaign_id": "c_1"}), 0, unknown},
		{"campaign null", set("metadata", map[string]any{"row": 1, "campaign_id": nil}), 0, placed},
		{"other metadata", set("metadata", map[string]any{"row": 2}), 0, unknown},
		{"no metadata", without("metadata"), 0, placed},
		{"another zone, no offset", at("2006-01-02T15:04:05", ist), 0, placed},
		{"whole minutes", at("2006-01-02T15:04", time.UTC), 0, unsettled},
		{"a date alone", at("2006-01-02", time.UTC), 0, unknown},
		{"no time", without("created_at"), 0, unknown},
		{"a time nobody reads", set("created_at", "just now"), 0, unknown},
		{"Date 5 s ahead", nil, 5 * time.Second, placed},
		{"Date 5 s behind", nil, -5 * time.Second, placed},
		{"Date 10 min ahead", nil, 10 * time.Minute, placed},
		{"no id", without("id"), 0, unknown},
		{`id "None"`, set("id", "None"), 0, unknown},
		{`id "nan"`, set("id", "nan"), 0, unknown},
		{`agent "None"`, set("agent_id", "None"), 0, unknown},
		{`agent "nan"`, set("agent_id", "nan"), 0, unknown},
	} {
		for _, answer := range []reply{lost, late, badGate} {
			t.Run(fmt.Sprint(c.name, " ", answer.status), func(t *testing.T) {
				t.Parallel()
				a := &api{answers: []reply{done, answer, done}, skew: c.skew}
				a.shows = func(r record) record {
					if c.shows == nil || r["id"] == "id-1" && !isTime(c.name) { // the witness is shown as it is
						return r
					}
					return c.shows(r)
				}
				on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
					witness(t, client)
					_, err := client.Calls.Create(t.Context(), person(1))
					if c.end != unsettled {
						assert.Equal(t, c.end, endOf(err), "%v", err)
					}
					assert.NotEqual(t, failed, endOf(err), "%v", err)
					assert.Equal(t, 2, a.posts, "rung once")
				})
			})
		}
	}
}

// isTime reports whether a form is of times, which the list has for all records.
func isTime(name string) bool { return name == "another zone, no offset" || name == "whole minutes" }

// What certainly isn't ours doesn't stand in the way.
func TestOthersAreRuledOut(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(record){
		"another agent":            func(r record) { r["agent_id"] = "ag_2" },
		"another number":           func(r record) { r["phone_number"] = "+919876540002" },
		"another number, masked":   func(r record) { r["phone_number"] = "+91******0002" },
		"its last four digits":     func(r record) { r["phone_number"] = "+15550100001" },
		"inbound":                  func(r record) { r["direction"] = "INBOUND" },
		"web":                      func(r record) { r["direction"] = "web" },
		"a minute before the hour": func(r record) { r["created_at"] = time.Now().Add(-67 * time.Minute).UTC().Format(time.RFC3339) },
		"after now":                func(r record) { r["created_at"] = time.Now().Add(8 * time.Minute).UTC().Format(time.RFC3339) },
		"started before": func(r record) {
			delete(r, "created_at")
			r["started_at"] = time.Now().Add(-67 * time.Minute).UTC().Format(time.RFC3339)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			on(t, &api{answers: []reply{done, badNot, done}}, func(t *testing.T, a *api, client *voiceagent.Client) {
				witness(t, client)
				other := record{"id": "other", "agent_id": "ag_1", "phone_number": "+919876540001", "direction": "outbound",
					"created_at": time.Now().UTC().Format(time.RFC3339)}
				change(other)
				a.records = append(a.records, other)
				call, err := client.Calls.Create(t.Context(), person(1))
				require.NoError(t, err)
				assert.Equal(t, "id-3", call.ID, "it was sent again")
			})
		})
	}
}

// A call is known by started_at where it doesn't say when it was created.
func TestStartedAtIsEnough(t *testing.T) {
	t.Parallel()
	a := &api{answers: []reply{lost}}
	a.shows = func(r record) record { r["started_at"] = r["created_at"]; delete(r, "created_at"); return r }
	on(t, a, func(t *testing.T, _ *api, client *voiceagent.Client) {
		_, err := client.Calls.Create(t.Context(), person(1))
		require.NoError(t, err)
	})
}

// The window begins with the first attempt, not with the last one.
func TestWindowBeginsWithTheFirstAttempt(t *testing.T) {
	t.Parallel()
	var a *api
	var shown atomic.Bool
	a = &api{answers: []reply{badGate, {status: 503, not: true}, lostNot}, list: func(all []record) (int, []record) {
		if !shown.Load() {
			return http.StatusOK, nil
		}
		return http.StatusOK, all
	}}
	on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
		time.AfterFunc(40*time.Second, func() { shown.Store(true) }) // after the third attempt was sent
		call, err := client.Calls.Create(t.Context(), person(1))
		require.NoError(t, err)
		assert.Equal(t, "id-1", call.ID)
		assert.Equal(t, 3, a.posts)
	})
}

func TestOutcomeFailSendsNothingAgain(t *testing.T) {
	t.Parallel()
	for _, answer := range []reply{lost, late, badGate, {status: 500}, {status: 503}, {status: 501}, {status: 499}, {status: 303}} {
		on(t, &api{answers: []reply{answer, done}}, func(t *testing.T, a *api, client *voiceagent.Client) {
			start := time.Now()
			_, err := client.Calls.Create(t.Context(), person(1))
			assert.Equal(t, unknown, endOf(err), "%v", err)
			assert.Equal(t, 1, a.posts)
			assert.Empty(t, a.looks)
			assert.Zero(t, time.Since(start))
		}, voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
	}
}

// Equal calls whose answers name no id, or one that the list doesn't show, are never taken.
func TestEqualCallsUnderOtherIDs(t *testing.T) {
	t.Parallel()
	for name, shows := range map[string]func(record) record{
		"no id in the answer": func(r record) record {
			other := maps.Clone(r)
			delete(r, "id") // of which the answer is made
			return other
		},
		"another id in the list": func(r record) record {
			other := maps.Clone(r)
			other["id"] = "list-" + r["id"].(string)
			return other
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &api{answers: []reply{done, lostNot}, shows: shows}
			on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
				_, err := client.Calls.Create(t.Context(), person(1))
				require.NoError(t, err)
				_, err = client.Calls.Create(t.Context(), person(1))
				assert.Equal(t, unknown, endOf(err), "the first one's call is not the second one's")
				assert.Len(t, a.records, 1)
			})
		})
	}
}

func TestCampaigns(t *testing.T) {
	t.Parallel()
	campaign := func(n int) voiceagent.CampaignCreateParams {
		p := voiceagent.CampaignCreateParams{Name: " January  run ", AgentID: "ag_1", From: "+15550100000", MaxConcurrentCalls: 20}
		for i := range n {
			p.Contacts = append(p.Contacts, voiceagent.Contact{"phone": fmt.Sprintf("+91987654%04d", i)})
		}
		return p
	}
	for name, shows := range map[string]func(record) record{
		"as it is":    nil,
		"trimmed":     func(r record) record { r["name"] = "January run"; return r },
		"one skipped": func(r record) record { r["total"] = 9; return r },
		"capped":      func(r record) record { r["max_concurrent_calls"] = 5; return r },
		"no agent":    func(r record) record { delete(r, "agent_id"); return r },
	} {
		for _, answer := range []reply{late, lost, badGate, {status: 504, later: 2 * time.Second}, {status: 504, later: 20 * time.Second}} {
			t.Run(fmt.Sprint(name, answer), func(t *testing.T) {
				t.Parallel()
				on(t, &api{answers: []reply{answer, done}, shows: shows}, func(t *testing.T, a *api, client *voiceagent.Client) {
					made, err := client.Campaigns.Create(t.Context(), campaign(10))
					require.NoError(t, err)
					assert.Equal(t, "id-1", made.ID)
					assert.Equal(t, 1, a.posts)
				})
			})
		}
	}
	t.Run("two of one name", func(t *testing.T) {
		t.Parallel()
		on(t, &api{answers: []reply{lost}}, func(t *testing.T, a *api, client *voiceagent.Client) {
			now := time.Now().UTC().Format(time.RFC3339Nano)
			a.records = []record{{"id": "other", "name": " January  run ", "agent_id": "ag_1", "total": 3, "created_at": now}}
			made, err := client.Campaigns.Create(t.Context(), campaign(10))
			require.NoError(t, err)
			assert.Equal(t, "id-1", made.ID)

			a.records = []record{{"id": "x", "name": " January  run ", "agent_id": "ag_1", "total": 3, "created_at": now},
				{"id": "y", "name": " January  run ", "agent_id": "ag_1", "total": 4, "created_at": now}}
			a.answers = []reply{lostNot}
			_, err = a.client().Campaigns.Create(t.Context(), campaign(10))
			assert.Equal(t, unknown, endOf(err), "neither is known to be ours")
			assert.ErrorContains(t, err, "the list shows one that may be it and can't be told for sure")
		})
	})
}

// An outage doesn't make every outcome unknown: a look that fails is repeated. One that is refused
// isn't.
func TestLookDuringAnOutage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		lasts  time.Duration
		end    end
	}{
		"two minutes of 502":    {502, 2 * time.Minute, placed},
		"two minutes of 429":    {429, 2 * time.Minute, placed},
		"two minutes of 500":    {500, 2 * time.Minute, placed},
		"ten minutes of 500":    {500, 10 * time.Minute, unknown},
		"forbidden for a while": {403, 10 * time.Second, unknown},
		"two minutes unreached": {0, 2 * time.Minute, placed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &api{answers: []reply{done, badGate, done}}
			on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
				witness(t, client)
				over := time.Now().Add(c.lasts)
				a.list = func(all []record) (int, []record) {
					if time.Now().Before(over) {
						return c.status, nil
					}
					return http.StatusOK, all
				}
				_, err := client.Calls.Create(t.Context(), person(1))
				assert.Equal(t, c.end, endOf(err), "%v", err)
				assert.Equal(t, 2, a.posts)
			})
		})
	}
}

func TestSettleTime(t *testing.T) {
	t.Parallel()
	for _, settle := range []time.Duration{0, time.Second, 10 * time.Second, 2 * time.Minute} {
		on(t, &api{answers: []reply{done, lostNot}}, func(t *testing.T, a *api, client *voiceagent.Client) {
			witness(t, client)
			start := time.Now()
			_, err := client.Calls.Create(t.Context(), person(1))
			assert.Equal(t, unknown, endOf(err))
			assert.InDelta(t, max(settle, 400*time.Millisecond).Seconds(), time.Since(start).Seconds(), 0.11, "%v", settle)
		}, voiceagent.WithSettleTime(settle))
	}
}

// Nothing is called refused before it has settled, after a 502 neither.
func TestLastAttemptSettles(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout} {
		for end, last := range map[end]reply{placed: {status: status, later: 20 * time.Second}, failed: {status: status, not: true}} {
			on(t, &api{answers: []reply{done, last}}, func(t *testing.T, a *api, client *voiceagent.Client) {
				witness(t, client)
				_, err := client.Calls.Create(t.Context(), person(1))
				assert.Equal(t, end, endOf(err), "%v", err)
				assert.Equal(t, 2, a.posts)
			}, voiceagent.WithMaxRetries(0))
		}
	}
}

func TestNothingIsAskedWhereNoAnswerWasLost(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{throttle, done}}, func(t *testing.T, a *api, client *voiceagent.Client) {
		for i := range 20 {
			_, err := client.Calls.Create(t.Context(), person(i))
			require.NoError(t, err)
		}
		assert.Empty(t, a.looks)
	})
}
