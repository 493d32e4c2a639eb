package dialonce_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// Whatever habit the list has, who was rung is not rung again, and isn't called refused.
func TestHabitsOfLists(t *testing.T) {
	t.Parallel()
	set := func(key string, value any) func(record) record {
		return func(r record) record { r[key] = value; return r }
	}
	number := func(form func(string) any) func(record) record {
		return func(r record) record { r["phone_number"] = form(r["phone_number"].(string)); return r }
	}
	cut := func(d time.Duration) func(record) record {
		return func(r record) record { r["created_at"] = time.Now().UTC().Truncate(d).Format(time.RFC3339); return r }
	}
	for _, c := range []struct {
		name  string
		shows func(record) record
	}{
		{"numbers as floats", number(func(n string) any { return n[1:] + ".0" })},
		{"numbers as JSON floats", number(func(n string) any { var f float64; _, _ = fmt.Sscan(n, &f); return f })},
		{"numbers with a trunk zero", number(func(n string) any { return n[:3] + " (0) " + n[3:] })},
		{"numbers with a trunk zero, bare", number(func(n string) any { return n[:3] + "0" + n[3:] })},
		{"numbers hashed", number(func(n string) any { return fmt.Sprintf("sha256:9f3a%s77", n[8:]) })},
		{"numbers as tokens", number(func(n string) any { return "tok_5b3e1f88" })},
		{"numbers as base64", number(func(n string) any { return "KzkxOTg3NjU0MDAwMQ==" })},
		{"numbers at an address", number(func(n string) any { return "sip:0" + n[3:] + "@10.0.0.1" })},
		{"numbers all masked by zeros", number(func(n string) any { return "+910000000000" })},
		{"numbers in the wrong order", number(func(n string) any { return n[3:] + " 91" })},
		{"session ids that stand for none", set("session_id", "00000000-0000-0000-0000-000000000000")},
		{"session ids of 0", set("session_id", "0")},
		{"session ids of pending", set("session_id", "pending")},
		{"session ids of the agent", set("session_id", "ag_1")},
		{"agents by another key", set("agent_id", "17")},
		{"agents with a path", set("agent_id", "agents/ag_1")},
		{"all called web", set("direction", "web")},
		{"all called inbound", set("direction", "Inbound")},
		{"times equal for all", set("created_at", "2026-01-01T00:00:00Z")},
		{"times as Unix seconds", func(r record) record { r["created_at"] = time.Now().Unix(); return r }},
		{"times as Unix milliseconds in text", func(r record) record { r["created_at"] = fmt.Sprint(time.Now().UnixMilli()); return r }},
		{"times as Unix microseconds", func(r record) record { r["created_at"] = time.Now().UnixMicro(); return r }},
		{"times of RFC 1123", func(r record) record { r["created_at"] = time.Now().UTC().Format(time.RFC1123); return r }},
		{"times local with a false Z", func(r record) record {
			r["created_at"] = time.Now().UTC().Add(330 * time.Minute).Format("2006-01-02T15:04:05Z")
			return r
		}},
		{"times in a zone of odd minutes", func(r record) record {
			r["created_at"] = time.Now().UTC().Add(321 * time.Minute).Format("2006-01-02T15:04:05Z")
			return r
		}},
		{"times cut to five minutes", cut(5 * time.Minute)},
		{"times cut to the hour", cut(time.Hour)},
		{"times in the future", func(r record) record {
			r["created_at"] = time.Now().UTC().Add(50 * time.Hour).Format(time.RFC3339)
			return r
		}},
		{"a time of beginning, at once", func(r record) record { r["started_at"] = r["created_at"]; delete(r, "created_at"); return r }},
		{"hour of 12", func(r record) record { r["created_at"] = time.Now().UTC().Format("2006-01-02 03:04:05"); return r }},
		{"ids as numbers", func(r record) record {
			var n float64
			_, _ = fmt.Sscanf(r["id"].(string), "id-%g", &n)
			r["id"] = n
			return r
		}},
		{"words of their own for a state", set("status", "hungup")},
	} {
		for _, answer := range []reply{lost, late, badGate} {
			for _, at := range []time.Duration{0, 59*time.Minute + 58*time.Second} {
				t.Run(fmt.Sprint(c.name, answer.status, at), func(t *testing.T) {
					t.Parallel()
					a := &api{answers: []reply{done, answer, done}, shows: c.shows}
					on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
						time.Sleep(at)
						witness(t, client)
						time.Sleep(3 * time.Second)
						_, err := client.Calls.Create(t.Context(), person(1))
						assert.NotEqual(t, failed, endOf(err), "%v", err)
						time.Sleep(time.Minute)
						synctest.Wait()
						assert.Equal(t, 2, a.posts, "rung once: %v", err)
						if endOf(err) == unknown {
							t.Log("unknown")
						}
					})
				})
			}
		}
	}
}

// rungOnce places n good calls, then one that is answered as a says. It checks that this one rang
// once at the most.
func rungOnce(t *testing.T, a *api, client *voiceagent.Client, n int, gap time.Duration) end {
	t.Helper()
	for i := range n {
		_, err := client.Calls.Create(t.Context(), person(100+i))
		require.NoError(t, err)
		time.Sleep(gap)
	}
	before := a.posts
	_, err := client.Calls.Create(t.Context(), person(1))
	time.Sleep(time.Minute)
	synctest.Wait()
	assert.Equal(t, 1, a.posts-before, "rung once: %v", err)
	assert.NotEqual(t, failed, endOf(err), "%v", err)
	return endOf(err)
}

// A campaign that the server has renamed isn't made again.
func TestCampaignsUnderOtherNames(t *testing.T) {
	t.Parallel()
	name := func(form func(string) string) func(record) record {
		return func(r record) record { r["name"] = form(r["name"].(string)); return r }
	}
	for form, shows := range map[string]func(record) record{
		"lower case": name(strings.ToLower),
		"a slug":     name(func(n string) string { return strings.ReplaceAll(strings.ToLower(n), " ", "-") }),
		"cut":        name(func(n string) string { return n[:min(20, len(n))] }),
		"numbered":   name(func(n string) string { return strings.Replace(n+" (2)", "Witness (2)", "Witness", 1) }),
		"dated":      name(func(n string) string { return strings.Replace("2026-11-26 "+n, "2026-11-26 Witness", "Witness", 1) }),
		"escaped":    name(func(n string) string { return strings.ReplaceAll(n, "&", "&amp;") }),
	} {
		for _, answer := range []reply{badGate, late, lost} {
			t.Run(fmt.Sprint(form, answer.status), func(t *testing.T) {
				t.Parallel()
				on(t, &api{answers: []reply{done, answer, done}, shows: shows}, func(t *testing.T, a *api, client *voiceagent.Client) {
					campaign := voiceagent.CampaignCreateParams{Name: "Witness", AgentID: "ag_1", From: "+15550100000",
						Contacts: []voiceagent.Contact{{"phone": "+919876540001"}}}
					_, err := client.Campaigns.Create(t.Context(), campaign)
					require.NoError(t, err)
					campaign.Name = "Reminders & thanks of January, second half"
					campaign.Contacts = append(campaign.Contacts, voiceagent.Contact{"phone": "+919876540002"})
					_, err = client.Campaigns.Create(t.Context(), campaign)
					assert.NotEqual(t, failed, endOf(err), "%v", err)
					assert.Equal(t, 2, a.posts, "made once: %v", err)
				})
			})
		}
	}
}

// A context may end, or the time run out, at any moment. What the error says about the call is
// still true, and so is what a second request under the key returns.
func TestEndsAtEachMoment(t *testing.T) {
	t.Parallel()
	options := map[string][]voiceagent.ClientOption{
		"default":        nil,
		"no retries":     {voiceagent.WithMaxRetries(0)},
		"settle time 5s": {voiceagent.WithSettleTime(5 * time.Second)},
		"no bound":       {voiceagent.WithMaxElapsed(0), voiceagent.WithAttemptTimeout(0)},
		"fail":           {voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail)},
		"plan":           {voiceagent.WithPlan(voiceagent.PlanFree)},
	}
	answers := map[string][]reply{
		"502, done":          {badGate, done},
		"502, not done":      {badNot, done},
		"502, 429":           {badNot, throttle, done},
		"502, lost":          {badNot, lost},
		"504, done":          {late, done},
		"504, done later":    {{status: 504, later: 3 * time.Second}, done},
		"504, not done":      {lateNot, lateNot, done},
		"lost, done":         {lost, done},
		"lost, done later":   {{later: 3 * time.Second}, done},
		"lost, not done":     {lostNot, done},
		"429, lost":          {throttle, lost, done},
		"403":                {refused},
		"502, 403":           {badNot, refused},
		"503, done":          {{status: 503}, done},
		"501, done":          {{status: 501}, done},
		"done, empty answer": {{status: 200, silent: true}, done},
	}
	for opts, options := range options {
		for name, replies := range answers {
			t.Run(opts+", "+name, func(t *testing.T) {
				t.Parallel()
				for i := range 10 {
					after := time.Duration(i*i) * 430 * time.Millisecond
					for _, kind := range []string{"cancel", "deadline", "elapsed"} {
						a := &api{answers: append([]reply{done}, replies...)}
						on(t, a, func(t *testing.T, a *api, _ *voiceagent.Client) {
							ledger := voiceagent.NewMemoryLedger()
							opts := append(slices.Clip(options), voiceagent.WithLedger(ledger))
							client := a.client(opts...)
							witness(t, client)
							ctx, cancel := context.WithCancel(t.Context())
							defer cancel()
							one := []voiceagent.RequestOption{row}
							switch kind {
							case "cancel":
								time.AfterFunc(after, cancel)
							case "deadline":
								ctx, cancel = context.WithTimeout(ctx, after)
								defer cancel()
							default:
								one = append(one, voiceagent.WithMaxElapsed(after+1))
							}
							_, err := client.Calls.Create(ctx, person(1), one...)
							said := endOf(err)
							time.Sleep(10 * time.Second)
							synctest.Wait()
							rung := len(a.records) - 1
							require.LessOrEqual(t, rung, 1, "%s after %v: %v", kind, after, err)
							switch said {
							case placed:
								require.Equal(t, 1, rung, "%s after %v", kind, after)
							case failed:
								require.Zero(t, rung, "%s after %v: %v", kind, after, err)
							}
							_, err = a.client(opts...).Calls.Create(t.Context(), person(1), row)
							time.Sleep(10 * time.Second)
							synctest.Wait()
							require.LessOrEqual(t, len(a.records)-1, 1, "%s after %v, again: %v", kind, after, err)
						})
					}
				}
			})
		}
	}
}

// Several workers place calls that are wanted twice. The list flips between replicas, misses
// records for a while, and shifts while it is read. Nobody is rung too often, and every call that
// is reported as placed rang.
func TestManyOverAListThatFlips(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 1))
			kinds := []reply{done, done, done, done, lost, lostNot, late, lateNot, badGate, badNot, throttle, {status: 504, later: 3 * time.Second},
				{later: 2 * time.Second}, {status: 503}, {status: 500, not: true}, {status: 501}}
			a := &api{answers: []reply{done}}
			for range 400 {
				a.answers = append(a.answers, kinds[random.IntN(len(kinds))])
			}
			habit := random.IntN(6)
			a.paging = func(_ []record, total, number int) map[string]any {
				all := slices.Clone(a.records)
				switch habit {
				case 0, 3: // replicas: up to some seconds old
					lag := time.Duration(random.IntN(6)) * time.Second
					all = slices.DeleteFunc(all, func(r record) bool {
						at, err := time.Parse(time.RFC3339Nano, r["created_at"].(string))
						return err == nil && time.Since(at) < lag
					})
				case 1: // no metadata, and equal times
					for i := range all {
						all[i] = maps.Clone(all[i])
						delete(all[i], "metadata")
					}
				case 2:
					slices.Reverse(all)
				case 4: // numbers are masked
					for i := range all {
						all[i] = maps.Clone(all[i])
						n := all[i]["phone_number"].(string)
						all[i]["phone_number"] = n[:3] + "******" + n[len(n)-4:]
					}
				}
				size := []int{5, 20, 100}[seed%3]
				from := min((number-1)*size, len(all))
				return map[string]any{"data": all[from:min(from+size, len(all))], "total": len(all), "page": number, "page_size": size}
			}
			on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
				witness(t, client)
				var mu sync.Mutex
				wanted, placedTo, failedTo := map[string]int{}, map[string]int{}, map[string]int{}
				unclear := 0
				calls := func(yield func(voiceagent.CallCreateParams) bool) {
					for i := range 60 {
						p := person(1 + i%(5+11*int(seed%4)))
						p.Metadata = map[string]any{"row": i}
						if !yield(p) {
							return
						}
					}
				}
				for _, r := range client.Calls.CreateEach(t.Context(), calls, voiceagent.CreateEachParams{Concurrency: 1 + int(seed%7)}) {
					mu.Lock()
					wanted[r.Params.To]++
					switch endOf(r.Err) {
					case placed:
						placedTo[r.Params.To]++
					case failed:
						failedTo[r.Params.To]++
					default:
						unclear++
					}
					mu.Unlock()
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				rung := map[string]int{}
				for _, r := range a.records {
					rung[r["phone_number"].(string)]++
				}
				for to, n := range wanted {
					assert.LessOrEqual(t, rung[to]+failedTo[to], n, "%s habit %d: rung", to, habit)
					assert.LessOrEqual(t, placedTo[to], rung[to], "%s habit %d: placed", to, habit)
				}
				if testing.Verbose() {
					t.Logf("habit %d: %d unknown of 60", habit, unclear)
				}
			})
		})
	}
}

// Equal calls, each under its own key. An older version began one of them, so its entry has no twin
// and no witnesses.
func TestEntriesOfAnOlderVersion(t *testing.T) {
	t.Parallel()
	for _, answer := range []reply{lost, lostNot} {
		on(t, &api{answers: []reply{answer, done}}, func(t *testing.T, a *api, _ *voiceagent.Client) {
			begun := &dying{MemoryLedger: voiceagent.NewMemoryLedger()}
			ctx, cancel := context.WithCancel(t.Context())
			a.answered = func() { begun.dead = true; cancel() }
			_, err := a.client(voiceagent.WithLedger(begun)).Calls.Create(ctx, person(1), row)
			require.Error(t, err)
			a.answered = nil
			for i := range begun.left {
				begun.left[i].Twin, begun.left[i].Witnesses, begun.left[i].AheadKnown, begun.left[i].Ahead = "", nil, false, 0
			}
			time.Sleep(time.Hour)
			client := a.client(voiceagent.WithLedger(begun.heir(t)))
			witness(t, client)
			rung := len(a.records) - 1
			_, err = client.Calls.Create(t.Context(), person(1), row)
			assert.NotEqual(t, failed, endOf(err), "%v", err)
			if rung == 1 {
				assert.Equal(t, 2, a.posts, "rung once: %v", err)
			}
		})
	}
}

// A client whose last call is long ago has witnesses, but old ones: they don't show how late the
// list is.
func TestAfterALongPause(t *testing.T) {
	t.Parallel()
	a := &api{answers: []reply{done, badGate, done}}
	a.list = func(all []record) (int, []record) {
		return http.StatusOK, slices.DeleteFunc(slices.Clone(all), func(r record) bool {
			at, _ := time.Parse(time.RFC3339Nano, r["created_at"].(string))
			return time.Since(at) < 3*time.Second
		})
	}
	on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) { rungOnce(t, a, client, 1, 11*time.Minute) })
}
