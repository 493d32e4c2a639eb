package limittest

import (
	"context"
	_ "embed"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

//go:embed order.json
var orders []byte

// Order is a row of order.json: who comes while nobody may go, who of them gives up, and in which
// order the others go. A look asks with AcquireLow, work with Acquire.
type Order struct {
	Name   string   `json:"name"`
	Arrive []string `json:"arrive"`
	Leave  []string `json:"leave"`
	Go     []string `json:"go"`
}

// Orders returns the rows.
func Orders(t *testing.T) []Order { return rows[Order](t, orders) }

// Run has the callers of a row queue for the one permit of a fresh limiter. settle waits until so
// many are in its queue.
func (o *Order) Run(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter, settle func(l voiceagent.Limiter, waiting int)) {
	t.Helper()
	l, ok := fresh(voiceagent.EnterprisePlan(1)).(voiceagent.PriorityLimiter)
	require.True(t, ok, "it has priorities")
	require.NoError(t, l.Acquire(t.Context()))

	gone := make(chan string, len(o.Arrive))
	leave := make(map[string]context.CancelFunc)
	for i, name := range o.Arrive {
		ctx, cancel := context.WithCancel(t.Context())
		t.Cleanup(cancel)
		leave[name] = cancel
		acquire := l.Acquire
		if strings.HasPrefix(name, "look") {
			acquire = l.AcquireLow
		}
		go func() {
			if acquire(ctx) == nil {
				gone <- name
			}
		}()
		settle(l, i+1)
	}
	for i, name := range o.Leave {
		leave[name]()
		settle(l, len(o.Arrive)-i-1)
	}
	for _, want := range o.Go {
		assert.Empty(t, gone, "one at a time")
		l.Release(t.Context(), voiceagent.Observation{Known: true,
			RateLimit: voiceagent.RateLimit{Limit: 1, Remaining: 1, Reset: time.Now().Add(time.Minute)}})
		assert.Equal(t, want, <-gone)
	}
}
