// Service is a backend that places calls for other programs. Copy this file: it stands alone, and
// demo.go only shows it.
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
//	GET  /calls/{ref}      the call, and its result once the vendor has sent it
//	POST /webhook/levrage  for the vendor: the webhook of the agents, with the same secret
//
// Whoever can reach POST /calls can ring phones: put your authentication in front of it.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
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
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		slog.Error("service", "error", err)
		os.Exit(1)
	}
}

// withoutKey is what there is to do without a key: demo.go has something else.
var withoutKey = func(context.Context) error { return errors.New("VOICEAGENT_API_KEY must be set") }

func run(ctx context.Context) error {
	from, secret := os.Getenv("CALL_FROM"), os.Getenv("WEBHOOK_SECRET")
	if os.Getenv("VOICEAGENT_API_KEY") == "" {
		return withoutKey(ctx)
	} else if from == "" || secret == "" {
		return errors.New("CALL_FROM and WEBHOOK_SECRET must be set")
	}
	client, err := voiceagent.NewClient(options()...)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cmp.Or(os.Getenv("ADDRESS"), "localhost:8080"))
	if err != nil {
		return err
	}
	return newService(ctx, client, from, secret).serve(ctx, listener)
}

// options are those of the client. The ledger makes an idempotency key good for one call. This one
// forgets all when the process ends: in production take boltledger, which is a file, or
// redisvoiceagent, which many processes share.
func options() []voiceagent.ClientOption {
	return []voiceagent.ClientOption{
		voiceagent.WithLogger(slog.Default()), // retries at Warn, without numbers and bodies
		voiceagent.WithAttemptTimeout(attemptTime),
		voiceagent.WithLedger(voiceagent.NewMemoryLedger()),
	}
}

type service struct {
	client *voiceagent.Client // one for all requests: they share the rate limit
	from   string
	hooks  *webhook.Handler
	mux    http.ServeMux
	mu     sync.Mutex
	calls  map[string]*voiceagent.Call // by Ref; yours is a table
}

// newService returns a service that follows its calls until ctx ends.
func newService(ctx context.Context, client *voiceagent.Client, from, secret string) *service {
	s := &service{client: client, from: from, calls: make(map[string]*voiceagent.Call)}
	s.hooks = webhook.NewHandler(webhook.HandlerParams{Secrets: []string{secret}, Handle: s.handle, Logger: slog.Default()})
	s.mux.HandleFunc("POST /calls", func(w http.ResponseWriter, r *http.Request) { s.place(ctx, w, r) })
	s.mux.HandleFunc("GET /calls/{ref}", s.read)
	s.mux.Handle("/webhook/levrage", s.hooks)
	return s
}

// serve serves until ctx ends, and then finishes what is under way. Give the process that time
// before it is killed (terminationGracePeriodSeconds of Kubernetes is 30 s by default).
func (s *service) serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{Handler: &s.mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: callTime + 5*time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime+5*time.Second)
	defer cancel()
	return errors.Join(server.Shutdown(drain), s.hooks.Shutdown(drain)) // in this order: see docs/webhooks.md
}

// place places a call. The caller's Idempotency-Key names it: the same key again returns what was
// made. If there are several callers, put the name of each before its keys.
func (s *service) place(life context.Context, w http.ResponseWriter, r *http.Request) {
	key := url.QueryEscape(r.Header.Get("Idempotency-Key"))
	var body struct {
		AgentID  string         `json:"agent_id"`
		To       string         `json:"to"`
		Metadata map[string]any `json:"metadata"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&body)
	if err != nil || key == "" || len(key) > 255 {
		answer(w, http.StatusBadRequest, map[string]any{"error": "a JSON body and an Idempotency-Key of 1 to 255 characters are needed"})
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
		fail(w, err)
		return
	}
	s.save(call)
	go s.follow(life, call.Ref())
	w.Header().Set("Location", "/calls/"+url.PathEscape(call.Ref()))
	show(w, http.StatusCreated, call)
}

func (s *service) read(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	call := s.calls[r.PathValue("ref")]
	s.mu.Unlock()
	if call == nil {
		http.NotFound(w, r)
		return
	}
	show(w, http.StatusOK, call)
}

// handle takes an event of the vendor's. If it returns an error, the vendor sends the event again.
func (s *service) handle(_ context.Context, event webhook.Event) error {
	if ended, ok := event.(*webhook.CallEnded); ok {
		s.save(ended.Call)
		s.client.Calls.Deliver(ended.Call) // ends follow
	}
	return nil
}

// follow keeps a call up to date, should its event never come. All of them share a few requests.
func (s *service) follow(ctx context.Context, ref string) {
	for now, err := range s.client.Calls.Watch(ctx, ref, voiceagent.WatchParams{}) {
		if err != nil {
			slog.Warn("not followed", "ref", ref, "error", err)
			return
		}
		s.save(now)
	}
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
func fail(w http.ResponseWriter, err error) {
	status := http.StatusBadGateway // your key, the vendor, the network: see the log
	var limited *voiceagent.RateLimitError
	switch {
	case errors.Is(err, voiceagent.ErrOutcomeUnknown): // asked first, as such an error is of another type, too
		status = http.StatusAccepted // the phone may have rung: the same key again looks, and doesn't dial
	case errors.Is(err, voiceagent.ErrLedgerBusy): // the same key is under way
		status = http.StatusConflict
	case errors.As(err, &limited):
		status = http.StatusTooManyRequests
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(time.Until(limited.RetryAt).Seconds()+1))))
	case errors.As(err, new(*voiceagent.QuotaExceededError)): // your credits; 402 if it is the caller who pays
		status = http.StatusServiceUnavailable
	case errors.As(err, new(*voiceagent.NotFoundError)):
		status = http.StatusNotFound
	case errors.As(err, new(*voiceagent.ValidationError)), errors.As(err, new(*voiceagent.BadRequestError)): // ErrLedgerMismatch, too
		status = http.StatusBadRequest
	}
	slog.Warn("failed", "status", status, "error", err) // without the key, bodies and whole numbers
	text := http.StatusText(status)
	if status < 500 {
		text = err.Error() // in words, with the vendor's request id
	}
	answer(w, status, map[string]any{"error": text})
}

func show(w http.ResponseWriter, status int, c *voiceagent.Call) {
	answer(w, status, map[string]any{"ref": c.Ref(), "status": c.Status, "to": c.To(), "seconds": c.Duration().Seconds(), "summary": c.Summary})
}

func answer(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // an error means that the caller is gone
}
