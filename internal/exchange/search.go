package exchange

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/lifecycle"
	"github.com/voiceagent-go/voiceagent/internal/reconcile"
)

var (
	errNoTimeToLook = errors.New("there was no time left")

	// errSettled ends the loop when a look has shown what became of the request.
	errSettled = errors.New("settled")
)

// Earlier is a call that an earlier process began.
type Earlier struct {
	Began     time.Time     // on that process's clock
	Open      bool          // it had not given up
	Age       time.Duration // how long ago it began, at least; 0 when that isn't known
	Witnesses []Witness
}

// Witness is a record that the process of a call had placed before.
type Witness struct {
	IDs  []string
	Age  time.Duration // how long before the call began its answer came
	Took time.Duration // how long it took until then
}

// Resume finds out what became of a call that an earlier process began.
func (x *Exchange) Resume(e Earlier) {
	x.FirstSent, x.origin = e.Began.Round(0), Resumed
	switch x.step = lifecycle.Earlier(x.ports.Rules(), e.Open); x.step.Move {
	case lifecycle.Send:
		x.origin = Unproven
	case lifecycle.Search:
		x.suspectEarlier(e)
		x.lookForEarlier()
	default:
		x.giveUp(nil)
	}
}

// suspectEarlier notes that an earlier process may have had the request done, at any time until
// now: its clock may differ from ours. By the server's clock, if it is known, the settle time may
// be over already.
func (x *Exchange) suspectEarlier(e Earlier) {
	now := time.Now()
	s := &reconcile.Search{Sent: now, Ended: now}
	if most := x.set.MaxElapsed; most > 0 && e.Age > most { // without a bound it may have been sent at any time since
		s.Spare = e.Age - most
	}
	s.First = now.Add(-s.Spare)
	twin, _ := x.ports.Twin()
	for _, w := range e.Witnesses {
		at := s.First.Add(-w.Age)
		s.Witnesses = append(s.Witnesses, reconcile.Placed{
			Twin: reconcile.Twin{Owner: twin.Owner}, IDs: w.IDs, Sent: at.Add(-w.Took), At: at,
		})
	}
	x.Search, x.doubt = s, lifecycle.Open
}

// lookForEarlier looks as after an attempt whose answer was lost.
func (x *Exchange) lookForEarlier() {
	wait, ok := x.untilLook(lookPause(0))
	if !ok || x.sleep(wait, Lookup, "looking for what an earlier process may have made") != nil {
		x.giveUp(errNoTimeToLook)
		return
	}
	_ = x.search() // the phase has the result
}

// lookPause returns the pause before the next look, after the given number of looks. It grows from
// half a second to 15 s.
func lookPause(looks int) time.Duration {
	const least, most = 500 * time.Millisecond, 15 * time.Second
	wait := min(least<<min(looks, 5), most)
	return wait - rand.N(wait/5)
}

// search finds out what became of the request. It returns nil when the request is to be sent again.
func (x *Exchange) search() error {
	x.phase = Searching
	s := x.Search
	for looks := 1; ; looks++ {
		began := time.Now()
		seen, err := x.look()
		move := lifecycle.AfterLook(x.step, seen, x.timeForLooks(began))
		if seen == lifecycle.Silent && move != lifecycle.Search {
			x.doubt = lifecycle.Refuted
		}
		switch move {
		case lifecycle.Send:
			return nil
		case lifecycle.Unknown:
			x.giveUp(err)
			return errSettled
		case lifecycle.Finish:
			x.phase = Done
			return errSettled
		case lifecycle.Fail:
			return errSettled
		}
		wait := lookPause(looks)
		if missing := s.Missing(time.Now()); missing > 0 && x.step.Patience == lifecycle.OneLook {
			wait = min(wait, missing)
		}
		if left := s.Unsettled(time.Now(), x.set.SettleTime); left > 0 {
			wait = min(wait, left)
		}
		wait, ok := x.untilLook(wait)
		if !ok {
			x.giveUp(err)
			return errSettled
		}
		if ended := x.sleep(wait, Lookup, "looking once more for what may have been made"); ended != nil {
			x.giveUp(err)
			return ended
		}
	}
}

// timeForLooks returns what time there was for others when a look began.
func (x *Exchange) timeForLooks(began time.Time) lifecycle.Time {
	switch {
	case x.Search.Unsettled(began, x.set.SettleTime) <= 0:
		return lifecycle.Over
	case x.lookTime == lifecycle.Last:
		return lifecycle.Last
	}
	return lifecycle.Settling
}

// untilLook shortens a wait so that the last look is made before the call has to end. It reports
// whether there is time for another look.
func (x *Exchange) untilLook(wait time.Duration) (time.Duration, bool) {
	const (
		takes    = time.Second
		patience = 5 * time.Minute // what is unclear for longer after the settle time stays so
	)
	end := x.Until
	if end.IsZero() {
		end = x.Search.Ended.Add(x.set.SettleTime + patience)
	}
	deadline, hasDeadline := x.Context.Deadline()
	if hasDeadline && (end.IsZero() || deadline.Before(end)) {
		end = deadline
	}
	left := time.Until(end)
	if end.IsZero() || wait < left-takes {
		return wait, true
	}
	if hasDeadline && end.Equal(deadline) && x.lookTime != lifecycle.Last {
		x.addCause(context.DeadlineExceeded, context.DeadlineExceeded)
	}
	if left <= 0 || x.lookTime == lifecycle.Last {
		return 0, false
	}
	x.lookTime = lifecycle.Last
	return min(wait, left-min(takes, left/2)), true
}

// look looks while no twin of the request is on its way.
func (x *Exchange) look() (lifecycle.Sight, error) {
	ctx, cancel := x.Bounded()
	defer cancel()
	if twin, hasTwin := x.ports.Twin(); hasTwin {
		start := time.Now()
		err := x.twins.Look(ctx, twin)
		if err == nil {
			defer x.twins.Looked(twin) // also when whoever is told of the wait panics
		}
		x.ports.HasWaited(start, Lookup, "equal requests are under way")
		if err != nil {
			return lifecycle.Doubtful, err
		}
	}
	x.Search.Looks++
	return x.ports.Look(ctx)
}
