package dialonce_test

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
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

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
		client := testkit.NewClient(t, testkit.InTurn(testkit.Reset), voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
		sent := time.Now()
		_, err := client.Calls.Create(t.Context(), testkit.ValidCall())
		unknown := lookup(t, err)
		assert.Equal(t, sent, unknown.FirstSent)
		assert.Contains(t, unknown.Check, "from_date="+url.QueryEscape(sent.Add(-5*time.Minute).UTC().Format("2006-01-02T15:04:05.000Z")),
			"nothing is known of the server's clock, so from well before")
	})
}

// A look that fails says why, whenever that comes out.
func TestLookThatFails(t *testing.T) {
	t.Parallel()
	forbidden := testkit.Answer(http.StatusForbidden, "")
	for name, c := range map[string]struct {
		answers []httpmock.Responder
		opts    []voiceagent.ClientOption
		looks   int
		most    time.Duration
	}{
		"refused":        {[]httpmock.Responder{testkit.Reset, forbidden}, nil, 1, 2 * time.Second},
		"no second one":  {[]httpmock.Responder{testkit.Reset, testkit.Answer(500, "")}, []voiceagent.ClientOption{voiceagent.WithMaxRetries(0), voiceagent.WithMaxElapsed(600 * time.Millisecond)}, 1, 500 * time.Millisecond},
		"after a 409":    {[]httpmock.Responder{testkit.Answer(500, ""), testkit.Empty, testkit.Answer(http.StatusConflict, ""), forbidden}, nil, 2, time.Second},
		"unheard of":     {[]httpmock.Responder{httpmock.NewErrorResponder(httpmock.NoResponderFound)}, nil, 4, 10 * time.Second},
		"takes too long": {[]httpmock.Responder{testkit.Reset, testkit.Hang}, []voiceagent.ClientOption{voiceagent.WithMaxElapsed(5 * time.Second)}, 1, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				transport, start := testkit.InTurn(c.answers...), time.Now()
				_, err := testkit.NewClient(t, transport, c.opts...).Agents.Create(t.Context(), testkit.ValidAgent())
				unknown := lookup(t, err)
				require.Error(t, unknown.LookupErr)
				assert.Contains(t, err.Error(), "; looking for it failed: ")
				assert.Equal(t, c.looks, transport.Count("GET /agents"))
				assert.LessOrEqual(t, time.Since(start), c.most)
			})
		})
	}
}

// A refusal after which nothing is found is what it says.
func TestLookThatFindsNothingAfterARefusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		answers := []httpmock.Responder{testkit.Answer(500, ""), testkit.Empty, testkit.Answer(http.StatusConflict, ""), testkit.Empty}
		_, err := testkit.NewClient(t, testkit.InTurn(answers...)).Agents.Create(t.Context(), testkit.ValidAgent())
		conflict := new(voiceagent.ConflictError)
		require.ErrorAs(t, err, &conflict)
		assert.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
	})
	synctest.Test(t, func(t *testing.T) {
		transport := testkit.InTurn(testkit.Answer(504, ""), testkit.Answer(http.StatusConflict, ""), testkit.Answer(http.StatusForbidden, ""))
		_, err := testkit.NewClient(t, transport).Campaigns.Pause(t.Context(), "c_1")
		conflict := new(voiceagent.ConflictError)
		require.ErrorAs(t, err, &conflict)
		assert.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown, "twice is the same as once")
		assert.Equal(t, 1, transport.Count("GET /campaigns/c_1"))
	})
}

// Whenever the caller gives up, the error says so, and that the outcome is unknown.
func TestCallerLeavesBeforeOrDuringALook(t *testing.T) {
	t.Parallel()
	went := errors.New("the user went away")
	for name, c := range map[string]struct {
		get  httpmock.Responder
		at   time.Duration
		want string
	}{
		"before the look":     {testkit.Empty, 100 * time.Millisecond, "it wasn't looked for: there was no time left"},
		"before the second":   {testkit.Empty, 600 * time.Millisecond, "it was looked for and not found"},
		"during the look":     {testkit.Hang, 600 * time.Millisecond, "looking for it failed"},
		"after a failed look": {testkit.Answer(http.StatusInternalServerError, ""), 600 * time.Millisecond, "looking for it failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(c.at, func() { cancel(went) })
				start := time.Now()
				_, err := testkit.NewClient(t, testkit.InTurn(testkit.Reset, c.get)).Calls.Create(ctx, testkit.ValidCall())
				require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
				require.ErrorIs(t, err, context.Canceled)
				require.ErrorIs(t, err, went)
				assert.Contains(t, err.Error(), c.want)
				assert.NotContains(t, err.Error(), "went away; context canceled", "told twice")
				assert.Equal(t, c.at, time.Since(start))
			})
		})
	}
}

// A call that may have been placed is never dialled again, whatever a policy says. After a 504 it
// is dialled again only as often as retries are allowed.
func TestLostCallIsNotDialledAgain(t *testing.T) {
	t.Parallel()
	always := testkit.PolicyFunc(func(voiceagent.Failure) voiceagent.Decision {
		return voiceagent.Decision{Retry: true, Wait: time.Second}
	})
	for name, c := range map[string]struct {
		first httpmock.Responder
		opt   voiceagent.RequestOption
	}{
		"a policy that repeats everything": {testkit.Reset, voiceagent.WithRetryPolicy(always)},
		"no retries":                       {testkit.Answer(504, ""), voiceagent.WithMaxRetries(0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				transport := testkit.InTurn(c.first, testkit.Empty)
				_, err := testkit.NewClient(t, transport).Calls.Create(t.Context(), testkit.ValidCall(), c.opt)
				require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
				assert.Equal(t, 1, transport.Count("POST /call"))
				assert.InDelta(t, 7, transport.Count("GET /calls"), 1, "looks, until it is settled")
			})
		})
	}
}

// A look has the settings of the call that it is for.
func TestLookHasTheSettingsOfTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := testkit.InTurn(testkit.Reset, testkit.Answer(500, ""))
		_, err := testkit.NewClient(t, transport).Calls.Create(t.Context(), testkit.ValidCall(), voiceagent.WithMaxRetries(0), voiceagent.WithMaxElapsed(600*time.Millisecond))
		require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		assert.Equal(t, 1, transport.Count("GET /calls"), "a look that isn't repeated")
	})
}

// An equal call waits while a lost one is looked for, as long as its context allows. A call that
// has given up delays no other.
func TestEqualCallWaitsForALook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := testkit.InTurn(testkit.Reset, testkit.Hang, testkit.Answer(200, `{"data":{"id":"call_2"}}`))
		client := testkit.NewClient(t, transport, voiceagent.WithAttemptTimeout(20*time.Second), voiceagent.WithMaxRetries(0))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		first := make(chan error)
		go func() {
			_, err := client.Calls.Create(ctx, testkit.ValidCall())
			first <- err
		}()
		time.Sleep(time.Second) // it looks
		short, stop := context.WithTimeout(t.Context(), 2*time.Second)
		defer stop()
		start := time.Now()
		_, err := client.Calls.Create(short, testkit.ValidCall())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown, "it was never sent")
		assert.Equal(t, 2*time.Second, time.Since(start))
		require.ErrorIs(t, <-first, voiceagent.ErrOutcomeUnknown)
		call, err := client.Calls.Create(t.Context(), testkit.ValidCall())
		require.NoError(t, err)
		assert.Equal(t, "call_2", call.ID)
		assert.Equal(t, []string{"POST /call", "GET /calls", "POST /call"}, transport.Sent)
	})
}
