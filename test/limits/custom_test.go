package limits_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

func TestEachAcquireIsReleasedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limiter := &testkit.CountingLimiter{}
		transport := &testkit.Statuses{Statuses: []int{500, 502, http.StatusOK}}
		client := testkit.NewPatient(t, transport, voiceagent.WithLimiter(limiter))
		_, err := client.Calls.Get(t.Context(), "call_1")
		require.NoError(t, err)
		assert.EqualValues(t, 3, limiter.Acquired.Load())
		assert.EqualValues(t, 3, limiter.Released.Load())

		panicking := testkit.NewPatient(t, testkit.RoundTrip(func(*http.Request) (*http.Response, error) { panic("a middleware's bug") }),
			voiceagent.WithLimiter(limiter))
		assert.Panics(t, func() { _, _ = panicking.Calls.Get(t.Context(), "call_1") })
		assert.EqualValues(t, 4, limiter.Released.Load())
	})
}

func TestErrorOfACustomLimiterIsKept(t *testing.T) {
	t.Parallel()
	broken := errors.New("the budget's store is on fire")
	client := testkit.NewPatient(t, &testkit.Statuses{Statuses: []int{200}}, voiceagent.WithLimiter(&testkit.CountingLimiter{Refuse: broken}))
	_, err := client.Calls.Create(t.Context(), testkit.ValidCall())
	require.ErrorIs(t, err, broken)
	lost := new(voiceagent.ConnectionError)
	require.ErrorAs(t, err, &lost)
	assert.False(t, lost.Sent)
	assert.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
}
