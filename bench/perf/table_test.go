package main

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// made returns results in which this client takes the given part of what the hand-written one
// takes, and the others take twice as much.
func made(part float64) []result {
	var all []result
	for _, w := range works() {
		r := result{work: w, sides: sides()}
		for i := range r.sides {
			factor := 2.0
			switch i {
			case ours:
				factor = part
			case hand:
				factor = 1
			}
			one := sample{nanoseconds: 1e4 * factor, bytes: float64(campaignSize) * factor, allocations: 100 * factor}
			r.samples = append(r.samples, []sample{one, one, one})
		}
		all = append(all, r)
	}
	return all
}

func TestTargets(t *testing.T) {
	met := targets(made(0.5))
	assert.Equal(t, 8, strings.Count(met, "| met |"), met)
	assert.NotContains(t, met, "**")
	assert.Contains(t, summary(made(0.5)), "8 of 8 are met. No other was faster")

	missed := targets(made(1.3))
	assert.Equal(t, 8, strings.Count(missed, "| **not met** |"), missed)
	assert.Contains(t, summary(made(1.3)), "0 of 8 are met. Not met: GET one record in memory; ")
	assert.Contains(t, summary(made(1.3)), "Faster than this client in this run: net/http by hand (GET one record in memory)")

	// A number that is printed as the limit itself keeps it.
	limit := made(1)[0].limit.value
	for part, want := range map[float64]bool{limit + 0.004: true, limit + 0.006: false} {
		assert.Equal(t, want, made(part)[0].meets(), part)
	}
	for part, want := range map[float64]bool{1 / 0.946: true, 1 / 0.944: false} {
		assert.Equal(t, want, made(part)[8].meets(), part)
	}
}

func TestCheckMemory(t *testing.T) {
	require.NoError(t, checkMemory(made(1)))
	err := checkMemory(made(1.25))
	require.ErrorContains(t, err, "GET one record: this client needs 1.25 times the bytes of hand-written net/http")
	require.ErrorContains(t, err, "GET one record: this client needs 1.25 times the allocations")
	require.ErrorContains(t, err, "2 MB, three attempts: this client allocates 1.25 times the encoded size, 1.20 are allowed")
}

func TestTables(t *testing.T) {
	got := tables(made(0.5))
	assert.Contains(t, got, "| voiceagent | 5.0 µs | 0.50 |")
	assert.Contains(t, got, "| net/http by hand | 10.0 µs | 1.00 |")
	assert.Contains(t, got, "| voiceagent | 200,000 | 2.00 |")
	for line := range strings.Lines(got) {
		assert.NotContains(t, line, "NaN")
	}
}

func TestPlotIsXMLWithoutAnythingFromOutside(t *testing.T) {
	svg := plot(made(2.5))
	decoder := xml.NewDecoder(strings.NewReader(svg))
	bars := 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if start, ok := token.(xml.StartElement); ok {
			require.Contains(t, []string{"svg", "title", "style", "rect", "text", "line"}, start.Name.Local)
			if start.Name.Local == "rect" {
				bars++
			}
		}
	}
	assert.Equal(t, 1+8*len(sides()), bars, "a card, and a bar for each side in each panel")
	assert.Equal(t, 1, strings.Count(svg, "://"), "only the name space")
	assert.Equal(t, 8, strings.Count(svg, "→ 2.50"), "bars that are cut say how long they are")
}

func TestMedians(t *testing.T) {
	assert.InDelta(t, 2, numbers{9, 1, 2}.median(), 1e-9)
	assert.InDelta(t, 2.5, numbers{4, 1, 3, 2}.median(), 1e-9)
	assert.InDelta(t, 1.5, numbers{3, 1, 2}.at(0.25), 1e-9)

	got := compare(numbers{1, 2, 30}, numbers{4, 4, 10})
	assert.InDelta(t, 0.5, got.ratio, 1e-9, "2 to 4")
	assert.InDelta(t, 0.375, got.low, 1e-9, "of 0.25, 0.5 and 3")
	assert.InDelta(t, 1.75, got.high, 1e-9)
}

func TestNumbers(t *testing.T) {
	assert.Equal(t, "1,234,567", number(1234567))
	assert.Equal(t, "123", number(123))
	assert.Equal(t, "1.0 KiB", amount(numbers{1024}))
	assert.Equal(t, "2,000 KiB", amount(numbers{2000 << 10}))
	assert.Equal(t, "1.50 ms", duration(numbers{1.5e6}))
	assert.Equal(t, "12.3 µs", duration(numbers{12345}))
}

func TestMeasureAll(t *testing.T) {
	results, err := measureAll(t.Context(), works(), sides(), effort{least: 1, turn: time.Microsecond})
	require.NoError(t, err)
	for _, r := range results {
		for i, s := range r.sides {
			if r.attempts > 1 && s.oneAttempt != "" {
				assert.Empty(t, r.samples[i])
				continue
			}
			require.Len(t, r.samples[i], 1, "%s by %s", r.name, s.name)
			assert.Positive(t, r.samples[i][0].nanoseconds)
			assert.Positive(t, r.samples[i][0].allocations)
		}
	}
	assert.Contains(t, page(results, quick, time.Second), "## Targets of this client")

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = measureAll(ended, works(), sides(), quick)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "GET one record")
}
