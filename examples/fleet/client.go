package main

import (
	"log/slog"
	"net/http"
	"net/http/httptrace"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redisledger"
	"github.com/voiceagent-go/voiceagent/redislimit"
)

// ledger is where the workers write down each call before they place it.
func (l *list) ledger() *redisledger.Ledger {
	return redisledger.New(l.rdb, redisledger.Params{Prefix: l.ledgerPrefix()})
}

// newClient returns the client of a worker. Its limiter and its ledger are shared by all workers, through Redis.
func newClient(l *list, log *slog.Logger) (*voiceagent.Client, error) {
	ledger := l.ledger()
	return voiceagent.NewClient(
		voiceagent.WithApplication("fleet", ""),
		voiceagent.WithMaxElapsed(callTime),
		voiceagent.WithLimiter(redislimit.New(l.rdb, redislimit.Params{Logger: log})),
		voiceagent.WithLedger(ledger),
		voiceagent.WithMiddleware(onlyIfHeld(ledger)),
	)
}

// onlyIfHeld sends a request that makes something only while the ledger holds its key for this process. A machine that was suspended in between may
// have lost the key to another worker, which has found that there is no call yet, and dials.
func onlyIfHeld(ledger *redisledger.Ledger) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPost {
				if err := ledger.Held(req.Context(), req.Header.Get("Idempotency-Key")); err != nil {
					// The client takes a transport's error for an answer that was lost, unless it was told how far the request came: here, no byte was written.
					if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.GetConn != nil {
						trace.GetConn(req.URL.Host)
					}
					if req.Body != nil {
						_ = req.Body.Close()
					}
					return nil, err
				}
			}
			return next.RoundTrip(req)
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
