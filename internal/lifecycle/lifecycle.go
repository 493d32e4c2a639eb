// Package lifecycle decides what follows an attempt, and what follows a look for what the attempt
// may have done. It states the promise that nobody is called twice as a table: a pure function
// without clock, network or public type.
package lifecycle

// Result is what an attempt says about the work.
type Result uint8

// The results of an attempt that did not succeed.
const (
	NotDone Result = iota // it never left whole, or the server turned it away unprocessed: any 429
	Refused               // the server said no
	Vouched               // 500, 502, 503: it may be done; the vendor's guide says to retry
	Late                  // 504: it may be done still; the guide says to retry with a longer timeout
	Lost                  // no answer, or one that can't be read, after it may have been sent whole
	Unclear               // a status after which nobody can tell: redirects, other 5xx, 408, 425, 499
)

// MayBeDone reports whether the work may have been done, or may be done still.
func (r Result) MayBeDone() bool { return r >= Vouched }

// Doubt is what is known of the attempts before the last one.
type Doubt uint8

// The doubts.
const (
	None    Doubt = iota // none of them may have been done
	Refuted              // one may have been done, but a look has shown since that it was not
	Open                 // one may have been done
)

// Rules are what the caller and the request allow.
type Rules uint8

// The rules.
const (
	Repeatable  Rules = iota // twice is the same as once
	Confirmable              // so it is, and a refusal of the second may mean that the first was done
	Look                     // it makes something that can be looked for
	NoLook                   // it makes something that can't be looked for
	GiveUpOnce               // after the first attempt that may have been done it ends as unknown
	RepeatAll                // it is repeated as if twice were the same as once
)

// Move is what is done next.
type Move uint8

// The moves.
const (
	Fail    Move = iota // it ends with the last answer, and nothing was made
	Unknown             // it ends, and something may have been made
	Send                // it is sent again, after the policy's wait
	Search              // it is looked for
	Finish              // it was made
)

// Patience is how long silence has to last before it counts.
type Patience uint8

// The patiences.
const (
	OneLook Patience = iota
	Settled          // until the settle time is over
)

// Step is a move, and what is to follow if it is a search.
type Step struct {
	Move     Move
	Patience Patience
	Silence  Move // when a look shows that nothing was made: Send, Fail or Unknown
	Blind    Move // when a look can't show that: Send, or Search to look on
}

// Attempt is the last attempt, and what the rest of the call allows.
type Attempt struct {
	Result Result
	Again  bool // the policy, the number of attempts and the time allow another one
	Over   bool // the caller's context has ended
}

// After returns what follows an attempt.
func After(rules Rules, before Doubt, a Attempt) Step {
	doubt := before
	if a.Result.MayBeDone() {
		doubt = Open
	}
	switch {
	case a.Over:
		return ended(rules, doubt)
	case rules == Confirmable && before != None && a.Result == Refused:
		return Step{Move: Search, Silence: Fail, Blind: Fail}
	case rules == Look && doubt != None:
		return search(a)
	case rules == GiveUpOnce && doubt != None, rules == NoLook && a.Result > Vouched:
		return Step{Move: Unknown}
	case a.Again:
		return Step{Move: Send}
	}
	return ended(rules, doubt)
}

// Earlier returns the step when an earlier process began the request. Its entry is open unless that
// process gave up.
func Earlier(rules Rules, open bool) Step {
	switch {
	case rules == RepeatAll:
		return Step{Move: Send}
	case rules != Look:
		return Step{Move: Unknown}
	case open:
		return Step{Move: Search, Patience: Settled, Silence: Send, Blind: Search}
	}
	return Step{Move: Search, Patience: Settled, Silence: Unknown, Blind: Search}
}

// search looks before anything is sent again or ends as failed. Only what the vendor vouches for is
// sent again before it has settled.
func search(a Attempt) Step {
	s := Step{Move: Search, Patience: Settled, Silence: Fail, Blind: Search}
	switch {
	case a.Result == NotDone && a.Again:
		return Step{Move: Send}
	case a.Result == Vouched && a.Again:
		s.Patience, s.Silence, s.Blind = OneLook, Send, Send
	case a.Result == Late && a.Again:
		s.Silence = Send
	case a.Result == Lost:
		s.Silence = Unknown
	}
	return s
}

// ended is how a call ends that isn't looked for: it has failed, unless it may have been done.
func ended(rules Rules, doubt Doubt) (s Step) {
	if doubt == Open && rules > Confirmable {
		s.Move = Unknown
	}
	return s
}

// Sight is what a look comes to.
type Sight uint8

// The sights.
const (
	Doubtful Sight = iota // the list may hold it, or may not show it
	Found                 // it was done
	Silent                // it was not done
	Nothing               // the list has nothing, and nothing is known that it would have to show
	Failed                // the look failed for a reason that may pass
	Denied                // the look was refused
)

// Time is how much of it is left for looks.
type Time uint8

// The times.
const (
	Settling Time = iota
	Over          // the settle time is over
	Last          // no other look can be made
)

// AfterLook returns the move that follows a look of a search.
func AfterLook(s Step, seen Sight, t Time) Move {
	switch {
	case seen == Found:
		return Finish
	case seen == Silent && (s.Patience == OneLook || t == Over):
		return s.Silence
	case seen == Nothing && s.Blind != Search:
		return s.Blind
	case seen == Denied, t == Last, t == Over && seen != Failed:
		return Unknown
	}
	return Search
}
