package webhook_test

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/webhook"
)

// finish claims an event and has it done.
func finish(t *testing.T, s *webhook.MemoryStore, id string) {
	t.Helper()
	claim, err := s.Claim(t.Context(), id)
	require.NoError(t, err, id)
	require.NoError(t, claim.Done(t.Context()))
}

func TestMemoryStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := webhook.NewMemoryStore(3, time.Hour)
		known := func(id string, err error) {
			t.Helper()
			_, got := s.Claim(t.Context(), id)
			assert.ErrorIs(t, got, err, id)
		}
		held, err := s.Claim(t.Context(), "held")
		require.NoError(t, err)
		known("held", webhook.ErrClaimed)
		for i := range 4 {
			finish(t, s, strconv.Itoa(i))
			time.Sleep(time.Minute)
		}
		known("1", webhook.ErrDone)
		known("3", webhook.ErrDone)
		known("held", webhook.ErrClaimed)
		finish(t, s, "0") // was the oldest of four, and drops 1
		finish(t, s, "1") // drops 2
		known("3", webhook.ErrDone)

		time.Sleep(59*time.Minute - time.Nanosecond)
		known("3", webhook.ErrDone)
		time.Sleep(time.Nanosecond)
		finish(t, s, "3")
		known("0", webhook.ErrDone)
		time.Sleep(30 * 24 * time.Hour)
		known("held", webhook.ErrClaimed)
		finish(t, s, "0")

		require.NoError(t, held.Release(t.Context()))
		finish(t, s, "held")
		known("held", webhook.ErrDone)
	})
}

// It forgets nothing that is under way, however much there is, and keeps no more than it should.
func TestMemoryStoreIsBounded(t *testing.T) {
	t.Parallel()
	s := webhook.NewMemoryStore(100, 0)
	for i := range 1000 {
		_, err := s.Claim(t.Context(), "held-"+strconv.Itoa(i))
		require.NoError(t, err)
	}
	for i := range 10_000 {
		finish(t, s, strconv.Itoa(i))
	}
	assert.Equal(t, 1100, webhook.Remembered(s))
	for i := range 1000 {
		_, err := s.Claim(t.Context(), "held-"+strconv.Itoa(i))
		require.ErrorIs(t, err, webhook.ErrClaimed)
	}
}

func TestMemoryStoreDefaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := webhook.NewMemoryStore(-1, -1)
		for i := range 100_001 {
			finish(t, s, strconv.Itoa(i))
		}
		assert.Equal(t, 100_000, webhook.Remembered(s))
		time.Sleep(24*time.Hour - time.Nanosecond)
		_, err := s.Claim(t.Context(), "1")
		require.ErrorIs(t, err, webhook.ErrDone)
		time.Sleep(time.Nanosecond)
		finish(t, s, "1")
		assert.Equal(t, 1, webhook.Remembered(s))
	})
}
