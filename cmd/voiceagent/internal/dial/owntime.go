package dial

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the machine may have no table of time zones

	"github.com/nyaruka/phonenumbers"

	"github.com/voiceagent-go/voiceagent"
)

// The hours of a day at which people expect calls, as the rules of several countries have them.
const (
	firstMinute = 9 * 60 // minutes
	endMinute   = 21 * 60
)

// OwnTime counts the numbers that ring outside 9:00 to 21:00 of their own time, as far as their
// prefixes tell where they are.
type OwnTime struct {
	Numbers, Outside, Unknown int

	at     time.Time   // when the calls begin
	hours  []clockTime // of a day at which they may be placed; nil where they begin at once
	when   string
	places map[*string]place // by the zones of a prefix
}

// clockTime is a time of day as campaigns have it, in minutes.
type clockTime int

// place is where a prefix is: where it is day, where it is night, or in zones that differ.
type place uint8

const (
	byDay place = iota
	byNight
	anywhere
)

// india is the zone in which campaigns read times of day, probably (inferred).
var india = time.FixedZone("IST", 5*60*60+30*60)

// NewOwnTime counts for campaigns with these parameters. Where they have calling hours, all of them
// count, as a list may take that long. Otherwise it is when they begin: at ScheduleAt or now, or
// after a blackout.
func NewOwnTime(params *voiceagent.CampaignCreateParams, now time.Time) *OwnTime {
	o := &OwnTime{at: now, when: "now", places: map[*string]place{}}
	if params.ScheduleAt.After(now) {
		o.at, o.when = params.ScheduleAt, "when it begins"
	}
	out := func(t clockTime) bool {
		return slices.ContainsFunc(params.Blackouts, func(b voiceagent.Blackout) bool { return within(t, b.Start, b.End) })
	}
	if h := params.CallingHours; h != nil {
		o.hours, o.when = []clockTime{}, "in some of --hours, if those are India's"
		for t := range clockTime(24 * 60) {
			if within(t, h.Start, h.End) && !out(t) {
				o.hours = append(o.hours, t)
			}
		}
		return o
	}
	for range 24 * 60 {
		if !out(timeOfDay(o.at.In(india))) {
			break
		}
		o.at, o.when = o.at.Add(time.Minute), "after the blackout, if that is India's"
	}
	return o
}

func timeOfDay(t time.Time) clockTime { return clockTime(t.Hour()*60 + t.Minute()) }

// within reports whether a time of day is in a period, which may cross midnight.
func within(t clockTime, start, end string) bool {
	from, to := minutesOf(start), minutesOf(end)
	if from <= to {
		return from <= t && t < to
	}
	return from <= t || t < to
}

// minutesOf reads HH:MM.
func minutesOf(text string) clockTime {
	hour, minute, _ := strings.Cut(text, ":")
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	return clockTime(h*60 + m)
}

// Add counts a number.
func (o *OwnTime) Add(number string) {
	o.Numbers++
	zones, err := phonenumbers.GetTimezonesForPrefix(number)
	if err != nil || len(zones) == 0 {
		o.Unknown++
		return
	}
	where, known := o.places[&zones[0]] // they are those of the table
	if !known {
		where = o.place(zones)
		o.places[&zones[0]] = where
	}
	switch where {
	case byNight:
		o.Outside++
	case anywhere:
		o.Unknown++
	}
}

// place finds out where a prefix is, by what the clocks show in its zones.
func (o *OwnTime) place(zones []string) place {
	offset := 0
	for i, name := range zones {
		zone, err := time.LoadLocation(name)
		if err != nil {
			return anywhere
		}
		_, here := o.at.In(zone).Zone()
		if i > 0 && here != offset {
			return anywhere
		}
		offset = here
	}
	shows := func(t clockTime) bool { return t >= firstMinute && t < endMinute }
	if o.hours == nil && !shows(timeOfDay(o.at.In(time.FixedZone("", offset)))) {
		return byNight
	}
	_, theirs := o.at.In(india).Zone()
	shift := clockTime((offset-theirs)/60 + 24*60)
	if slices.ContainsFunc(o.hours, func(t clockTime) bool { return !shows((t + shift) % (24 * 60)) }) {
		return byNight
	}
	return byDay
}

// String is a line of the plan.
func (o *OwnTime) String() string {
	text := fmt.Sprintf("own time, guessed by the prefix: outside 9:00 to 21:00 for %s of %s %s", grouped(o.Outside), count(o.Numbers, "number"), o.when)
	if o.Unknown > 0 {
		text += ", unknown for " + grouped(o.Unknown)
	}
	return text + " (retries of the service, and the end of a long list, ring later)\n"
}
