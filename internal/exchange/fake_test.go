package exchange

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/voiceagent-go/voiceagent/internal/lifecycle"
	"github.com/voiceagent-go/voiceagent/internal/reconcile"
	"github.com/voiceagent-go/voiceagent/internal/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// succeeded stands among the results for an attempt that succeeds.
const succeeded lifecycle.Result = 99

// story is what the world does to a call, and what the call did, in order.
type story struct {
	rules    lifecycle.Rules
	results  []lifecycle.Result // of the attempts
	sights   []lifecycle.Sight  // of the looks; the last one for ever
	decision Decision           // of the policy, each time
	makes    bool               // a record that has a twin

	acquire  func(context.Context) error
	held     error
	await    error
	lookErr  error
	onAnswer func() // while an answer is read

	x       *Exchange
	did     []string
	phases  []Phase         // in which the ports were used
	waits   []time.Duration // before each attempt
	began   time.Time
	failed  error
	answers int
	looks   int
}

var (
	errLost = errors.New("lost")
	twin    = reconcile.Twin{Owner: reconcile.Owner{Route: "/call", Agent: "ag_1"}, Name: "+15550100001"}
)

// settings are those of the stories: 3 retries, 5 minutes in all, 30 s to settle.
func settings() *Settings {
	return &Settings{MaxRetries: 3, AttemptTimeout: 30 * time.Second, MaxElapsed: 5 * time.Minute, SettleTime: 30 * time.Second}
}

// run lets a call take its course on virtual time.
func (s *story) run(t *testing.T, check func(t *testing.T, x *Exchange, err error)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		x, err := s.call(t.Context(), settings(), &reconcile.Twins{}, nil)
		check(t, x, err)
	})
}

func (s *story) call(ctx context.Context, set *Settings, twins *reconcile.Twins, earlier *Earlier) (*Exchange, error) {
	x := &Exchange{}
	s.x, s.began = x, time.Now()
	x.Init(ctx, s, set, twins)
	x.Repeatable = s.rules <= lifecycle.Confirmable
	if earlier != nil {
		x.Resume(*earlier)
	}
	err := x.Run(s, nil)
	return x, err
}

func (s *story) note(format string, args ...any) { s.did = append(s.did, fmt.Sprintf(format, args...)) }

// at notes the phase.
func (s *story) at() {
	if n := len(s.phases); s.x != nil && (n == 0 || s.phases[n-1] != s.x.phase) {
		s.phases = append(s.phases, s.x.phase)
	}
}

// Do implements [Sender] as the loop of go-retryablehttp does.
func (s *story) Do(x *transport.Exchange, _ []byte) error {
	for {
		s.note("send")
		time.Sleep(100 * time.Millisecond)
		if !x.Driver.Answered(nil, errLost) {
			return nil
		}
		if err := x.Driver.Pause(); err != nil {
			return err
		}
	}
}

func (s *story) TryAcquire() bool {
	s.at()
	return s.acquire == nil
}

func (s *story) Acquire(ctx context.Context) error {
	if s.acquire == nil { // it waited for a twin
		return nil
	}
	return s.acquire(ctx)
}

func (s *story) Release() { s.note("release") }

func (s *story) Target() (method string, u url.URL, h http.Header) { return method, u, h }

func (s *story) Observe(*http.Response) {}

func (s *story) Read(*http.Response, error) (lifecycle.Result, bool) {
	s.at()
	if s.x != nil {
		s.waits = append(s.waits, s.x.Waited.Round(100*time.Millisecond))
	}
	if s.onAnswer != nil {
		s.onAnswer()
	}
	result := s.results[s.answers]
	s.answers++
	if s.failed = errLost; result == succeeded {
		s.failed = nil
	}
	return result, result == succeeded
}

func (s *story) LastError() error { return s.failed }

func (s *story) Rules() lifecycle.Rules { return s.rules }

func (s *story) Decide(lifecycle.Result) Decision {
	s.at()
	return s.decision
}

func (s *story) Twin() (reconcile.Twin, bool) { return twin, s.makes }

func (s *story) Look(context.Context) (lifecycle.Sight, error) {
	s.at()
	seen := s.sights[min(s.looks, len(s.sights)-1)]
	s.looks++
	s.note("look")
	return seen, s.lookErr
}

func (s *story) Unknown(lookErr error) error { return fmt.Errorf("unknown: %w", lookErr) }

func (s *story) Held() error { return s.held }

func (s *story) Await(waits bool) error {
	s.note("await %v", waits)
	return s.await
}

func (s *story) HasWaited(start time.Time, what Wait, why string) {
	s.at()
	if d := time.Since(start); d > 0 {
		s.note("waited %v", []string{"backoff", "permit", "lookup"}[what])
	}
}

func (s *story) Retrying(d Decision) { s.note("retry: %s", d.Reason) }
