package simulator

import (
	"math/rand/v2"
	"time"
)

// The states of a call.
const (
	StatusInitiated  = "initiated"
	StatusRinging    = "ringing"
	StatusInProgress = "in_progress"
	StatusCompleted  = "completed"
	StatusNoAnswer   = "no_answer"
	StatusVoicemail  = "voicemail"
	StatusFailed     = "failed"
)

// fate is everything that will happen to a call, known when it is dialled.
type fate struct {
	outcome  string
	ringing  time.Duration // these three are counted from the dialling
	answered time.Duration // zero when nobody answers
	ended    time.Duration
	manner   uint64 // what the details of the record are drawn from
}

// drawFate decides. A call takes about half a minute, so that a campaign of 25
// at a concurrency of 5 is over in a few.
func drawFate(r *rand.Rand, forced string) fate {
	seconds := func(low, high int) time.Duration {
		return time.Duration(low+r.IntN(high-low+1)) * time.Second
	}
	f := fate{outcome: outcomeOf(r.IntN(100)), ringing: time.Second, manner: r.Uint64()}
	if forced != "" {
		f.outcome = forced
	}
	switch f.outcome {
	case StatusCompleted:
		f.answered = f.ringing + seconds(2, 8)
		f.ended = f.answered + seconds(10, 30)
	case StatusVoicemail:
		f.answered = f.ringing + seconds(10, 15)
		f.ended = f.answered + seconds(4, 8)
	case StatusNoAnswer:
		f.ended = f.ringing + seconds(15, 20)
	default:
		f.ended = f.ringing + seconds(1, 3)
	}
	return f
}

// outcomeOf shares out a hundred calls.
func outcomeOf(percent int) string {
	switch {
	case percent < 60:
		return StatusCompleted
	case percent < 80:
		return StatusNoAnswer
	case percent < 92:
		return StatusVoicemail
	default:
		return StatusFailed
	}
}
