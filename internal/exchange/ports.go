package exchange

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/lifecycle"
	"github.com/voiceagent-go/voiceagent/internal/reconcile"
	"github.com/voiceagent-go/voiceagent/internal/transport"
)

// Sender drives an exchange through its attempts, as [transport.Engine] does.
type Sender interface {
	Do(x *transport.Exchange, body []byte) error
}

// Ports is what an exchange needs from outside. Each Ports serves one call, and is used by its
// goroutine alone.
type Ports interface {
	Limiter
	Writer
	Reader
	Policy
	Creation
	Ledger
	Observer
}

// Limiter says when an attempt may be sent.
type Limiter interface {
	// TryAcquire acquires without waiting.
	TryAcquire() bool
	Acquire(ctx context.Context) error
	// Release gives back what was acquired for an attempt of which nothing was learned.
	Release()
}

// Writer says what an attempt sends.
type Writer interface {
	// Target returns the method, the URL and the header of an attempt. They are its own, as a
	// transport may change them.
	Target() (method string, u url.URL, header http.Header)
}

// Reader reads what came of an attempt.
type Reader interface {
	// Observe releases the limiter's permit, and reports the answer's headers to it. The answer is nil
	// when none came.
	Observe(resp *http.Response)
	// Read reads and closes the answer. It reports whether the attempt succeeded, and what that says
	// about the work.
	Read(resp *http.Response, err error) (result lifecycle.Result, ok bool)
	// LastError returns what came of the last attempt; nil when there was none, or it succeeded.
	LastError() error
}

// Policy says what the caller allows.
type Policy interface {
	Rules() lifecycle.Rules
	Decide(result lifecycle.Result) Decision
}

// Creation is the record that the call may have made.
type Creation interface {
	// Twin reports false for a call that makes no record which can be looked for.
	Twin() (reconcile.Twin, bool)
	// Look looks for the record once. The error says why it proves nothing.
	Look(ctx context.Context) (lifecycle.Sight, error)
	// Unknown returns the error of a call whose outcome stays unknown; lookErr is why the last look
	// proved nothing.
	Unknown(lookErr error) error
}

// Ledger is where other workers see the call.
type Ledger interface {
	// Held returns an error if the call's key isn't this process's any more.
	Held() error
	// Await reports to the other workers whether the call waits for an answer.
	Await(waits bool) error
}

// Observer is notified of what happens.
type Observer interface {
	HasWaited(start time.Time, what Wait, why string)
	Retrying(d Decision)
}

// Decision is what the policy says of a failed attempt.
type Decision struct {
	Retry   bool
	Wait    time.Duration
	Timeout time.Duration // of the next attempt; 0 keeps it
	Reason  string
}

// Wait is what is waited for.
type Wait uint8

// The waits.
const (
	Backoff Wait = iota // the next attempt
	Permit              // the limiter
	Lookup              // a look, or the end of another call's
)

// Settings are those of one call.
type Settings struct {
	MaxRetries     int
	AttemptTimeout time.Duration
	MaxElapsed     time.Duration // 0 is no limit
	SettleTime     time.Duration // how long a record may take to be listed
}
