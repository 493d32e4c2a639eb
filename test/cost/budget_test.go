//go:build !race

package cost_test

import (
	"context"
	"net/http"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// These are the most that a call may cost without its transport, which takes 3 allocations. Lower a
// number when the code allows it.
func TestAllocationBudget(t *testing.T) { // not beside others: it counts what all goroutines allocate
	params := benchCall()
	for name, test := range map[string]struct {
		answer string
		call   func(context.Context, *voiceagent.Client) error
		allocs float64
		bytes  uint64
	}{
		"GET": {benchAnswer, func(ctx context.Context, c *voiceagent.Client) error {
			_, err := c.Calls.Get(ctx, "call_1")
			return err
		}, 45, 4 << 10},
		"POST of 1 KB": {benchAnswer, func(ctx context.Context, c *voiceagent.Client) error {
			_, err := c.Calls.Create(ctx, params)
			return err
		}, 61, 6 << 10},
		"a page of 100 calls with transcripts": {benchPage(t), func(ctx context.Context, c *voiceagent.Client) error {
			_, err := c.Calls.List(ctx, voiceagent.CallListParams{})
			return err
		}, 5050, 800 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_bench"), voiceagent.WithBaseURL("https://api.test/v1"),
				voiceagent.WithHTTPClient(&http.Client{Transport: answering{test.answer}}))
			require.NoError(t, err)
			once := func() { require.NoError(t, test.call(t.Context(), client)) }
			assert.LessOrEqual(t, testing.AllocsPerRun(200, once), test.allocs)

			const runs = 200
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range runs {
				once()
			}
			runtime.ReadMemStats(&after)
			assert.LessOrEqual(t, (after.TotalAlloc-before.TotalAlloc)/runs, test.bytes, "bytes")
		})
	}
}
