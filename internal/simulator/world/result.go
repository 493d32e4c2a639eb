package world

import (
	"math"
	"time"
)

// Seconds is how long the call took from the dialling, as in the documented example. It is zero for
// a call without an answer.
func (c *Call) Seconds() int {
	if c.Fate.Answered == 0 {
		return 0
	}
	return int(c.Fate.Ended / time.Second)
}

// Minutes is the same, to two digits.
func (c *Call) Minutes() float64 { return round(float64(c.Seconds())/60, 2) }

// Costs are the two parts of what the call costs.
func (c *Call) Costs() (ai, telephony float64) {
	minutes := float64(c.Seconds()) / 60
	return round(minutes*0.02, 4), round(minutes*0.05, 4)
}

// Cost is what the call costs in all.
func (c *Call) Cost() float64 {
	ai, telephony := c.Costs()
	return round(ai+telephony, 4)
}

// HowEnded returns why the call ended, and by whom: "" for nobody.
func (c *Call) HowEnded() (reason, by string) {
	switch c.Fate.Outcome {
	case StatusCompleted:
		if c.Fate.Manner%3 == 0 {
			return "user_ended", "user"
		}
		return "agent_ended", "agent"
	case StatusVoicemail:
		return "voicemail_detected", "agent"
	case StatusNoAnswer:
		return "no_answer", ""
	default:
		return "carrier_error", ""
	}
}

// Collects reports whether the agent learned all that it asked for.
func (c *Call) Collects() bool {
	return c.Fate.Outcome == StatusCompleted && c.Fate.Manner%4 != 0
}

// PickupRate is the share of the attempts that were answered, in percent; false before the first.
func (c *Campaign) PickupRate() (float64, bool) { return percent(c.answered, c.attempts) }

// CollectionRate is the share of the answered calls that collected all; false before the first.
func (c *Campaign) CollectionRate() (float64, bool) { return percent(c.collected, c.answered) }

func percent(part, whole int) (float64, bool) {
	if whole == 0 {
		return 0, false
	}
	return round(100*float64(part)/float64(whole), 2), true
}

func round(v float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(v*scale) / scale
}
