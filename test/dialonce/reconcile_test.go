package dialonce_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	"github.com/voiceagent-go/voiceagent/internal/testkit"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// The kinds of fault after which the work is done and the caller can't know.
var lostAnswers = []voiceagenttest.Fault{
	{Kind: voiceagenttest.StatusAfter, Status: http.StatusGatewayTimeout},
	{Kind: voiceagenttest.StatusAfter, Status: 520},
	{Kind: voiceagenttest.StatusAfter, Status: 524},
	{Kind: voiceagenttest.DropAfter},
	{Kind: voiceagenttest.HangAfter},
	{Kind: voiceagenttest.TruncatedJSON},
	{Kind: voiceagenttest.CutBody},
	{Kind: voiceagenttest.NullData},
	{Kind: voiceagenttest.WrongShape},
}

// inBubble runs a test on virtual time against a simulator, with an agent.
func inBubble(t *testing.T, run func(t *testing.T, srv *voiceagenttest.Server, agent string), opts ...voiceagenttest.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := voiceagenttest.NewServer(opts...)
		defer srv.Close()
		run(t, srv, srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"}))
	})
}

func callTo(agent, number string) voiceagent.CallCreateParams {
	return voiceagent.CallCreateParams{AgentID: agent, From: "+15550100000", To: number, Metadata: map[string]any{"row": 7, "vip": true}}
}

const asked = "+919876543210"

// sentTo counts the requests of a route.
func sentTo(srv *voiceagenttest.Server, method, route string) (n int) {
	for _, r := range srv.Requests() {
		if r.Method == method && r.Route == route {
			n++
		}
	}
	return n
}

func TestLostAnswerIsFound(t *testing.T) {
	t.Parallel()
	creations := map[string]func(context.Context, *voiceagent.Client, string, ...voiceagent.RequestOption) (string, error){
		"/call": func(ctx context.Context, c *voiceagent.Client, agent string, opts ...voiceagent.RequestOption) (string, error) {
			call, err := c.Calls.Create(ctx, callTo(agent, asked), opts...)
			if err != nil {
				return "", err
			}
			return call.Ref(), nil
		},
		"/campaigns": func(ctx context.Context, c *voiceagent.Client, agent string, opts ...voiceagent.RequestOption) (string, error) {
			campaign, err := c.Campaigns.Create(ctx, voiceagent.CampaignCreateParams{Name: "January", AgentID: agent, From: "+15550100000",
				Contacts: []voiceagent.Contact{{"phone": asked}}, MaxConcurrentCalls: 2}, opts...)
			if err != nil {
				return "", err
			}
			return campaign.ID, nil
		},
		"/agents": func(ctx context.Context, c *voiceagent.Client, _ string, opts ...voiceagent.RequestOption) (string, error) {
			agent, err := c.Agents.Create(ctx, testkit.ValidAgent(), opts...)
			if err != nil {
				return "", err
			}
			return agent.ID, nil
		},
	}
	for route, create := range creations {
		for _, fault := range lostAnswers {
			for _, skew := range []time.Duration{0, -10 * time.Minute, 3 * time.Hour} {
				fault.Method, fault.Route = "POST", route
				t.Run(fmt.Sprintf("%s %s %d, server %v ahead", route, fault.Kind, fault.Status, skew), func(t *testing.T) {
					t.Parallel()
					inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
						srv.Fail(fault)
						var response voiceagent.Response
						ref, err := create(t.Context(), srv.Client(), agent, voiceagent.WithResponse(&response))
						require.NoError(t, err)
						assert.NotEmpty(t, ref)
						assert.Equal(t, 1, sentTo(srv, "POST", route), "creations sent")
						assert.LessOrEqual(t, srv.RequestCount(), 2, "the creation and a look")
						require.Len(t, response.Attempts, 2)
						assert.False(t, response.Attempts[0].Lookup)
						assert.Error(t, response.Attempts[0].Err)
						assert.True(t, response.Attempts[1].Lookup)
						assert.NoError(t, response.Attempts[1].Err)
						assert.Equal(t, http.StatusOK, response.StatusCode)
						assert.NotEmpty(t, response.RequestID)
						if route == "/call" {
							assert.Equal(t, []string{asked}, srv.Dialed())
							assert.Equal(t, srv.Dials()[0].SessionID, ref)
						}
					}, voiceagenttest.WithClockSkew(skew))
				})
			}
		}
	}
}

// What was never done isn't found. Without a witness nobody can know that it was never done.
func TestNothingFound(t *testing.T) {
	t.Parallel()
	for _, fault := range []voiceagenttest.Fault{
		{Kind: voiceagenttest.StatusBefore, Status: http.StatusGatewayTimeout},
		{Kind: voiceagenttest.DropBefore},
		{Kind: voiceagenttest.HangBefore},
		{Kind: voiceagenttest.StatusBefore, Status: 524},
	} {
		t.Run(fmt.Sprint(fault.Kind, fault.Status), func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
				fault.Method, fault.Route = "POST", "/call"
				srv.Fail(fault)
				sent := time.Now()
				_, err := srv.Client().Calls.Create(t.Context(), callTo(agent, asked), voiceagent.WithIdempotencyKey("row-7"))
				require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
				assert.Equal(t, 1, sentTo(srv, "POST", "/call"))
				assert.InDelta(t, 7, sentTo(srv, "GET", "/calls"), 1, "looks")
				assert.Empty(t, srv.Dialed())
				unknown, ok := errors.AsType[*voiceagent.OutcomeUnknownError](err)
				require.True(t, ok)
				assert.Equal(t, "a call to ***3210 by agent "+agent, unknown.Subject)
				assert.Equal(t, "row-7", unknown.IdempotencyKey)
				assert.WithinDuration(t, sent, unknown.FirstSent, time.Second)
				assert.Contains(t, unknown.Check, "GET /calls?agent_id="+agent+"&from_date=")
				assert.Equal(t, "/calls", unknown.Route)
				assert.Equal(t, agent, unknown.Query.Get("agent_id"))
				assert.NoError(t, unknown.LookupErr)
				for _, part := range []string{"POST /call", "***3210", "row-7", "not found, which proves nothing, as this client", "GET /calls?agent_id=", "first sent 2"} {
					assert.Contains(t, err.Error(), part)
				}
				assert.NotContains(t, err.Error(), asked[5:])
			})
		})
	}
}

func TestUnknownOutcomePolicies(t *testing.T) {
	t.Parallel()
	lost := voiceagenttest.Fault{Method: "POST", Route: "/call", Kind: voiceagenttest.DropAfter}
	t.Run("fail doesn't look", func(t *testing.T) {
		t.Parallel()
		inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
			srv.Fail(lost)
			_, err := srv.Client().Calls.Create(t.Context(), callTo(agent, asked), voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
			require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
			assert.Equal(t, 1, srv.RequestCount())
			assert.NotContains(t, err.Error(), "looked for")
		})
	})
	t.Run("retry dials again", func(t *testing.T) {
		t.Parallel()
		inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
			srv.Fail(lost)
			_, err := srv.Client().Calls.Create(t.Context(), callTo(agent, asked), voiceagent.WithUnknownOutcome(voiceagent.OutcomeRetry))
			require.NoError(t, err)
			assert.Equal(t, []string{asked, asked}, srv.Dialed())
		})
	})
	t.Run("a look that fails", func(t *testing.T) {
		t.Parallel()
		inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
			srv.Fail(lost, voiceagenttest.Fault{Method: "GET", Status: http.StatusForbidden, Times: -1})
			_, err := srv.Client().Calls.Create(t.Context(), callTo(agent, asked))
			require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
			unknown, _ := errors.AsType[*voiceagent.OutcomeUnknownError](err)
			_, ok := errors.AsType[*voiceagent.PermissionError](unknown.LookupErr)
			assert.True(t, ok, "%v", unknown.LookupErr)
			_, ok = errors.AsType[*voiceagent.PermissionError](err)
			assert.False(t, ok, "the look's error is not the call's")
			assert.Len(t, srv.Dialed(), 1)
		})
	})
	t.Run("a refusal after a lost answer", func(t *testing.T) {
		t.Parallel()
		for _, outcome := range []voiceagent.UnknownOutcome{voiceagent.OutcomeReconcile, voiceagent.OutcomeRetry} {
			inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
				srv.Fail(voiceagenttest.Fault{Method: "POST", Status: http.StatusInternalServerError}, voiceagenttest.Fault{Method: "POST", Status: http.StatusForbidden})
				_, err := srv.Client().Calls.Create(t.Context(), callTo(agent, asked), voiceagent.WithUnknownOutcome(outcome))
				_, forbidden := errors.AsType[*voiceagent.PermissionError](err)
				assert.True(t, forbidden, "%v", err)
				assert.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown, "nobody knows what became of the first")
			})
		}
	})
	t.Run("a cancelled wait", func(t *testing.T) {
		t.Parallel()
		inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
			srv.Fail(lost)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(100*time.Millisecond, cancel)
			began := time.Now()
			_, err := srv.Client().Calls.Create(ctx, callTo(agent, asked))
			require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
			require.ErrorIs(t, err, context.Canceled)
			assert.Equal(t, 100*time.Millisecond, time.Since(began))
		})
	})
	t.Run("little time for a look", func(t *testing.T) {
		t.Parallel()
		inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
			srv.Fail(lost)
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_, err := srv.Client().Calls.Create(ctx, callTo(agent, asked))
			require.NoError(t, err, "the last look is made just before the end")
			assert.Equal(t, 2, srv.RequestCount())
		})
	})
}

// An agent's name that is taken on a later attempt was perhaps taken by the first one.
func TestConflictAfterALostAnswer(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusConflict, http.StatusUnprocessableEntity} {
		inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, _ string) {
			srv.Fail(voiceagenttest.Fault{Method: "POST", Route: "/agents", Kind: voiceagenttest.StatusAfter, Status: http.StatusInternalServerError})
			var response voiceagent.Response
			agent, err := srv.Client().Agents.Create(t.Context(), testkit.ValidAgent(), voiceagent.WithResponse(&response))
			require.NoError(t, err)
			assert.NotEmpty(t, agent.ID)
			require.Len(t, response.Attempts, 2)
			assert.True(t, response.Attempts[1].Lookup)

			_, err = srv.Client().Agents.Create(t.Context(), testkit.ValidAgent())
			require.Error(t, err, "the name is taken, and no answer was lost")
			assert.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		}, voiceagenttest.WithDialect(voiceagenttest.Dialect{DuplicateStatus: status}))
	}
	inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, _ string) {
		client := srv.Client()
		_, err := client.Agents.Create(t.Context(), testkit.ValidAgent())
		require.NoError(t, err)
		time.Sleep(time.Hour)
		srv.Fail(voiceagenttest.Fault{Method: "POST", Route: "/agents", Status: http.StatusInternalServerError})
		_, err = client.Agents.Create(t.Context(), testkit.ValidAgent())
		conflict, ok := errors.AsType[*voiceagent.ConflictError](err)
		require.True(t, ok, "an older agent has the name: %v", err)
		assert.NotErrorIs(t, conflict, voiceagent.ErrOutcomeUnknown)
	})
}

// An action whose answer was lost is repeated. If the repetition is refused because the action was
// done, it counts as done.
func TestRepeatedActionIsDone(t *testing.T) {
	t.Parallel()
	for _, fault := range []voiceagenttest.Fault{{Kind: voiceagenttest.DropAfter}, {Kind: voiceagenttest.StatusAfter, Status: 500}, {Kind: voiceagenttest.HangAfter}} {
		for _, status := range []int{400, 409, 422} {
			inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
				client := srv.Client()
				params := testkit.ValidCampaign()
				params.AgentID = agent
				campaign, err := client.Campaigns.Create(t.Context(), params)
				require.NoError(t, err)
				fault := fault
				fault.Method, fault.Route = "POST", "/campaigns/{campaign_id}/pause"
				srv.Fail(fault)
				action, err := client.Campaigns.Pause(t.Context(), campaign.ID)
				require.NoError(t, err)
				require.NotNil(t, action.Campaign)
				assert.Equal(t, voiceagent.CampaignPaused, action.Campaign.Status)

				_, err = client.Campaigns.Pause(t.Context(), campaign.ID)
				require.Error(t, err, "it is paused already, and no answer was lost")

				fault.Route = "/campaigns/{campaign_id}/stop"
				srv.Fail(fault)
				_, err = client.Campaigns.Stop(t.Context(), campaign.ID)
				require.NoError(t, err)

				fault.Kind, fault.Status, fault.Route = voiceagenttest.StatusBefore, 500, "/campaigns/{campaign_id}/pause"
				srv.Fail(fault)
				_, err = client.Campaigns.Pause(t.Context(), campaign.ID)
				require.Error(t, err, "a stopped campaign isn't paused")
			}, voiceagenttest.WithDialect(voiceagenttest.Dialect{WrongStateStatus: status}))
		}
	}
	inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
		srv.Fail(voiceagenttest.Fault{Method: "DELETE", Kind: voiceagenttest.DropAfter})
		require.NoError(t, srv.Client().Agents.Delete(t.Context(), agent))
		_, missing := errors.AsType[*voiceagent.NotFoundError](srv.Client().Agents.Delete(t.Context(), agent))
		assert.True(t, missing)
	})
}

// So it does when the refusal is a 2xx with success: false. Where the campaign is in another state,
// the refusal stands.
func TestRepeatedActionIsDeniedSuccess(t *testing.T) {
	t.Parallel()
	for state, isDone := range map[voiceagent.CampaignStatus]bool{voiceagent.CampaignPaused: true, voiceagent.CampaignStopped: false} {
		synctest.Test(t, func(t *testing.T) {
			posts := 0
			client := testkit.NewClient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
				if req.Method == http.MethodGet {
					return answer(req, http.StatusOK, `{"data": {"id": "camp_1", "status": "`+string(state)+`"}}`), nil
				}
				if posts++; posts == 1 {
					return testkit.Reset(req)
				}
				return answer(req, http.StatusOK, `{"success": false, "message": "it is paused already"}`), nil
			}))
			_, err := client.Campaigns.Pause(t.Context(), "camp_1")
			assert.Equal(t, isDone, err == nil, "%s: %v", state, err)
			assert.Equal(t, 2, posts)
		})
	}
}

// Equal calls that are wanted at once are distinguished by their number, whichever of their answers
// are lost.
func TestEqualCallsAtOnce(t *testing.T) {
	t.Parallel()
	kinds := []voiceagenttest.Kind{"", voiceagenttest.DropAfter, voiceagenttest.DropBefore, voiceagenttest.HangAfter}
	for _, a := range kinds {
		for _, b := range kinds {
			for _, c := range kinds {
				t.Run(fmt.Sprintf("%q %q %q", a, b, c), func(t *testing.T) {
					t.Parallel()
					inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
						for _, kind := range []voiceagenttest.Kind{a, b, c} {
							if kind != "" { // each request gets the first fault that is left
								srv.Fail(voiceagenttest.Fault{Method: "POST", Route: "/call", Kind: kind})
							}
						}
						client := srv.Client()
						var mu sync.Mutex
						var refs []string
						var all sync.WaitGroup
						unknown := 0
						for range 3 {
							all.Go(func() {
								call, err := client.Calls.Create(t.Context(), callTo(agent, asked))
								mu.Lock()
								defer mu.Unlock()
								if err != nil {
									assert.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
									unknown++
									return
								}
								refs = append(refs, call.Ref())
							})
						}
						all.Wait()
						made := []string{}
						for _, dial := range srv.Dials() {
							made = append(made, dial.SessionID)
						}
						assert.ElementsMatch(t, made, refs, "each call that was made was handed out once")
						assert.Equal(t, 3-len(made), unknown)
					})
				})
			}
		}
	}
}

// A twin that is placed during a look waits for the look, so that the look doesn't take the twin's
// call.
func TestLookTakesNothingFromATwinOnItsWay(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
		srv.Fail(voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.DropBefore},
			voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.SlowBody, Delay: 10 * time.Second},
			voiceagenttest.Fault{Method: "GET", Kind: voiceagenttest.Slow, Delay: 2 * time.Second})
		client := srv.Client()
		var lost error
		var first sync.WaitGroup
		first.Go(func() { _, lost = client.Calls.Create(t.Context(), callTo(agent, asked)) })
		time.Sleep(time.Second) // it looks by now
		_, err := client.Calls.Create(t.Context(), callTo(agent, asked))
		require.NoError(t, err)
		first.Wait()
		require.ErrorIs(t, lost, voiceagent.ErrOutcomeUnknown)
		assert.Len(t, srv.Dialed(), 1)
	})
}

// The request that began earlier takes the earlier call, as a request that began later can only
// have made a later one.
func TestLookTakesTheOldest(t *testing.T) {
	t.Parallel()
	for range 10 { // who looks first is left to chance
		inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
			srv.Fail(voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.HangAfter}, voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.DropAfter})
			client := srv.Client()
			var early error
			var first sync.WaitGroup
			first.Go(func() { _, early = client.Calls.Create(t.Context(), callTo(agent, asked)) })
			time.Sleep(30*time.Second + 200*time.Millisecond) // it has timed out, and waits to look
			_, late := client.Calls.Create(t.Context(), callTo(agent, asked))
			first.Wait()
			require.NoError(t, early)
			require.NoError(t, late)
			assert.Len(t, srv.Dialed(), 2)
		})
	}
}

// A look takes no other call for the lost one: not an older call, not one that a caller already
// has, and not one that differs in what was sent.
func TestOnlyTheLostCallIsTaken(t *testing.T) {
	t.Parallel()
	lost := voiceagenttest.Fault{Method: "POST", Route: "/call", Kind: voiceagenttest.DropBefore}
	other := func(change func(*voiceagent.CallCreateParams)) func(string) voiceagent.CallCreateParams {
		return func(agent string) voiceagent.CallCreateParams {
			p := callTo(agent, asked)
			change(&p)
			return p
		}
	}
	for name, c := range map[string]struct {
		before func(agent string) voiceagent.CallCreateParams
		wait   time.Duration
		same   bool // the same client places both
	}{
		"older":          {other(func(*voiceagent.CallCreateParams) {}), time.Minute, false},
		"handed out":     {other(func(*voiceagent.CallCreateParams) {}), 0, true},
		"other number":   {other(func(p *voiceagent.CallCreateParams) { p.To = "+919876543211" }), 0, false},
		"other metadata": {other(func(p *voiceagent.CallCreateParams) { p.Metadata = map[string]any{"row": 8, "vip": true} }), 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
				first, second := srv.Client(), srv.Client()
				if c.same {
					second = first
				}
				_, err := first.Calls.Create(t.Context(), c.before(agent))
				require.NoError(t, err)
				time.Sleep(c.wait)
				srv.Fail(lost)
				_, err = second.Calls.Create(t.Context(), callTo(agent, asked))
				require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
			})
		})
	}
}

// listed loses the answers to POST /call, and answers GET /calls from a list of records, in an
// order and with filters of its own.
type listed struct {
	records []map[string]any // as listed
	filter  bool             // from_date is honoured
	noDate  bool
	looks   []string // queries
}

func (l *listed) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodPost {
		_ = req.Body.Close()
		return nil, errors.New("connection reset by peer")
	}
	q := req.URL.Query()
	l.looks = append(l.looks, req.URL.RawQuery)
	records := l.records
	if from := q.Get("from_date"); from != "" && l.filter {
		at, _ := time.Parse(time.RFC3339, from)
		records = slices.DeleteFunc(slices.Clone(records), func(r map[string]any) bool { return r["created_at"].(time.Time).Before(at) })
	}
	var page, size int
	_, _ = fmt.Sscan(q.Get("page"), &page)
	_, _ = fmt.Sscan(q.Get("page_size"), &size)
	start := min((page-1)*size, len(records))
	end := min(start+size, len(records))
	body, err := json.Marshal(map[string]any{"data": records[start:end], "total": len(records), "page": page, "page_size": size, "has_more": end < len(records)})
	header := http.Header{}
	if !l.noDate {
		header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(string(body))), Request: req}, err
}

func TestLookPagesUntilItIsSure(t *testing.T) {
	t.Parallel()
	call := func(id string, at time.Time) map[string]any {
		return map[string]any{"id": id, "agent_id": "ag_1", "phone_number": asked, "created_at": at.UTC()}
	}
	history := func(n int, now time.Time) []map[string]any { // newest first, one a second, none of them ours
		records := make([]map[string]any, n)
		for i := range records {
			at := now.Add(-time.Minute - time.Duration(i)*time.Second)
			records[i] = call(fmt.Sprint("old", at.Unix()), at)
		}
		return records
	}
	strangers := func(n int, now time.Time) []map[string]any {
		records := make([]map[string]any, n)
		for i := range records {
			records[i] = map[string]any{"id": fmt.Sprint("new", i), "agent_id": "ag_1", "phone_number": "+15550100001", "created_at": now.UTC()}
		}
		return records
	}
	for _, c := range []struct {
		name  string
		list  func(now time.Time) *listed
		found bool
		looks int
		err   string
	}{
		{"newest first, on the first page", func(now time.Time) *listed {
			return &listed{records: append([]map[string]any{call("ours", now)}, history(500, now)...)}
		}, true, 1, ""},
		{"newest first, behind two pages of other calls", func(now time.Time) *listed {
			return &listed{records: slices.Concat(strangers(220, now.Add(time.Second)), []map[string]any{call("ours", now)}, history(500, now))}
		}, true, 3, ""},
		{"newest first, not there", func(now time.Time) *listed {
			return &listed{records: history(500, now.Add(-20*time.Minute))}
		}, false, 0, "not found"},
		{"oldest first", func(now time.Time) *listed {
			old := history(500, now)
			slices.Reverse(old)
			return &listed{records: append(old, call("ours", now)), filter: true}
		}, true, 3, ""},
		{"oldest first, without a filter", func(now time.Time) *listed {
			old := history(500, now)
			slices.Reverse(old)
			return &listed{records: append(old, call("ours", now))}
		}, true, 3, ""},
		{"oldest first, far too many", func(now time.Time) *listed {
			old := history(10_000, now)
			slices.Reverse(old)
			return &listed{records: append(old, call("ours", now))}
		}, true, 3, ""},
		{"no order", func(now time.Time) *listed {
			return &listed{records: slices.Concat(history(50, now.Add(-time.Hour)), history(110, now), []map[string]any{call("ours", now)}), filter: true}
		}, true, 2, ""},
		{"no Date", func(now time.Time) *listed {
			return &listed{records: []map[string]any{call("ours", now)}, noDate: true}
		}, false, 0, "can't be told"},
		{"no time", func(time.Time) *listed {
			return &listed{records: []map[string]any{{"id": "ours?", "agent_id": "ag_1", "phone_number": asked}}}
		}, false, 0, "can't be told"},
		{"a campaign's call", func(now time.Time) *listed {
			r := call("campaign's", now)
			r["metadata"] = map[string]any{"campaign_id": "c_1"}
			return &listed{records: []map[string]any{r}}
		}, false, 0, "can't be told"},
		{"from another number", func(now time.Time) *listed {
			r := call("other's", now)
			r["source_number"] = "+15550100009"
			return &listed{records: []map[string]any{r}}
		}, false, 0, "can't be told"},
		{"inbound", func(now time.Time) *listed {
			r := call("theirs", now)
			r["direction"] = "inbound"
			return &listed{records: []map[string]any{r}}
		}, false, 0, "not found"},
		{"from the future, of a clock in another zone", func(now time.Time) *listed {
			return &listed{records: []map[string]any{call("ours?", now.Add(5*time.Hour+30*time.Minute))}}
		}, false, 0, "can't be told"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				transport := c.list(time.Now())
				call, err := testkit.NewClient(t, transport).Calls.Create(t.Context(), testkit.ValidCall())
				if c.found {
					assert.Len(t, transport.looks, c.looks)
				}
				if c.found {
					require.NoError(t, err)
					assert.Equal(t, "ours", call.ID)
					return
				}
				require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
				assert.Contains(t, err.Error(), c.err)
			})
		})
	}
}
