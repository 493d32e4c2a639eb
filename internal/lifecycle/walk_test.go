package lifecycle_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/lifecycle"
)

// The promises, by name.
const (
	once       = "what may have been done is not sent again before a look has refuted it, but for the vendor's word"
	neverLost  = "what was lost is never sent again"
	honest     = "nothing that was made ends as failed"
	ended      = "every call ends"
	noFreeLook = "where no attempt may have been done, nothing is looked for"
	known      = "what may be done twice never ends as unknown before it was looked for"
	patient    = "what may be done still is looked for until the settle time is over"
	final      = "a refusal is not sent again after a look"
)

const (
	mostAttempts = 5
	mostLooks    = 3 // of one search; the last at the end of the settle time
)

// walker goes through every story of a call: every result of each attempt, with the work done or
// not, and everything that a truthful look can see.
type walker struct {
	t     *testing.T
	rules lifecycle.Rules
	seen  map[story]int // how many stories go on from here
}

// story is how far a call has come.
type story struct {
	attempts int
	made     int  // how often the work was done
	vouched  bool // it was sent again on the vendor's word
	lost     bool // the answer to an attempt was lost
	doubt    lifecycle.Doubt
}

func (w *walker) promise(kept bool, promise string, s story) {
	if !kept {
		require.Fail(w.t, promise, "rules %d, %+v", w.rules, s)
	}
}

// attempt tries every result. What can still happen to a story depends only on its state, so each
// state is walked once.
func (w *walker) attempt(s story) (stories int) {
	s.attempts++
	w.promise(s.attempts <= mostAttempts, ended, s)
	if n, ok := w.seen[s]; ok {
		return n
	}
	defer func() { w.seen[s] = stories }()
	stories = 1 // the answer comes
	for r := lifecycle.NotDone; r <= lifecycle.Unclear; r++ {
		for made := range 2 {
			if made == 1 && !r.MayBeDone() {
				continue
			}
			for _, again := range []bool{true, false} {
				for _, over := range []bool{true, false} {
					next := s
					next.made += made
					next.lost = next.lost || r == lifecycle.Lost
					stories += w.follow(next, lifecycle.Attempt{Result: r, Again: again && s.attempts < mostAttempts, Over: over})
				}
			}
		}
	}
	return stories
}

// follow does what the table says.
func (w *walker) follow(s story, a lifecycle.Attempt) int {
	step := lifecycle.After(w.rules, s.doubt, a)
	suspected := s.doubt != lifecycle.None || a.Result.MayBeDone()
	if a.Result.MayBeDone() {
		s.doubt = lifecycle.Open
	}
	switch step.Move {
	case lifecycle.Send:
		return w.send(s, a.Again)
	case lifecycle.Search:
		w.promise(suspected, noFreeLook, s)
		quick := a.Result == lifecycle.Vouched && step.Silence == lifecycle.Send || w.rules == lifecycle.Confirmable
		w.promise(quick || step.Patience == lifecycle.Settled, patient, s)
		w.promise(a.Result != lifecycle.Refused || step.Silence == lifecycle.Fail, final, s)
		return w.look(s, step, 1)
	case lifecycle.Unknown:
		w.promise(w.rules > lifecycle.Confirmable, known, s)
	}
	return w.end(s, step.Move)
}

// look tries everything that a look can see.
func (w *walker) look(s story, step lifecycle.Step, n int) (stories int) {
	times := []lifecycle.Time{lifecycle.Settling, lifecycle.Last}
	if n == mostLooks {
		times = []lifecycle.Time{lifecycle.Over, lifecycle.Last}
	}
	for seen := lifecycle.Doubtful; seen <= lifecycle.Denied; seen++ {
		switch {
		case seen == lifecycle.Found && s.made == 0, seen == lifecycle.Silent && s.made > 0:
			continue // a look doesn't lie: see internal/reconcile
		}
		for _, t := range times {
			switch move := lifecycle.AfterLook(step, seen, t); move {
			case lifecycle.Search:
				if n < mostLooks {
					stories += w.look(s, step, n+1)
				} else {
					w.promise(seen == lifecycle.Failed, ended, s) // which time alone ends
				}
			case lifecycle.Send:
				next := s
				if next.vouched = seen == lifecycle.Nothing || s.vouched; seen == lifecycle.Silent {
					next.doubt = lifecycle.Refuted
				}
				stories += w.send(next, true)
			default:
				next := s
				if seen == lifecycle.Silent {
					next.doubt = lifecycle.Refuted
				}
				stories += w.end(next, move)
			}
		}
	}
	return stories
}

func (w *walker) send(s story, allowed bool) int {
	w.promise(allowed, ended, s)
	if w.rules == lifecycle.Look || w.rules == lifecycle.GiveUpOnce {
		w.promise(s.made == 0 || s.vouched, once, s)
		w.promise(!s.lost, neverLost, s)
	}
	return w.attempt(s)
}

func (w *walker) end(s story, how lifecycle.Move) int {
	w.promise(how == lifecycle.Fail || how == lifecycle.Unknown || how == lifecycle.Finish, ended, s)
	if w.rules > lifecycle.Confirmable {
		w.promise(how != lifecycle.Fail || s.made == 0, honest, s)
	}
	if w.rules == lifecycle.GiveUpOnce {
		w.promise(s.made <= 1, once, s)
	}
	return 1
}

// Every story of up to five attempts keeps the promises.
func TestEveryStory(t *testing.T) {
	t.Parallel()
	for rules := lifecycle.Repeatable; rules <= lifecycle.RepeatAll; rules++ {
		w := &walker{t, rules, make(map[story]int)}
		stories := w.attempt(story{})
		t.Logf("rules %d: %d stories", rules, stories)
		require.Greater(t, stories, 100)
	}
	for _, open := range []bool{true, false} { // what an earlier process began
		w := &walker{t, lifecycle.Look, make(map[story]int)}
		stories := 0
		for made := range 2 {
			stories += w.look(story{made: made, doubt: lifecycle.Open}, lifecycle.Earlier(lifecycle.Look, open), 1)
		}
		t.Logf("resumed: %d stories", stories)
	}
}

// Where looks aren't allowed, a request of an earlier process isn't looked for. Its outcome is then
// unknown.
func TestEarlierWithoutALook(t *testing.T) {
	t.Parallel()
	for _, rules := range []lifecycle.Rules{lifecycle.NoLook, lifecycle.GiveUpOnce} {
		for _, open := range []bool{true, false} {
			require.Equal(t, lifecycle.Step{Move: lifecycle.Unknown}, lifecycle.Earlier(rules, open))
		}
	}
	require.Equal(t, lifecycle.Step{Move: lifecycle.Send}, lifecycle.Earlier(lifecycle.RepeatAll, true))
}
