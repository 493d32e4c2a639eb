package main

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/bench/internal/clients"
)

// smallRateLimit is wholeRateLimit in less time.
var smallRateLimit = rateLimitSize{goroutines: 120, each: 2, limit: 80, window: time.Second}

// The client must not be worse than another in any row, and must do what the row calls good. The
// test uses the real clock, as sockets don't work in a bubble. No wait is shorter than half a
// second, and the expectations don't depend on the speed of the machine.
func TestNoRowIsLost(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	libs := clients.All()
	quiet := slices.DeleteFunc(rows(smallRateLimit), func(r row) bool { return r.noisy })
	results, err := measure(t.Context(), quiet, libs)
	require.NoError(t, err)
	for _, r := range results {
		assert.NotEqual(t, lost, r.verdict(), "%s (%s): %+v", r.name, r.rule, r.cells)
		assert.GreaterOrEqual(t, r.cells[0].score, r.goal, "%s (%s): %+v", r.name, r.rule, r.cells[0])
	}
	t.Log("\n" + table(results, libs))
}

// An option that spoils a behaviour must lose its row, or the row measures nothing.
func TestSpoiltClientLoses(t *testing.T) {
	var (
		dialsTwice = voiceagent.WithUnknownOutcome(voiceagent.OutcomeRetry)
		noRetries  = voiceagent.WithMaxRetries(0)
		stubborn   = voiceagent.WithRetryPolicy(always{})
		wasteful   = voiceagent.WithHTTPClient(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}})
	)
	for _, spoilt := range []struct {
		row     string
		peer    string
		options []voiceagent.ClientOption
	}{
		{"POST read, then the connection drops, always: POSTs delivered", "net/http by hand", of(dialsTwice)},
		{"POST that hangs, 500 ms for an attempt: POSTs delivered", "net/http by hand", of(dialsTwice)},
		{"POST done, 200 with a JSON that breaks off: POSTs delivered", "net/http by hand", of(dialsTwice, stubborn)},
		{"POST done, its answer lost once: what the caller gets", "net/http by hand", of(dialsTwice)},
		{"POST, 500 JSON: tries", "openai-go", of(noRetries)},
		{"POST, 503 JSON: tries", "openai-go", of(noRetries)},
		{"POST, 429 JSON without Retry-After: tries", "openai-go", of(noRetries)},
		{"POST, 409 JSON: tries", "net/http by hand", of(stubborn)},
		{"POST, 404 HTML: tries", "net/http by hand", of(stubborn)},
		{"GET that hangs, 500 ms for an attempt: tries", "stripe-go", of(noRetries)},
		{"POST, 429 `Retry-After: 2`, then 200: the gap", "go-retryablehttp", of(noRetries)},
		{"POST, 500, 500, then 200: TCP connections", "net/http by hand", of(wasteful)},
	} {
		t.Run(spoilt.row, func(t *testing.T) {
			t.Parallel()
			libs := []clients.Library{clients.Voiceagent(spoilt.options...), peer(t, spoilt.peer)}
			results, err := measure(t.Context(), []row{named(t, spoilt.row)}, libs)
			require.NoError(t, err)
			assert.Equal(t, lost, results[0].verdict(), "%+v", results[0].cells)
		})
	}
}

func of(options ...voiceagent.ClientOption) []voiceagent.ClientOption { return options }

// always tries again, whatever happened.
type always struct{}

func (always) Decide(voiceagent.Failure) voiceagent.Decision {
	return voiceagent.Decision{Retry: true, Wait: time.Millisecond}
}

func peer(t *testing.T, name string) clients.Library {
	t.Helper()
	for _, lib := range clients.Peers() {
		if lib.Name == name {
			return lib
		}
	}
	require.Fail(t, "there is no client "+name)
	return clients.Library{}
}

func named(t *testing.T, name string) row {
	t.Helper()
	for _, r := range rows(smallRateLimit) {
		if r.name == name {
			return r
		}
	}
	require.Fail(t, "there is no row "+name)
	return row{}
}
