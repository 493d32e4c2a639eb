package voiceagent

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/gateway"
	"github.com/voiceagent-go/voiceagent/internal/hint"
	"github.com/voiceagent-go/voiceagent/internal/ratelimit"
)

// RetryPolicy decides whether a failed attempt is repeated, and after which wait. It must be safe
// for concurrent use.
type RetryPolicy interface{ Decide(Failure) Decision }

// Failure is an attempt that did not succeed.
type Failure struct {
	Attempt    int // 1 for the first
	Method     string
	Safe       bool // repeating it can't do the work twice
	StatusCode int  // 0 when no answer came
	Code       ErrorCode
	Header     http.Header
	Err        error         // why no whole answer came, nil when one did
	Timeout    time.Duration // of the attempt that failed; 0 when it had none
}

// Decision is what a policy makes of a [Failure].
type Decision struct {
	Retry   bool
	Wait    time.Duration
	Timeout time.Duration // of the next attempt, at most four times the configured one; 0 keeps it
	Reason  string        // "503: maintenance, wait 30 s"
}

// The waits of the default policy.
const (
	backoffBase        = 500 * time.Millisecond
	backoffMost        = 20 * time.Second
	badGatewayWait     = time.Second
	maintenanceWait    = 30 * time.Second
	maintenanceJitter  = 5 * time.Second
	throttleLeast      = time.Second
	throttleJitter     = time.Second
	longestWait        = 2 * time.Minute // a wait beyond it isn't begun
	timeoutGrowth      = 2
	timeoutGrowthLimit = 4
)

// DefaultRetryPolicy follows the vendor's table (documented, error handling guide). 429 waits for
// X-RateLimit-Reset, 500 backs off exponentially, 502 waits 1 to 2 s, 503 waits at least 30 s, 504
// gets a longer timeout. Other 4xx, and quota_exceeded under any status, are final. So is a
// connection that a proxy refuses with such a 4xx, 407 among them, or whose certificate isn't
// trusted: nothing was sent. It adds jitter to each wait, and honours Retry-After, which the vendor
// doesn't document. The Reason of its decisions says why.
func DefaultRetryPolicy() RetryPolicy { return defaultPolicy{} }

type defaultPolicy struct{}

// Decide implements [RetryPolicy].
func (defaultPolicy) Decide(f Failure) Decision {
	if f.Code == CodeQuotaExceeded {
		return noRetry("%s: credits don't come back by waiting", f.Code)
	}
	switch {
	case f.StatusCode == 0:
		return decideNoAnswer(f)
	case f.StatusCode < 400 && f.Err != nil && f.Safe:
		return moreTime(retryIn(backoff(f.Attempt), "%d: the answer broke off", f.StatusCode), f)
	case f.StatusCode == http.StatusTooManyRequests:
		return decideThrottled(f)
	case f.StatusCode < http.StatusInternalServerError:
		return noRetry("%d: trying again would get the same answer", f.StatusCode)
	case f.StatusCode == http.StatusInternalServerError:
		return retryIn(backoff(f.Attempt), "500: exponential backoff")
	case f.StatusCode == http.StatusBadGateway:
		return retryIn(badGatewayWait+jitter(time.Second), "502: upstream unavailable, wait 1 to 2 s")
	case f.StatusCode == http.StatusServiceUnavailable:
		wait := max(maintenanceWait, ratelimit.Read(f.Header, time.Now()).RetryAfter)
		return retryIn(spread(wait, maintenanceJitter), "503: maintenance, wait %v", wait.Round(time.Second))
	case f.StatusCode == http.StatusGatewayTimeout:
		d := retryIn(backoff(f.Attempt), "504: took too long, the next attempt gets more time")
		d.Timeout = timeoutGrowth * f.Timeout
		return d
	case f.Safe:
		return retryIn(backoff(f.Attempt), "%d: exponential backoff", f.StatusCode)
	}
	return noRetry("%d: not known to be safe to repeat", f.StatusCode)
}

func decideNoAnswer(f Failure) Decision {
	proxy, _ := errors.AsType[*gateway.ProxyError](f.Err)
	switch {
	case !f.Safe:
		return noRetry("no answer: the server may have done it")
	case proxy != nil && proxy.Final():
		return noRetry("the proxy would refuse again")
	case hint.IsCertificate(f.Err):
		return noRetry("the certificate would be the same")
	case isTimeout(f.Err):
		return moreTime(retryIn(backoff(f.Attempt), "no answer in time: the next attempt gets more"), f)
	}
	return retryIn(backoff(f.Attempt), "no answer: exponential backoff")
}

// moreTime doubles the next attempt's timeout if it was the timeout that ended this one.
func moreTime(d Decision, f Failure) Decision {
	if isTimeout(f.Err) {
		d.Timeout = timeoutGrowth * f.Timeout
	}
	return d
}

func decideThrottled(f Failure) Decision {
	now := time.Now()
	end := throttleEnd(f.Header, now)
	if end.IsZero() {
		return retryIn(backoff(f.Attempt), "429: no reset given, exponential backoff")
	}
	wait := max(throttleLeast, end.Sub(now))
	return retryIn(spread(wait, throttleJitter), "429: rate limited, wait %v for the reset", wait.Round(time.Second))
}

// throttleEnd is when a 429 ends, on this machine's clock; zero when its headers don't say.
func throttleEnd(h http.Header, received time.Time) time.Time {
	told := ratelimit.Read(h, received)
	return told.End(received).Local
}

// spread adds jitter to a wait that the server asked for. The wait alone decides whether it is too
// long, never the jitter: up to longestWait the sum stays within the bound of inTime, and beyond
// longestWait it always exceeds that bound.
func spread(wait, most time.Duration) time.Duration {
	if wait > longestWait {
		return wait + throttleJitter
	}
	return min(wait+jitter(most), longestWait+throttleJitter)
}

// retryIn is the decision to try again after wait.
func retryIn(wait time.Duration, format string, args ...any) Decision {
	return Decision{Retry: true, Wait: wait, Reason: fmt.Sprintf(format, args...)}
}

// noRetry is the decision to end with this failure.
func noRetry(format string, args ...any) Decision {
	return Decision{Reason: fmt.Sprintf(format, args...)}
}

// backoff doubles from half a second to 20 s. The upper half is random, so that callers that failed
// together don't come back together.
func backoff(attempt int) time.Duration {
	const most = 6 // doublings, after which it is more than backoffMost
	wait := min(backoffBase<<min(max(attempt, 1)-1, most), backoffMost)
	return wait/2 + jitter(wait/2)
}

func jitter(most time.Duration) time.Duration { return rand.N(most) }

func isTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	n, ok := errors.AsType[net.Error](err)
	return ok && n.Timeout()
}

// WithRetryPolicy replaces [DefaultRetryPolicy]. Whatever the policy says, a wait that can't end in
// time isn't begun, and a write whose outcome is unknown is only repeated under [OutcomeRetry].
func WithRetryPolicy(policy RetryPolicy) Option {
	return bothOption(func(r *requestConfig) error {
		if policy == nil {
			return errors.New("WithRetryPolicy: the policy is nil; WithMaxRetries(0) switches retries off")
		}
		r.policy = policy
		r.note("WithRetryPolicy")
		return nil
	})
}

// WithMaxRetries bounds the attempts after the first. The default is 3; 0 switches retries off.
func WithMaxRetries(n int) Option {
	return bothOption(func(r *requestConfig) error {
		if n < 0 {
			return fmt.Errorf("WithMaxRetries: %d is negative", n)
		}
		r.MaxRetries = n
		r.note("WithMaxRetries")
		return nil
	})
}

// WithAttemptTimeout bounds one attempt, the reading of its answer included. The default is 30 s, 0
// is no bound. After a timeout and after a 504 the next attempt gets twice as long, up to four
// times this.
func WithAttemptTimeout(d time.Duration) Option {
	return bothOption(func(r *requestConfig) error {
		if d < 0 {
			return fmt.Errorf("WithAttemptTimeout: %v is negative", d)
		}
		r.AttemptTimeout = d
		r.note("WithAttemptTimeout")
		return nil
	})
}

// WithMaxElapsed bounds a call with all its attempts and waits. The default is 5 min, 0 is no bound
// but the context's.
func WithMaxElapsed(d time.Duration) Option {
	return bothOption(func(r *requestConfig) error {
		if d < 0 {
			return fmt.Errorf("WithMaxElapsed: %v is negative", d)
		}
		r.MaxElapsed = d
		r.note("WithMaxElapsed")
		return nil
	})
}
