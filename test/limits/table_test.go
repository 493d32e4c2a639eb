package limits_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/limittest"
)

// The same rows are run through the limiter over Redis.
func TestTable(t *testing.T) {
	t.Parallel()
	for _, c := range limittest.Cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(300 * time.Millisecond) // no row should rest on a whole second
				c.Run(t, func() voiceagent.Limiter { return voiceagent.NewLimiter(voiceagent.Plan{}) }, func(inFlight func() int, want int) {
					synctest.Wait()
					assert.Equal(t, want, inFlight(), "in flight")
				})
			})
		})
	}
}

// So are these.
func TestOrder(t *testing.T) {
	t.Parallel()
	for _, o := range limittest.Orders(t) {
		t.Run(o.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o.Run(t, voiceagent.NewLimiter, func(voiceagent.Limiter, int) { synctest.Wait() })
			})
		})
	}
}
