package webhook_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The target is 2,000 signed events a second on one core, including the time to make and sign them.
// The best of several rounds counts, as other processes may use the machine.
func TestEventsPerSecond(t *testing.T) { //nolint:paralleltest // it has the processor to itself
	if raceDetector || testing.Short() {
		t.Skip("it is about time")
	}
	const target, rounds, round = 2000, 20, 200
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	h, next := benchHandler(t), deliveries(t)
	best := 0.0
	for range rounds {
		began := time.Now()
		for range round {
			body, _ := next()
			require.Equal(t, 200, status(h, string(body)))
		}
		best = max(best, round/time.Since(began).Seconds())
	}
	t.Logf("%.0f events a second", best)
	assert.GreaterOrEqual(t, best, float64(target))
}
