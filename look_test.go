package voiceagent_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// count tells how often a request was sent.
func (s *scripted) count(request string) (n int) {
	for _, sent := range s.sent {
		if sent == request {
			n++
		}
	}
	return n
}

// lookup returns what is known of a call whose outcome isn't.
func lookup(t *testing.T, err error) *voiceagent.OutcomeUnknownError {
	t.Helper()
	require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
	unknown := new(voiceagent.OutcomeUnknownError)
	require.ErrorAs(t, err, &unknown)
	return unknown
}

func TestWhereToLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, inTurn(reset), voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
		sent := time.Now()
		_, err := client.Calls.Create(t.Context(), validCall())
		unknown := lookup(t, err)
		assert.Equal(t, sent, unknown.FirstSent)
		assert.Contains(t, unknown.Check, "from_date="+url.QueryEscape(sent.Add(-5*time.Minute).UTC().Format("2006-01-02T15:04:05.000Z")),
			"nothing is known of the server's clock, so from well before")
	})
}

// A look that fails says why, whenever that comes out.
func TestLookThatFails(t *testing.T) {
	t.Parallel()
	forbidden := answer(http.StatusForbidden, "")
	for name, c := range map[string]struct {
		answers []httpmock.Responder
		opts    []voiceagent.ClientOption
		looks   int
		most    time.Duration
	}{
		"twice":          {[]httpmock.Responder{reset, forbidden}, nil, 2, 2 * time.Second},
		"no second one":  {[]httpmock.Responder{reset, forbidden}, []voiceagent.ClientOption{voiceagent.WithMaxElapsed(600 * time.Millisecond)}, 1, 500 * time.Millisecond},
		"after a 409":    {[]httpmock.Responder{answer(500, ""), answer(http.StatusConflict, ""), forbidden}, nil, 1, time.Second},
		"takes too long": {[]httpmock.Responder{reset, hang}, []voiceagent.ClientOption{voiceagent.WithMaxElapsed(5 * time.Second)}, 1, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				transport, start := inTurn(c.answers...), time.Now()
				_, err := newClient(t, transport, c.opts...).Agents.Create(t.Context(), validAgent())
				unknown := lookup(t, err)
				require.Error(t, unknown.LookupErr)
				assert.Contains(t, err.Error(), "; looking for it failed: ")
				assert.Equal(t, c.looks, transport.count("GET /agents"))
				assert.LessOrEqual(t, time.Since(start), c.most)
			})
		})
	}
}

// A refusal after which nothing is found is what it says.
func TestLookThatFindsNothingAfterARefusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, err := newClient(t, inTurn(answer(500, ""), answer(http.StatusConflict, ""), empty)).Agents.Create(t.Context(), validAgent())
		conflict := new(voiceagent.ConflictError)
		require.ErrorAs(t, err, &conflict)
		assert.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
	})
	synctest.Test(t, func(t *testing.T) {
		transport := inTurn(answer(504, ""), answer(http.StatusConflict, ""), answer(http.StatusForbidden, ""))
		_, err := newClient(t, transport).Campaigns.Pause(t.Context(), "c_1")
		conflict := new(voiceagent.ConflictError)
		require.ErrorAs(t, err, &conflict)
		assert.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown, "twice is the same as once")
		assert.Equal(t, 1, transport.count("GET /campaigns/c_1"))
	})
}

// Whenever the caller leaves, the error tells that, and that the outcome is unknown.
func TestCallerLeavesBeforeOrDuringALook(t *testing.T) {
	t.Parallel()
	went := errors.New("the user went away")
	for name, c := range map[string]struct {
		get  httpmock.Responder
		at   time.Duration
		want string
	}{
		"before the look":     {empty, 100 * time.Millisecond, "it wasn't looked for: there was no time left"},
		"before the second":   {empty, 600 * time.Millisecond, "it was looked for and not found"},
		"during the look":     {hang, 600 * time.Millisecond, "looking for it failed"},
		"after a failed look": {answer(http.StatusForbidden, ""), 600 * time.Millisecond, "looking for it failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(c.at, func() { cancel(went) })
				start := time.Now()
				_, err := newClient(t, inTurn(reset, c.get)).Calls.Create(ctx, validCall())
				require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
				require.ErrorIs(t, err, context.Canceled)
				require.ErrorIs(t, err, went)
				assert.Contains(t, err.Error(), c.want)
				assert.Equal(t, c.at, time.Since(start))
			})
		})
	}
}

// After a look the request counts as lost no more: a later 503 is repeated without another look.
func TestLookIsForOneLoss(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := inTurn(answer(504, ""), empty, empty, answer(503, ""), answer(200, `{"data":{"id":"call_1"}}`)) //nolint:gocritic // two looks
		call, err := newClient(t, transport).Calls.Create(t.Context(), validCall())
		require.NoError(t, err)
		assert.Equal(t, "call_1", call.ID)
		assert.Equal(t, []string{"POST /call", "GET /calls", "GET /calls", "POST /call", "POST /call"}, transport.sent)
	})
}

// What may be lost is never dialled again, whatever a policy says, and a 504 only as often as retries are allowed.
func TestLostCallIsNotDialledAgain(t *testing.T) {
	t.Parallel()
	always := policyFunc(func(voiceagent.Failure) voiceagent.Decision {
		return voiceagent.Decision{Retry: true, Wait: time.Second}
	})
	for name, c := range map[string]struct {
		first httpmock.Responder
		opt   voiceagent.RequestOption
	}{
		"a policy that repeats everything": {reset, voiceagent.WithRetryPolicy(always)},
		"no retries":                       {answer(504, ""), voiceagent.WithMaxRetries(0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				transport := inTurn(c.first, empty)
				_, err := newClient(t, transport).Calls.Create(t.Context(), validCall(), c.opt)
				require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
				assert.Equal(t, []string{"POST /call", "GET /calls", "GET /calls"}, transport.sent)
			})
		})
	}
}

// A look has the settings of the call that it is for.
func TestLookHasTheSettingsOfTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := inTurn(reset, answer(500, ""))
		_, err := newClient(t, transport).Calls.Create(t.Context(), validCall(), voiceagent.WithMaxRetries(0))
		require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		assert.Equal(t, 2, transport.count("GET /calls"), "two looks, neither repeated")
	})
}

// An equal call waits while a lost one is looked for, as long as its context allows. Those who left hold nobody up.
func TestEqualCallWaitsForALook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := inTurn(reset, hang, answer(200, `{"data":{"id":"call_2"}}`))
		client := newClient(t, transport, voiceagent.WithAttemptTimeout(20*time.Second), voiceagent.WithMaxRetries(0))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		first := make(chan error)
		go func() {
			_, err := client.Calls.Create(ctx, validCall())
			first <- err
		}()
		time.Sleep(time.Second) // it looks
		short, stop := context.WithTimeout(t.Context(), 2*time.Second)
		defer stop()
		start := time.Now()
		_, err := client.Calls.Create(short, validCall())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown, "it was never sent")
		assert.Equal(t, 2*time.Second, time.Since(start))
		require.ErrorIs(t, <-first, voiceagent.ErrOutcomeUnknown)
		call, err := client.Calls.Create(t.Context(), validCall())
		require.NoError(t, err)
		assert.Equal(t, "call_2", call.ID)
		assert.Equal(t, []string{"POST /call", "GET /calls", "POST /call"}, transport.sent)
	})
}
