package webhook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// HandlerParams says how a [Handler] receives events. Handle is required, and Secrets or Unsigned.
type HandlerParams struct {
	// Secrets are the secrets that the vendor may sign with; any of them fits. To change a secret, add
	// the new one here, set it on the agents, and remove the old one a day later.
	Secrets []string
	// Unsigned accepts events from anybody. It is for agents whose webhook has no secret, behind
	// something else that authenticates the sender.
	Unsigned bool
	// Scheme checks the signature; [DefaultScheme] when nil, of which the algorithm is unverified.
	Scheme Scheme

	// Handle is called for each event, on up to Workers goroutines at once. If it returns nil, the
	// vendor is answered 200. After an error or a panic the vendor is answered 500, and Handle is
	// called again when the vendor repeats the event, which it is documented to do two or three times.
	// ctx has no values of the request; it ends when [Handler.Shutdown] runs out of time. If the
	// process dies, or the store fails, before the event is recorded as handled, Handle may be called
	// for it again; detect that by [Event].ID.
	Handle func(ctx context.Context, event Event) error
	// Store remembers what was handled; [NewMemoryStore] with its defaults when nil.
	Store Store

	// Workers is how many events are handled at once; 8 when 0.
	Workers int
	// Queue is how many events may wait for a worker; 0 means 256. Further requests wait for a place
	// in the queue.
	Queue int
	// Requests is how many requests may be under way at once; 0 means 1024. Further requests are
	// answered 503 at once.
	Requests int
	// MaxBody is the size of the largest body, in bytes; 1 MiB when 0.
	MaxBody int64
	// AnswerWithin is the longest time from a request's start to its answer; 0 means 8 s. The vendor
	// gives up after 10 s (documented). An event that takes longer is answered 503, and its handling
	// goes on.
	AnswerWithin time.Duration

	// Logger logs each event at Debug, those that were refused or can't be read at Warn, and of what
	// went wrong here at Error. It gets no body, secret or header. Of errors of yours (Handle, Store,
	// Scheme) it gets the text, with all but the last 4 digits of numbers hidden: keep names and
	// transcripts out of them. Silent when nil.
	Logger *slog.Logger
}

const (
	defaultWorkers      = 8
	defaultQueue        = 256
	defaultRequests     = 1024
	defaultMaxBody      = 1 << 20
	defaultAnswerWithin = 8 * time.Second
)

// Check returns everything that is wrong with the parameters, without the secrets, or nil if
// [NewHandler] takes them.
func (p HandlerParams) Check() error {
	var bad []error
	report := func(format string, args ...any) { bad = append(bad, fmt.Errorf("webhook: "+format, args...)) }
	if p.Handle == nil {
		report("Handle is nil: set the function that gets the events")
	}
	switch {
	case len(p.Secrets) == 0 && !p.Unsigned:
		report("there are no Secrets: set those of your agents' webhooks, or Unsigned to take whatever anybody sends")
	case len(p.Secrets) > 0 && p.Unsigned:
		report("there are Secrets, and Unsigned too, which would not check them: remove one of them")
	}
	for i, secret := range p.Secrets {
		switch trimmed := strings.TrimSpace(secret); {
		case trimmed == "":
			report("Secrets[%d] is empty: anybody could sign with it", i)
		case trimmed != secret:
			report("Secrets[%d] has white space around it, as from a file: trim it", i)
		}
	}
	for _, number := range []struct {
		name string
		n    int64
	}{
		{"Workers", int64(p.Workers)}, {"Queue", int64(p.Queue)}, {"Requests", int64(p.Requests)},
		{"MaxBody", p.MaxBody}, {"AnswerWithin", int64(p.AnswerWithin)},
	} {
		if number.n < 0 {
			report("%s is below 0: leave it at 0 for the default", number.name)
		}
	}
	return errors.Join(bad...)
}

// withDefaults returns p as it is used.
func (p HandlerParams) withDefaults() HandlerParams {
	p.Secrets = append([]string(nil), p.Secrets...)
	if p.Scheme == nil {
		p.Scheme = DefaultScheme
	}
	if p.Store == nil {
		p.Store = NewMemoryStore(0, 0)
	}
	if p.Logger == nil {
		p.Logger = slog.New(slog.DiscardHandler)
	}
	p.Workers = cmp.Or(p.Workers, defaultWorkers)
	p.Queue = cmp.Or(p.Queue, defaultQueue)
	p.Requests = cmp.Or(p.Requests, defaultRequests)
	p.MaxBody = cmp.Or(p.MaxBody, defaultMaxBody)
	p.AnswerWithin = cmp.Or(p.AnswerWithin, defaultAnswerWithin)
	return p
}
