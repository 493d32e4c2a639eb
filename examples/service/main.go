// Service is a backend that places calls for other programs. Copy this file; demo.go only shows it.
//
//	go run ./examples/service
//
// Without a key it runs against a simulator, sends itself a few requests (demo.go) and ends. With a
// key it serves:
//
//	export VOICEAGENT_API_KEY=lev_... WEBHOOK_SECRET=whsec_... CALL_FROM=+15550100000
//	go run ./examples/service
//
//	POST /calls            {"agent_id": "...", "to": "+919876543210"}, with an Idempotency-Key
//	GET  /calls/{ref}
//	POST /webhook/levrage  for the vendor: the webhook of the agents, with the same secret
//
// Whoever can reach POST /calls can ring phones: put your authentication in front of it.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/webhook"
)

// callTime is all that a POST may take. It leaves room for an attempt and, if its answer is lost,
// for the look, which goes on for the settle time of 30 s. With less, more calls end unknown.
const (
	attemptTime = 15 * time.Second
	callTime    = attemptTime + 40*time.Second
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, log)
	stop()
	if err != nil {
		log.Error("service", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, log *slog.Logger) error {
	if os.Getenv("VOICEAGENT_API_KEY") == "" {
		return demo(ctx, out, log)
	}
	if os.Getenv("CALL_FROM") == "" || os.Getenv("WEBHOOK_SECRET") == "" {
		return errors.New("CALL_FROM and WEBHOOK_SECRET must be set")
	}
	client, err := voiceagent.NewClient(options(log)...)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cmp.Or(os.Getenv("ADDRESS"), "localhost:8080"))
	if err != nil {
		return err
	}
	return newService(client, os.Getenv("CALL_FROM"), os.Getenv("WEBHOOK_SECRET"), log).serve(ctx, listener)
}

// options are those of the client. The ledger makes an idempotency key good for one call. This one
// forgets all when the process ends: in production take boltledger, which is a file, or
// redisvoiceagent, which many processes share.
func options(log *slog.Logger) []voiceagent.ClientOption {
	return []voiceagent.ClientOption{
		voiceagent.WithLogger(log), // retries at Warn, without numbers and bodies
		voiceagent.WithAttemptTimeout(attemptTime),
		voiceagent.WithLedger(voiceagent.NewMemoryLedger()),
	}
}

type service struct {
	client *voiceagent.Client // one for all requests: they share the rate limit
	hooks  *webhook.Handler
	from   string
	log    *slog.Logger

	mu    sync.Mutex
	calls map[string]*voiceagent.Call // by Ref; yours is a table
}

func newService(client *voiceagent.Client, from, secret string, log *slog.Logger) *service {
	s := &service{client: client, from: from, log: log, calls: make(map[string]*voiceagent.Call)}
	s.hooks = webhook.NewHandler(webhook.HandlerParams{Secrets: []string{secret}, Handle: s.handle, Logger: log})
	return s
}

func (s *service) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /calls", s.place)
	mux.HandleFunc("GET /calls/{ref}", s.read)
	mux.Handle("/webhook/levrage", s.hooks)
	return mux
}

// serve serves until ctx ends, and then finishes what is under way. Give the process that time
// before it is killed (terminationGracePeriodSeconds of Kubernetes is 30 s by default).
func (s *service) serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{Handler: s.routes(), ReadHeaderTimeout: 5 * time.Second, WriteTimeout: callTime + 5*time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.log.Info("shutting down")
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime+5*time.Second)
	defer cancel()
	return errors.Join(server.Shutdown(drain), s.hooks.Shutdown(drain)) // in this order: see docs/webhooks.md
}

// place places a call. The caller's Idempotency-Key names it: the same key again returns what was
// made. If there are several callers, put the name of each before its keys.
func (s *service) place(w http.ResponseWriter, r *http.Request) {
	key := url.QueryEscape(r.Header.Get("Idempotency-Key"))
	if key == "" || len(key) > 255 {
		answer(w, http.StatusBadRequest, map[string]any{"error": "Idempotency-Key must have 1 to 255 characters"})
		return
	}
	var body struct {
		AgentID  string         `json:"agent_id"`
		To       string         `json:"to"`
		Metadata map[string]any `json:"metadata"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&body); err != nil {
		answer(w, http.StatusBadRequest, map[string]any{"error": "the body isn't the JSON of a call"})
		return
	}
	// Without the request's cancellation: a caller that hangs up while the vendor dials would make
	// the outcome unknown.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), callTime)
	defer cancel()
	call, err := s.client.Calls.Create(ctx, voiceagent.CallCreateParams{
		AgentID: body.AgentID, From: s.from, To: body.To, Metadata: body.Metadata,
	}, voiceagent.WithIdempotencyKey(key))
	if err != nil {
		s.fail(w, err)
		return
	}
	s.save(call)
	w.Header().Set("Location", "/calls/"+url.PathEscape(call.Ref()))
	show(w, http.StatusCreated, call)
}

// read shows the result that the webhook has brought, and else the call as it is now.
func (s *service) read(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	call := s.calls[r.PathValue("ref")]
	s.mu.Unlock()
	if call == nil || !call.Ended() {
		ctx, cancel := context.WithTimeout(r.Context(), attemptTime)
		defer cancel()
		var err error
		if call, err = s.client.Calls.Get(ctx, r.PathValue("ref")); err != nil {
			s.fail(w, err)
			return
		}
	}
	show(w, http.StatusOK, call)
}

// handle takes an event of the vendor's. If it returns an error, the vendor sends the event again.
func (s *service) handle(_ context.Context, event webhook.Event) error {
	if ended, ok := event.(*webhook.CallEnded); ok {
		s.save(ended.Call)
	}
	return nil
}

// save joins the answer to Create and the event of one call: both have the same Ref. The event may
// come first, so what has ended stays. If the vendor's answers have no session_id, join by a key of
// your own in the metadata, which the event repeats.
func (s *service) save(call *voiceagent.Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.calls[call.Ref()]; old == nil || !old.Ended() {
		s.calls[call.Ref()] = call
	}
}

// fail answers with what an error means to the caller.
func (s *service) fail(w http.ResponseWriter, err error) {
	status := statusOf(err)
	s.log.Warn("failed", "status", status, "error", err) // without the key, bodies and whole numbers
	body := map[string]any{"error": http.StatusText(status)}
	if api, ok := errors.AsType[*voiceagent.APIError](err); ok && status < 500 {
		body["error"] = api.Message
	}
	if limited, ok := errors.AsType[*voiceagent.RateLimitError](err); ok {
		w.Header().Set("Retry-After", fmt.Sprintf("%.0f", max(1, math.Ceil(time.Until(limited.RetryAt).Seconds()))))
	}
	if unknown, ok := errors.AsType[*voiceagent.OutcomeUnknownError](err); ok {
		body["error"], body["check"] = "the phone may have rung: ask again under the same Idempotency-Key, which doesn't dial", unknown.Check
	}
	answer(w, status, body)
}

// statusOf asks for an unknown outcome first, as its error is of another type, too.
func statusOf(err error) int {
	switch {
	case errors.Is(err, voiceagent.ErrOutcomeUnknown):
		return http.StatusAccepted
	case errors.Is(err, voiceagent.ErrLedgerBusy): // the same key is under way
		return http.StatusConflict
	case is[*voiceagent.RateLimitError](err):
		return http.StatusTooManyRequests
	case is[*voiceagent.QuotaExceededError](err): // your credits; 402 if it is the caller who pays
		return http.StatusServiceUnavailable
	case is[*voiceagent.NotFoundError](err):
		return http.StatusNotFound
	case is[*voiceagent.ValidationError](err), is[*voiceagent.BadRequestError](err): // ErrLedgerMismatch, too
		return http.StatusBadRequest
	}
	return http.StatusBadGateway // your key, the vendor, the network: see the log
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func show(w http.ResponseWriter, status int, c *voiceagent.Call) {
	answer(w, status, map[string]any{"ref": c.Ref(), "status": c.Status, "to": c.To(), "seconds": c.Duration().Seconds(), "summary": c.Summary})
}

func answer(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // an error means that the caller is gone
}
