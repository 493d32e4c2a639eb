package retry_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// Callers that failed together must not come back together.
func TestWaitsDiffer(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable} {
		waits := make(map[time.Duration]bool)
		for range 20 {
			waits[voiceagent.DefaultRetryPolicy().Decide(voiceagent.Failure{Attempt: 1, StatusCode: status}).Wait] = true
		}
		assert.Greater(t, len(waits), 15, "%d: different waits", status)
	}
}

func TestPolicySaysWhyNot(t *testing.T) {
	t.Parallel()
	broken := errors.New("unexpected EOF")
	for want, failure := range map[string]voiceagent.Failure{
		"501: not known to be safe to repeat":         {StatusCode: 501},
		"no answer: the server may have done it":      {Err: broken},
		"400: trying again would get the same answer": {StatusCode: 400, Err: broken, Safe: true},
		"200: trying again would get the same answer": {StatusCode: 200, Safe: true},
	} {
		d := voiceagent.DefaultRetryPolicy().Decide(failure)
		assert.False(t, d.Retry, want)
		assert.Equal(t, want, d.Reason)
	}
}

// A policy sees what is safe to repeat. It may wait for as long as the longest wait and its jitter.
func TestPolicyOfTheUser(t *testing.T) {
	t.Parallel()
	for wait, sent := range map[time.Duration]int{121 * time.Second: 2, 121*time.Second + 1: 1} {
		synctest.Test(t, func(t *testing.T) {
			var safe []bool
			policy := testkit.PolicyFunc(func(f voiceagent.Failure) voiceagent.Decision {
				safe = append(safe, f.Safe)
				return voiceagent.Decision{Retry: len(safe) < 2, Wait: wait}
			})
			mock := testkit.InTurn(testkit.Answer(http.StatusTooManyRequests, ""), testkit.Answer(http.StatusInternalServerError, ""), testkit.Empty)
			_, err := testkit.NewClient(t, mock, voiceagent.WithMaxElapsed(0), voiceagent.WithRetryPolicy(policy)).Calls.Create(t.Context(), testkit.ValidCall())
			require.Error(t, err)
			assert.Equal(t, []bool{true, false}[:sent], safe, "a 429 was not done, a 500 may have been")
			assert.Equal(t, sent, mock.Count("POST /call"))
		})
	}
}
