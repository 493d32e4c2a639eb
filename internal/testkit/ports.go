package testkit

import (
	"context"
	"sync/atomic"

	"github.com/voiceagent-go/voiceagent"
)

// PolicyFunc makes a policy of a function.
type PolicyFunc func(voiceagent.Failure) voiceagent.Decision

// Decide calls the function.
func (f PolicyFunc) Decide(failure voiceagent.Failure) voiceagent.Decision { return f(failure) }

// Quickly is a policy that follows the default one without its waits.
type Quickly struct{}

// Decide decides as the default policy does.
func (Quickly) Decide(f voiceagent.Failure) voiceagent.Decision {
	d := voiceagent.DefaultRetryPolicy().Decide(f)
	d.Wait = 0
	return d
}

// CountingLimiter never holds back, and counts that each leave is given back once.
type CountingLimiter struct {
	Acquired, Released atomic.Int64
	Refuse             error // what Acquire returns
}

// Acquire gives leave.
func (l *CountingLimiter) Acquire(context.Context) error {
	if l.Refuse != nil {
		return l.Refuse
	}
	l.Acquired.Add(1)
	return nil
}

// Release takes it back.
func (l *CountingLimiter) Release(context.Context, voiceagent.Observation) { l.Released.Add(1) }
