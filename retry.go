package voiceagent

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

// RetryPolicy turns a failed attempt into "again, after this wait" or "no". It must be safe for concurrent use.
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

// DefaultRetryPolicy follows the vendor's table (documented, error handling guide): 429 waits for X-RateLimit-Reset, 500 backs off
// exponentially, 502 waits 1 to 2 s, 503 at least 30 s, 504 gets a longer timeout; other 4xx, and quota_exceeded under any status,
// are final. It adds jitter to each wait, and honours Retry-After, which the vendor doesn't document. Its Decide also explains: the
// Reason says in words why.
func DefaultRetryPolicy() RetryPolicy { return defaultPolicy{} }

type defaultPolicy struct{}

// Decide implements [RetryPolicy].
func (defaultPolicy) Decide(f Failure) Decision {
	if f.Code == CodeQuotaExceeded {
		return no("%s: credits don't come back by waiting", f.Code)
	}
	switch {
	case f.StatusCode == 0:
		return decideNoAnswer(f)
	case f.StatusCode < 400 && f.Err != nil && f.Safe:
		return moreTime(again(backoff(f.Attempt), "%d: the answer broke off", f.StatusCode), f)
	case f.StatusCode == http.StatusTooManyRequests:
		return decideThrottled(f)
	case f.StatusCode == http.StatusInternalServerError:
		return again(backoff(f.Attempt), "500: exponential backoff")
	case f.StatusCode == http.StatusBadGateway:
		return again(badGatewayWait+jitter(time.Second), "502: upstream unavailable, wait 1 to 2 s")
	case f.StatusCode == http.StatusServiceUnavailable:
		after, _ := retryAfter(f.Header, time.Now())
		return again(max(maintenanceWait, after)+jitter(maintenanceJitter), "503: maintenance, wait %v", max(maintenanceWait, after).Round(time.Second))
	case f.StatusCode == http.StatusGatewayTimeout:
		d := again(backoff(f.Attempt), "504: took too long, the next attempt gets more time")
		d.Timeout = timeoutGrowth * f.Timeout
		return d
	case f.StatusCode > 500 && f.Safe:
		return again(backoff(f.Attempt), "%d: exponential backoff", f.StatusCode)
	case f.StatusCode > 500:
		return no("%d: not known to be safe to repeat", f.StatusCode)
	}
	return no("%d: trying again would get the same answer", f.StatusCode)
}

func decideNoAnswer(f Failure) Decision {
	switch {
	case !f.Safe:
		return no("no answer: the server may have done it")
	case isTimeout(f.Err):
		return moreTime(again(backoff(f.Attempt), "no answer in time: the next attempt gets more"), f)
	}
	return again(backoff(f.Attempt), "no answer: exponential backoff")
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
	limit, known := readRateLimit(f.Header, now)
	after, hasAfter := retryAfter(f.Header, now)
	if (!known || limit.Reset.IsZero()) && !hasAfter {
		return again(backoff(f.Attempt), "429: no reset given, exponential backoff")
	}
	wait := max(throttleLeast, after)
	if !limit.Reset.IsZero() {
		wait = max(wait, limit.Reset.Sub(now))
	}
	return again(wait+jitter(throttleJitter), "429: rate limited, wait %v for the reset", wait.Round(time.Second))
}

func again(wait time.Duration, format string, args ...any) Decision {
	return Decision{Retry: true, Wait: wait, Reason: fmt.Sprintf(format, args...)}
}

func no(format string, args ...any) Decision {
	return Decision{Reason: fmt.Sprintf(format, args...)}
}

// backoff doubles from half a second to 20 s. The upper half is random, so that callers that failed together don't
// come back together.
func backoff(attempt int) time.Duration {
	wait := backoffMost
	if n := max(attempt, 1) - 1; n < 6 {
		wait = min(backoffBase<<n, backoffMost)
	}
	return wait/2 + jitter(wait/2)
}

func jitter(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return time.Duration(rand.Int64N(int64(most)))
}

func isTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	n, ok := errors.AsType[net.Error](err)
	return ok && n.Timeout()
}
