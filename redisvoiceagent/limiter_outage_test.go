package redisvoiceagent_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/redistest"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// While Redis is down, for whatever reason, a fleet goes on with no failed request and at most one
// window of 429s.
func TestLimiterFleetOutlivesRedis(t *testing.T) {
	const limit, requests, processes = 300, 2000, 4
	window := 3 * time.Second
	tests := map[string]struct {
		args       []string
		heeding    bool
		away, back func(*redistest.Server) error
	}{
		"killed for good":                  {nil, false, (*redistest.Server).Kill, nil},
		"killed, comes back empty":         {nil, true, (*redistest.Server).Kill, (*redistest.Server).Restart},
		"killed, comes back as it was":     {[]string{"--appendonly", "yes"}, false, (*redistest.Server).Kill, (*redistest.Server).Restart},
		"stuck":                            {nil, false, (*redistest.Server).Pause, (*redistest.Server).Resume},
		"stuck, and clients heed contexts": {nil, true, (*redistest.Server).Pause, (*redistest.Server).Resume},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redisServer := startRedis(t, test.args...)
			a := startAPI(t, voiceagenttest.Limits{Requests: limit, Window: window}, 40*time.Millisecond)
			start := begin(window)
			var waits []func() result
			for range processes {
				_, wait := member{Redis: redisServer.Addr(), URL: a.URL, Goroutines: 50, Requests: requests / processes, Heeding: test.heeding}.start(t)
				waits = append(waits, wait)
			}
			// In the middle of a window that is being used, and back in the middle of another.
			require.Eventually(t, func() bool { return a.all.Load() > 700 }, 20*time.Second, time.Millisecond)
			require.NoError(t, test.away(redisServer))
			if test.back != nil {
				require.Eventually(t, func() bool { return a.all.Load() > 1300 }, 20*time.Second, time.Millisecond)
				require.NoError(t, test.back(redisServer))
			}
			for _, wait := range waits {
				said := wait()
				assert.Zero(t, said.Failed, said.FirstError)
				assert.Equal(t, requests/processes, said.Served)
				assert.Equal(t, 1, said.Warnings)
			}
			assert.LessOrEqual(t, a.throttled.Load(), int64(limit), "answers of 429")
			t.Logf("%v, %d answers of 429", time.Since(start), a.throttled.Load())
		})
	}
}
