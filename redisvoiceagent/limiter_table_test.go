package redisvoiceagent_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/limittest"
	"github.com/voiceagent-go/voiceagent/internal/redistest"
	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
)

// The same rows are run through the limiter of one process.
func TestLimiterTable(t *testing.T) {
	t.Parallel()
	srv := startRedis(t)
	for _, c := range limittest.Cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			p, tries := limiterParams(voiceagent.Plan{}), 0
			fresh := func() voiceagent.Limiter {
				tries++
				p.Prefix = fmt.Sprint(c.Name, tries) // a budget of its own
				return redisvoiceagent.NewLimiter(connect(t, srv), p)
			}
			c.Run(t, fresh, func(inFlight func() int, want int) {
				assert.Eventually(t, func() bool { return inFlight() >= want }, soon, time.Millisecond)
				time.Sleep(150 * time.Millisecond) // several times as long as a step and its poll
				assert.Equal(t, want, inFlight(), "in flight")
			})
		})
	}
}

func TestLimiterOrder(t *testing.T) {
	t.Parallel()
	up, down := startRedis(t), startRedis(t)
	require.NoError(t, down.Kill())
	for name, srv := range map[string]*redistest.Server{"with Redis": up, "without": down} {
		for _, o := range limittest.Orders(t) {
			t.Run(name+": "+o.Name, func(t *testing.T) {
				t.Parallel()
				o.Run(t, func(p voiceagent.Plan) voiceagent.Limiter {
					params := limiterParams(p)
					params.Prefix = o.Name // a budget of its own
					return redisvoiceagent.NewLimiter(connect(t, srv), params)
				}, func(l voiceagent.Limiter, waiting int) {
					require.Eventually(t, func() bool { return redisvoiceagent.Waiting(l) == waiting }, soon, time.Millisecond)
					time.Sleep(50 * time.Millisecond) // the fallback counts a caller just before it is in the queue
				})
			})
		}
	}
}
