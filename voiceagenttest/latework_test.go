package voiceagenttest

import (
	"context"
	"encoding/json"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A fault can put the work off: until after the answer, or after the caller gave up.
func TestWorkDelay(t *testing.T) {
	const put = 5 * time.Second
	cases := map[string]struct {
		fault Fault
		takes time.Duration // until the caller is told
		done  time.Duration // until the phone rings
		check func(t *testing.T, ans *answer, err error)
	}{
		"status":     {Fault{Kind: StatusAfter, Status: 504}, 0, put, func(t *testing.T, ans *answer, _ error) { ans.is(504) }},
		"later":      {Fault{Kind: StatusAfter, Status: 502, Delay: time.Second}, time.Second, time.Second + put, func(t *testing.T, ans *answer, _ error) { ans.is(502) }},
		"no such":    {Fault{Kind: StatusAfter, Status: 460}, 0, put, func(t *testing.T, ans *answer, _ error) { ans.is(460) }},
		"drop":       {Fault{Kind: DropAfter}, 0, put, func(t *testing.T, _ *answer, err error) { assert.ErrorIs(t, err, io.EOF) }},
		"hang":       {Fault{Kind: HangAfter}, time.Second, put, func(t *testing.T, _ *answer, err error) { assert.ErrorIs(t, err, context.DeadlineExceeded) }},
		"truncated":  {Fault{Kind: TruncatedJSON}, put, put, func(t *testing.T, ans *answer, _ error) { assert.False(t, json.Valid([]byte(ans.is(200).raw))) }},
		"null":       {Fault{Kind: NullData}, put, put, func(t *testing.T, ans *answer, _ error) { assert.Contains(t, ans.is(200).raw, `"data":null`) }},
		"impatient":  {Fault{Kind: WrongShape}, time.Second, put, func(t *testing.T, _ *answer, err error) { assert.ErrorIs(t, err, context.DeadlineExceeded) }},
		"not at all": {Fault{Kind: StatusAfter, Status: 408}, 0, -1, func(t *testing.T, ans *answer, _ error) { ans.is(408) }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := inMemory(t, config{})
				agentID := a.agent("A")
				c.fault.WorkDelay = put
				a.srv.Fail(c.fault)
				body := object{"agent_id": agentID, "source_number": "+919240018601", "phone_number": phone(1)}
				ctx := t.Context()
				if name == "hang" || name == "impatient" {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, time.Second)
					defer cancel()
				}
				began := time.Now()
				ans := &answer{t: t}
				res, err := a.http.Do(a.request("POST", "/call", body).WithContext(ctx))
				if err == nil {
					raw, readErr := io.ReadAll(res.Body)
					require.NoError(t, readErr)
					ans.status, ans.raw = res.StatusCode, string(raw)
				}
				assert.Equal(t, c.takes, time.Since(began))
				c.check(t, ans, err)
				if c.done < 0 {
					a.srv.Close()
					time.Sleep(2 * put)
					assert.Empty(t, a.srv.Dialed(), "a closed server does nothing")
					return
				}
				time.Sleep(c.done - time.Since(began) - 1)
				synctest.Wait()
				if c.takes < c.done {
					assert.Empty(t, a.srv.Dialed())
				}
				time.Sleep(time.Nanosecond)
				synctest.Wait()
				require.Len(t, a.srv.Dials(), 1)
				assert.Equal(t, c.done, a.srv.Dials()[0].Time.Sub(began))
			})
		})
	}
}

func TestWorkDelayNeedsWork(t *testing.T) {
	a := inMemory(t, config{})
	assert.PanicsWithValue(t, "voiceagenttest: a drop fault does no work that could be put off",
		func() { a.srv.Fail(Fault{Kind: DropBefore, WorkDelay: time.Second}) })
}

// Over a socket the answer is on its way before the work is done.
func TestWorkDelayOverSocket(t *testing.T) {
	a := overSocket(t, config{})
	agentID := a.agent("A")
	a.srv.Fail(Fault{Kind: StatusAfter, Status: 444, WorkDelay: time.Millisecond})
	_, message := a.post("/call", object{"agent_id": agentID, "source_number": "+919240018601", "phone_number": phone(1)}).is(444).failure()
	assert.Equal(t, "Status 444", message)
	assert.Eventually(t, func() bool { return len(a.srv.Dialed()) == 1 }, 10*time.Second, time.Millisecond)
}

// Every status that a proxy can make up stands after the work as well as before.
func TestAnyStatusAfterTheWork(t *testing.T) {
	a := inMemory(t, config{})
	agentID := a.agent("A")
	statuses := []int{302, 303, 408, 425, 444, 460, 499}
	for status := 500; status <= 599; status++ {
		statuses = append(statuses, status)
	}
	for i, status := range statuses {
		a.srv.Fail(Fault{Kind: StatusAfter, Status: status})
		a.post("/call", object{"agent_id": agentID, "source_number": "+919240018601", "phone_number": phone(i)}).is(status).failure()
	}
	assert.Len(t, a.srv.Dialed(), len(statuses))
}
