package voiceagenttest

import (
	"fmt"
	"strconv"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

// TimeForm is how a time is written in an answer.
type TimeForm int

// The forms of a time.
const (
	TimeZ          TimeForm = iota // 2025-01-15T10:27:00Z
	TimeFractionZ                  // 2025-01-15T10:27:00.123456Z
	TimeNaive                      // 2025-01-15T10:27:00.123456, UTC without saying so
	TimeNaiveWhole                 // 2025-01-15T10:27:00
	TimeOffset                     // 2025-01-15T15:57:00+05:30
	TimeUnix                       // 1736936820.123
	TimeNaiveIST                   // 2025-01-15T15:57:00, India's time without saying so
	TimeMinutes                    // 2025-01-15T10:27, UTC without saying so, cut to the minute
	TimeNull                       // null for when a record was made or started; TimeZ for the rest
)

// stamp is a time in the form that the dialect wants. The zero time is null.
type stamp struct {
	at   time.Time
	form TimeForm
}

// MarshalJSON writes the time.
func (s stamp) MarshalJSON() ([]byte, error) {
	if s.at.IsZero() {
		return []byte("null"), nil
	}
	b := make([]byte, 0, 40)
	if s.form == TimeUnix {
		return strconv.AppendFloat(b, float64(s.at.UnixMilli())/1000, 'f', -1, 64), nil
	}
	b = append(b, '"')
	switch s.form {
	case TimeFractionZ:
		b = s.at.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000Z")
	case TimeNaive:
		b = s.at.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000")
	case TimeNaiveWhole:
		b = s.at.UTC().AppendFormat(b, "2006-01-02T15:04:05")
	case TimeOffset:
		b = s.at.In(ist).AppendFormat(b, "2006-01-02T15:04:05-07:00")
	case TimeNaiveIST:
		b = s.at.In(ist).AppendFormat(b, "2006-01-02T15:04:05")
	case TimeMinutes:
		b = s.at.UTC().AppendFormat(b, "2006-01-02T15:04")
	default:
		b = s.at.UTC().AppendFormat(b, "2006-01-02T15:04:05Z")
	}
	return append(b, '"'), nil
}

// times writes simulated times, as the server's clock showed them.
type times struct {
	form  TimeForm
	clock *world.Clock
}

func (s *Server) times() times { return times{s.cfg.dialect.Times, s.world.Clock} }

func (t times) at(simulated time.Time) stamp { return stamp{t.clock.Shown(simulated), t.form} }

// begun is when a record was made or started, which TimeNull doesn't show.
func (t times) begun(simulated time.Time) stamp {
	if t.form == TimeNull {
		return stamp{}
	}
	return t.at(simulated)
}

// parseTime reads a time as a filter or a schedule gives it: RFC 3339, the
// same without an offset (then UTC), or a date alone.
func parseTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// parseMinute reads HH:MM as minutes since midnight.
func parseMinute(s string) (int, bool) {
	if len(s) != 5 || s[2] != ':' || !onlyDigits(s[:2]) || !onlyDigits(s[3:]) {
		return 0, false
	}
	hour, _ := strconv.Atoi(s[:2])
	minute, _ := strconv.Atoi(s[3:])
	return hour*60 + minute, hour < 24 && minute < 60
}

// timeOfDay writes what [parseMinute] reads.
func timeOfDay(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }
