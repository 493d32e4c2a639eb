package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

// retryAfter is the Retry-After of a 503, in seconds. Whether the vendor heeds it is unknown.
const retryAfter = "1"

// Handler receives the events of a webhook. It is an [http.Handler], safe for concurrent use, and
// runs no goroutine while no event is under way.
type Handler struct {
	p      HandlerParams
	gate   *gate
	ctx    context.Context // that of Handle
	cancel context.CancelFunc

	large   chan struct{} // has one for each large body that is being read
	places  chan struct{} // has one for each event that was handed over
	workers chan struct{} // has one for each of them that is being handled

	mu   sync.Mutex
	jobs map[string]*job // by the event's ID
}

// NewHandler returns a handler of webhooks. It panics if [HandlerParams.Check] returns an error,
// for example because there is no secret: a receiver without a secret would take events from
// anybody.
//
// An event is answered 200 when Handle has returned nil for it, now or before. Until then no answer
// is 2xx, so that the vendor sends it again: 3 times, as documented, which may mean in all or after
// the first. A repetition that arrives while the event is handled waits for the same outcome.
func NewHandler(p HandlerParams) *Handler {
	if err := p.Check(); err != nil {
		panic(err)
	}
	p = p.withDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	return &Handler{
		p: p, gate: newGate(p.Requests), ctx: ctx, cancel: cancel,
		large:   make(chan struct{}, largeBodies),
		places:  make(chan struct{}, p.Workers+p.Queue),
		workers: make(chan struct{}, p.Workers),
		jobs:    make(map[string]*job),
	}
}

// Shutdown refuses new events with 503, and returns nil when those under way are finished. If ctx
// ends first, it returns the error of ctx, and ends the context of the events that are being
// handled. These are not answered 200, and those that still wait for a worker are given back to the
// store. Shut the [http.Server] down before, so that the requests under way get their answers.
func (h *Handler) Shutdown(ctx context.Context) error {
	h.gate.close()
	select {
	case <-h.gate.empty:
	case <-ctx.Done():
	}
	defer h.cancel()
	select {
	case <-h.gate.empty:
		return nil
	default:
		return fmt.Errorf("webhook: Shutdown: events were still being handled: %w", context.Cause(ctx))
	}
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := visit{began: time.Now()}
	v.err = h.receive(w, r, &v)
	h.logVisit(r.Context(), &v)
	if v.err == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	status, public := failure(v.err)
	switch status {
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", retryAfter)
	}
	http.Error(w, public.Error(), status)
}

// visit is what became of a request.
type visit struct {
	began time.Time
	event Event // nil as long as it isn't known
	again bool  // it had been sent before
	err   error
}

// receive does all that a request asks for, the cheap checks first.
func (h *Handler) receive(w http.ResponseWriter, r *http.Request, v *visit) error {
	deadline := v.began.Add(h.p.AnswerWithin)
	// ctx doesn't end a Read, neither of the body here nor of the rest of a refused body that net/http
	// drains. If the connection can't have a deadline, the server's own must do. Half of the time is
	// enough for a body. It leaves the other half to an event that had to wait for slow large bodies
	// of unknown senders.
	_ = http.NewResponseController(w).SetReadDeadline(v.began.Add(h.p.AnswerWithin / 2))
	if r.Method != http.MethodPost {
		return fmt.Errorf("%w but %q", ErrMethod, r.Method)
	}
	if !isJSON(r.Header.Get("Content-Type")) {
		return ErrContentType
	}
	if err := h.gate.enter(); err != nil {
		return err
	}
	defer h.gate.leave()
	ctx, cancel := context.WithDeadline(r.Context(), deadline)
	defer cancel()
	var err error
	if v.event, err = h.take(ctx, r); err != nil {
		return err
	}
	v.again, err = h.settle(ctx, v.event)
	return err
}

// isJSON reports whether a content type is that of JSON, whatever its parameters. A proxy may have
// joined it with another line.
func isJSON(contentType string) bool {
	if end := strings.IndexAny(contentType, ";,"); end >= 0 {
		contentType = contentType[:end]
	}
	return strings.EqualFold(strings.TrimSpace(contentType), "application/json")
}

// take reads an event and makes sure who sent it.
func (h *Handler) take(ctx context.Context, r *http.Request) (Event, error) {
	body, done, err := h.read(ctx, r)
	defer done()
	if err != nil {
		return nil, err
	}
	if !h.p.Unsigned {
		if err := verified(h.p.Scheme(r.Header, body, h.p.Secrets)); err != nil {
			return nil, err
		}
	}
	return parseAny(body)
}

// logVisit writes a line for a request. Errors while the event was handled are logged where they
// occurred.
func (h *Handler) logVisit(ctx context.Context, v *visit) {
	wrong := v.err
	if unread, ok := v.event.(*UnknownEvent); ok && wrong == nil {
		wrong = unread.Err
	}
	level := slog.LevelWarn
	switch {
	case wrong == nil, errors.Is(wrong, ErrHandle):
		level = slog.LevelDebug
	case errors.Is(wrong, ErrStore):
		level = slog.LevelError
	}
	if !h.p.Logger.Enabled(ctx, level) {
		return
	}
	status := http.StatusOK
	if v.err != nil {
		status, _ = failure(v.err)
	}
	attrs := []slog.Attr{slog.Int("status", status), slog.Duration("duration", time.Since(v.began))}
	if v.event != nil {
		attrs = append(attrs, slog.String("event", v.event.ID()), slog.Bool("again", v.again))
	}
	if wrong != nil {
		attrs = append(attrs, slog.String("error", h.safe(wrong)))
	}
	h.p.Logger.LogAttrs(context.WithoutCancel(ctx), level, "webhook: request", attrs...)
}
