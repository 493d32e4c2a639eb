package world

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

// Fate is everything that will happen to a call, known when it is dialled.
type Fate struct {
	Outcome  string
	Ringing  time.Duration // these three are counted from the dialling
	Answered time.Duration // zero without an answer
	Ended    time.Duration
	Manner   uint64 // what the details of the record are drawn from
}

// drawFate decides. A call takes about half a minute, so that a campaign of 25 at a concurrency of
// 5 is over in a few.
func drawFate(r *rand.Rand, forced string) Fate {
	seconds := func(low, high int) time.Duration {
		return time.Duration(low+r.IntN(high-low+1)) * time.Second
	}
	f := Fate{Outcome: outcomeOf(r.IntN(100)), Ringing: time.Second, Manner: r.Uint64()}
	if forced != "" {
		f.Outcome = forced
	}
	switch f.Outcome {
	case StatusCompleted:
		f.Answered = f.Ringing + seconds(2, 8)
		f.Ended = f.Answered + seconds(10, 30)
	case StatusVoicemail:
		f.Answered = f.Ringing + seconds(10, 15)
		f.Ended = f.Answered + seconds(4, 8)
	case StatusNoAnswer:
		f.Ended = f.Ringing + seconds(15, 20)
	default:
		f.Ended = f.Ringing + seconds(1, 3)
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
