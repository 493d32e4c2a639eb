package voiceagenttest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// doors are the two ways to reach a server. Faults look the same through both.
var doors = map[string]func(*testing.T, config) *api{"memory": inMemory, "socket": overSocket}

func TestFaults(t *testing.T) {
	isCutJSON := func(ans *answer) {
		assert.Error(ans.t, json.Unmarshal([]byte(ans.raw), new(any)))
		assert.Equal(ans.t, byte('{'), ans.raw[0])
	}
	cases := map[string]struct {
		fault  Fault
		dialed int
		status int // 0 when no whole answer comes
		check  func(ans *answer)
		err    error // over the socket and in memory alike
	}{
		"status": {Fault{Status: 503}, 0, 503, func(ans *answer) {
			code, message := ans.failure()
			assert.Equal(ans.t, "internal_error", code)
			assert.Equal(ans.t, "Service Unavailable", message)
			assert.NotEmpty(ans.t, ans.header.Get("X-Request-Id"))
		}, nil},
		"status with words of its own": {Fault{Status: 400, Code: "quota_exceeded", Message: "Insufficient credits"}, 0, 400, func(ans *answer) {
			code, message := ans.failure()
			assert.Equal(ans.t, "quota_exceeded", code)
			assert.Equal(ans.t, "Insufficient credits", message)
		}, nil},
		"status with a body and header": {Fault{Status: 500, Body: "oops", Header: http.Header{"retry-after": {"7"}, "X-Request-Id": nil}}, 0, 500, func(ans *answer) {
			assert.Equal(ans.t, "oops", ans.raw)
			assert.Equal(ans.t, "7", ans.header.Get("Retry-After"))
			assert.Empty(ans.t, ans.header.Get("X-Request-Id"))
		}, nil},
		"status after":   {Fault{Kind: StatusAfter, Status: 504}, 1, 504, nil, nil},
		"drop":           {Fault{Kind: DropBefore}, 0, 0, nil, io.EOF},
		"drop after":     {Fault{Kind: DropAfter}, 1, 0, nil, io.EOF},
		"truncated JSON": {Fault{Kind: TruncatedJSON}, 1, 200, isCutJSON, nil},
		"cut body":       {Fault{Kind: CutBody}, 1, 0, nil, io.ErrUnexpectedEOF},
		"wrong shape": {Fault{Kind: WrongShape}, 1, 200, func(ans *answer) {
			assert.Equal(ans.t, `{"ok":true}`, ans.raw)
		}, nil},
		"wrong shape of one's own": {Fault{Kind: WrongShape, Body: "[]"}, 1, 200, func(ans *answer) {
			assert.Equal(ans.t, "[]", ans.raw)
		}, nil},
		"null data": {Fault{Kind: NullData}, 1, 200, func(ans *answer) {
			assert.Contains(ans.t, ans.raw, `"success":true,"data":null,"request_id"`)
		}, nil},
		"HTML": {Fault{Kind: HTML}, 0, 502, func(ans *answer) {
			assert.Contains(ans.t, ans.header.Get("Content-Type"), "text/html")
			assert.Contains(ans.t, ans.raw, "<html>")
			assert.Empty(ans.t, ans.header.Get("X-RateLimit-Limit"))
		}, nil},
		"HTML 503": {Fault{Kind: HTML, Status: 503}, 0, 503, nil, nil},
		"redirect": {Fault{Kind: Redirect}, 0, 307, func(ans *answer) {
			assert.Equal(ans.t, "https://elsewhere.invalid/v1/call", ans.header.Get("Location"))
		}, nil},
		"redirect somewhere": {Fault{Kind: Redirect, Status: 302, Header: http.Header{"Location": {"/v1/there"}}}, 0, 302, func(ans *answer) {
			assert.Equal(ans.t, "/v1/there", ans.header.Get("Location"))
		}, nil},
		"not success": {Fault{Kind: NotSuccess, Code: "not_found"}, 0, 200, func(ans *answer) {
			code, _ := ans.failure()
			assert.Equal(ans.t, "not_found", code)
		}, nil},
		"throttle": {Fault{Kind: Throttle}, 0, 429, func(ans *answer) {
			assert.Equal(ans.t, "1000", ans.header.Get("X-RateLimit-Limit"))
			assert.Equal(ans.t, "0", ans.header.Get("X-RateLimit-Remaining"))
			assert.NotEmpty(ans.t, ans.header.Get("X-RateLimit-Reset"))
		}, nil},
		"throttle bare": {Fault{Kind: ThrottleBare}, 0, 429, func(ans *answer) {
			for _, name := range []string{"Limit", "Remaining", "Reset"} {
				assert.Empty(ans.t, ans.header.Get("X-RateLimit-"+name))
			}
		}, nil},
	}
	for door, open := range doors {
		for name, c := range cases {
			t.Run(door+"/"+name, func(t *testing.T) {
				a := open(t, config{limits: PerMinute(1000)})
				a.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
				agentID := a.agent("A")
				body := object{"agent_id": agentID, "source_number": "+919240018601", "phone_number": phone(1)}
				a.srv.Fail(c.fault)
				ans, err := a.try("POST", "/call", body)
				if c.status == 0 {
					require.ErrorIs(t, err, c.err)
				} else {
					require.NoError(t, err)
					assert.Equal(t, c.status, ans.status)
				}
				if c.check != nil {
					c.check(ans)
				}
				assert.Len(t, a.srv.Dialed(), c.dialed)
				entry := a.srv.Requests()[1]
				assert.NotEmpty(t, entry.Fault)
				a.post("/call", body).is(200)
				assert.Len(t, a.srv.Dialed(), c.dialed+1, "the fault happened once")
				assert.Empty(t, a.srv.Requests()[2].Fault)
			})
		}
	}
}

func TestHangEndsWithTheCaller(t *testing.T) {
	for door, open := range doors {
		for kind, dialed := range map[Kind]int{HangBefore: 0, HangAfter: 1} {
			t.Run(door+"/"+string(kind), func(t *testing.T) {
				a := open(t, config{})
				agentID := a.agent("A")
				a.srv.Fail(Fault{Kind: kind})
				ctx, cancel := context.WithCancelCause(t.Context())
				arrived := make(chan struct{})
				go func() {
					defer close(arrived)
					assert.Eventually(t, func() bool {
						return len(a.srv.Requests()) == 2 && len(a.srv.Dialed()) == dialed
					}, 10*time.Second, time.Millisecond)
					cancel(errors.New("had enough"))
				}()
				req := a.request("POST", "/call", object{"agent_id": agentID, "source_number": "+919240018601", "phone_number": phone(1)})
				res, err := a.http.Do(req.WithContext(ctx))
				assert.Nil(t, res)
				assert.ErrorContains(t, err, "had enough")
				<-arrived
				assert.Len(t, a.srv.Dialed(), dialed)
			})
		}
	}
}

func TestHangEndsWithTheServer(t *testing.T) {
	for door, open := range doors {
		t.Run(door, func(t *testing.T) {
			a := open(t, config{})
			a.srv.Fail(Fault{Kind: HangBefore})
			go func() {
				assert.Eventually(t, func() bool { return len(a.srv.Requests()) == 1 }, 10*time.Second, time.Millisecond)
				a.srv.Close()
			}()
			_, err := a.try("GET", "/agents", nil)
			assert.ErrorIs(t, err, io.EOF)
		})
	}
}

func TestSlowFaultsTakeTheirTime(t *testing.T) {
	cases := map[Kind]struct{ head, whole time.Duration }{
		Slow:         {20 * time.Second, 20 * time.Second},
		SlowBody:     {0, 20 * time.Second},
		StatusBefore: {20 * time.Second, 20 * time.Second},
		StatusAfter:  {20 * time.Second, 20 * time.Second},
	}
	for kind, c := range cases {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := inMemory(t, config{})
				a.agent("A")
				f := Fault{Kind: kind, Delay: 20 * time.Second}
				if strings.HasPrefix(string(kind), "status") {
					f.Status = 500
				}
				a.srv.Fail(f)
				began := time.Now()
				res, err := a.http.Do(a.request("GET", "/agents", nil))
				require.NoError(t, err)
				assert.Equal(t, c.head, time.Since(began))
				raw, err := io.ReadAll(res.Body)
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				assert.InDelta(t, c.whole, time.Since(began), float64(time.Microsecond))
				assert.NoError(t, json.Unmarshal(raw, new(any)), "whole in the end")
			})
		})
	}
}

func TestSlowBodyOverSocket(t *testing.T) {
	a := overSocket(t, config{})
	a.srv.Fail(Fault{Kind: SlowBody, Delay: 20 * time.Millisecond})
	began := time.Now()
	a.get("/agents").is(200).json()
	assert.GreaterOrEqual(t, time.Since(began), 20*time.Millisecond)

	a.srv.Fail(Fault{Kind: SlowBody, Delay: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	res, err := a.http.Do(a.request("GET", "/agents", nil).WithContext(ctx))
	require.NoError(t, err, "the head comes at once")
	cancel()
	_, err = io.ReadAll(res.Body)
	require.ErrorIs(t, err, context.Canceled)
	res.Body.Close()
}

func TestFaultMatching(t *testing.T) {
	a := inMemory(t, config{})
	agentID := a.agent("A")
	a.srv.Fail(
		Fault{Method: "GET", Route: "/agents/{id}", Status: 500},
		Fault{Method: "DELETE", Status: 501},
		Fault{Route: "/account/credits", Status: 502},
		Fault{Route: "/calls/special", Status: 503},
	)
	a.get("/agents").is(200)
	a.do("PATCH", "/agents/"+agentID, object{}).is(200)
	a.get("/agents/" + agentID).is(500)
	a.get("/agents/" + agentID).is(200)
	a.get("/calls/other").is(404)
	a.get("/calls/special").is(503)
	a.get("/account/credits").is(502)
	a.get("/account/credits").is(404)
	a.do("DELETE", "/agents/"+agentID, nil).is(501)
	a.do("DELETE", "/agents/"+agentID, nil).is(200)
}

func TestFaultTimes(t *testing.T) {
	statuses := func(a *api, n int) (list []int) {
		for range n {
			list = append(list, a.get("/agents").status)
		}
		return list
	}
	cases := map[string]struct {
		faults []Fault
		want   []int
	}{
		"once":             {[]Fault{{Status: 500}}, []int{500, 200, 200}},
		"twice":            {[]Fault{{Status: 500, Times: 2}}, []int{500, 500, 200}},
		"for ever":         {[]Fault{{Status: 500, Times: -1}}, []int{500, 500, 500, 500}},
		"one then another": {[]Fault{{Status: 500}, {Status: 503}}, []int{500, 503, 200}},
		"every third":      {[]Fault{{Status: 500, Every: 3}}, []int{200, 200, 500, 200, 200, 500}},
		"every other once": {[]Fault{{Status: 500, Every: 2, Times: 1}}, []int{200, 500, 200, 200}},
		"certain":          {[]Fault{{Status: 500, Rate: 1}}, []int{500, 500, 500}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			a := inMemory(t, config{})
			a.srv.Fail(c.faults...)
			assert.Equal(t, c.want, statuses(a, len(c.want)))
			a.srv.ClearFaults()
			assert.Equal(t, []int{200}, statuses(a, 1))
		})
	}

	rated := func(seed uint64) []int {
		a := inMemory(t, config{seed: seed})
		a.srv.Fail(Fault{Status: 500, Rate: 0.25})
		return statuses(a, 400)
	}
	one := rated(1)
	failed := 0
	for _, status := range one {
		if status == 500 {
			failed++
		}
	}
	assert.InDelta(t, 100, failed, 30)
	assert.Equal(t, one, rated(1), "drawn from the seed")
	assert.NotEqual(t, one, rated(2))
}

func TestFaultCodesFitTheStatus(t *testing.T) {
	a := inMemory(t, config{})
	for status, want := range map[int]string{
		400: "bad_request", 401: "authentication_error", 402: "quota_exceeded", 403: "permission_denied", 404: "not_found",
		409: "conflict", 422: "validation_error", 429: "rate_limited", 418: "internal_error", 500: "internal_error", 504: "internal_error",
	} {
		a.srv.Fail(Fault{Status: status})
		code, _ := a.get("/agents").is(status).failure()
		assert.Equal(t, want, code)
	}
}

func TestFaultMustExist(t *testing.T) {
	a := inMemory(t, config{})
	assert.PanicsWithValue(t, `voiceagenttest: no fault is called "dorp"`, func() { a.srv.Fail(Fault{Kind: "dorp"}) })
	assert.Panics(t, func() { a.srv.Fail(Fault{}) })
	assert.Panics(t, func() { a.srv.Fail(Fault{Kind: StatusAfter}) })
	assert.Panics(t, func() { a.srv.Fail(Fault{Status: 99}) })
}

// Faults that only the in-memory transport can bring about drop the connection
// of a real one.
func TestConnectionFaultsOverSocket(t *testing.T) {
	a := overSocket(t, config{})
	agentID := a.agent("A")
	for _, kind := range []Kind{Refuse, BreakWrite} {
		a.srv.Fail(Fault{Kind: kind})
		_, err := a.try("POST", "/call", object{"agent_id": agentID, "source_number": "+919240018601", "phone_number": phone(1)})
		assert.ErrorIs(t, err, io.EOF)
	}
	assert.Empty(t, a.srv.Dialed())
}
