package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// judgeCalls says how the list shows calls, among which a lost one is looked for.
func (d *Doctor) judgeCalls() {
	is := &d.asked
	if why := is.calls.why(); why != "" {
		for _, name := range []string{
			"a call's ids", "number called", "source number", "agent id", "direction", "created_at", "started_at", "order of the list", "metadata",
			"transcript", "list and single call",
		} {
			d.unknown(name, why)
		}
		return
	}
	d.judgeIDs()
	d.judgeNumbers()
	d.judgeAgentIDs()
	d.judgeDirections()
	d.judgeTimes()
	d.judgeOrder()
	d.judgeMetadata()
	d.judgeTranscript()
	single := is.callByID
	if single == nil || !single.ok() && is.callBySession != nil {
		single = is.callBySession
	}
	d.compare("list and single call", is.calls, single, callKeys)
}

func (d *Doctor) judgeIDs() {
	is := &d.asked
	text := func(any) string { return "there" }
	ids, sessions := tallyOf(is.calls.records, "id", text), tallyOf(is.calls.records, "session_id", text)
	shown := []string{"id: " + ids.String(), "session_id: " + sessions.String()}
	for _, by := range []struct {
		key string
		a   *answer
	}{{"id", is.callByID}, {"session_id", is.callBySession}} {
		if by.a != nil && by.a.status != 0 {
			shown = append(shown, fmt.Sprintf("GET /calls/{%s}: %d", by.key, by.a.status))
		}
	}
	client := "a call is known by both"
	switch {
	case ids.has(formMissing) && sessions.has(formMissing):
		client = "a call can't be told from another one"
		d.doubt("calls have no id")
	case sessions.has(formNone) && ids.has(formMissing):
		client = `"None" counts as no id: a call is known once it has begun`
		d.doubt("calls have no id before they begin")
	case sessions.has(formNone):
		client = `"None" counts as no id`
	case ids.has(formMissing):
		d.provided("POST /call names the session_id")
		client = "a call is known by its session id"
	case sessions.has(formMissing):
		d.provided("POST /call names the id")
		client = "a call is known by its id; a webhook's session id can't be found in the list"
	}
	d.habit("a call's ids", strings.Join(shown, "; "), client)
}

func (d *Doctor) judgeNumbers() {
	phones := slices.DeleteFunc(slices.Clone(d.asked.calls.records), func(r record) bool { return r["direction"] == "web" })
	numbers := tallyOf(phones, "phone_number", numberForm)
	client := "recognised"
	switch {
	case numbers.has(numberToken), numbers.has(formOther):
		client = "never recognised: a lost call ends as unknown"
		d.doubt("numbers are %s", numbers.forms())
	case !numbers.only(wholeNumbers...):
		client = "in doubt: such a number may be that of a lost call"
		d.doubt("numbers are %s", numbers.forms())
	}
	d.habit("number called", numbers.String(), client)

	sources := tallyOf(phones, "source_number", numberForm)
	client = "compared with the one that was sent; if the server calls from another one, calls are in doubt"
	switch {
	case sources.only(formMissing, formNull, formEmpty):
		client = "not needed"
	case !sources.only(append(slices.Clone(wholeNumbers), formMissing, formNull, formEmpty)...):
		client = "in doubt: it can't be compared with the one that was sent"
		d.doubt("source numbers are %s", sources.forms())
	default:
		d.provided("the source numbers are those that were given")
	}
	d.habit("source number", sources.String(), client)
}

func (d *Doctor) judgeAgentIDs() {
	is := &d.asked
	var listed []string
	for _, a := range is.agents.records {
		if id, ok := a["id"].(string); ok {
			listed = append(listed, id)
		}
	}
	agents := tallyOf(is.calls.records, "agent_id", func(value any) string {
		id, ok := value.(string)
		switch {
		case !ok:
			return "a " + typeOf(value)
		case slices.Contains(listed, id):
			return "as the list of agents has it"
		case slices.ContainsFunc(listed, func(other string) bool { return strings.EqualFold(id, other) }):
			return agentOtherCase
		case strings.ContainsFunc(id, func(r rune) bool { return 'A' <= r && r <= 'Z' }) && strings.ToUpper(id) == id:
			return "of no listed agent, in capitals"
		}
		return "of no listed agent"
	})
	client := "recognised"
	switch {
	case agents.has(formMissing), agents.has(formNull), agents.has(formEmpty), agents.has(formNone):
		client = "in doubt: it may be that of a lost call"
		d.doubt("calls don't name their agent")
	case agents.has(agentOtherCase):
		client = "recognised if it is hexadecimal, as UUIDs are; else in doubt"
	}
	d.habit("agent id", agents.String(), client)
}

const agentOtherCase = "of a listed agent, in other letters"

func (d *Doctor) judgeDirections() {
	directions := tallyOf(d.asked.calls.records, "direction", directionForm)
	d.habit("direction", directions.String(), `calls of others are known by "inbound" and "web", in any letters; others count as ours`)
}

func (d *Doctor) judgeTimes() {
	is := &d.asked
	created, started := tallyOf(is.calls.records, "created_at", timeForm), tallyOf(is.calls.records, "started_at", timeForm)
	minutes := ""
	if d.areWholeMinutes() {
		minutes = ", all on whole minutes"
	}
	d.habit("created_at", created.String()+minutes, d.timeClient(created, "created_at"))
	client := "not needed"
	if created.only(formMissing, formNull, formEmpty, formNone) {
		client = d.timeClient(started, "started_at")
		if started.has(formMissing) || started.has(formNull) || started.has(formEmpty) || started.has(formNone) {
			d.doubt("some calls have no time")
		}
	}
	d.habit("started_at", started.String()+minutes, client)
}

// timeClient says what the client makes of times of some forms, and doubts those that it must.
func (d *Doctor) timeClient(t *tally, key string) string {
	joined := t.forms()
	switch {
	case t.only(formMissing, formNull, formEmpty, formNone):
		if key == "created_at" {
			return "started_at stands in"
		}
		return "in doubt: a call can't be told from an earlier one"
	case strings.Contains(joined, timeMinutes), d.areWholeMinutes(), strings.Contains(joined, timeDay):
		d.doubt("times are cut")
		return "in doubt until the list shows a call that the client placed itself: a time that is cut may lie before the first attempt"
	case strings.Contains(joined, formOther):
		d.doubt("times can't be read")
		return "can't be read"
	case strings.Contains(joined, timeNaive):
		zone, utc := d.zone()
		if utc {
			return "read as UTC, " + zone
		}
		d.doubt("times don't name their zone")
		return "read as UTC, " + zone + ": in doubt until the list shows a call that the client placed itself"
	}
	return "recognised"
}

// zone says which zone times without one are of, by the envelope's timestamp, and reports whether
// it is UTC.
func (d *Doctor) zone() (text string, utc bool) {
	off, naive, ok := clockOff(d.asked.calls.answer)
	if !ok || !naive {
		return "which nothing shows", false
	}
	if off = off.Round(zoneStep); off == 0 {
		return "which the envelope's timestamp is", true
	}
	return "though the envelope's timestamp is " + hours(off) + " off", false
}

// zoneStep is what the offsets of all time zones are multiples of.
const zoneStep = 15 * time.Minute

func hours(off time.Duration) string {
	sign := "+"
	if off < 0 {
		sign, off = "-", -off
	}
	return fmt.Sprintf("%s%02d:%02d", sign, int(off.Hours()), int(off.Minutes())%60)
}

// areWholeMinutes reports whether all times of calls, when they ended too, are on whole minutes.
func (d *Doctor) areWholeMinutes() bool {
	const few = 4 // by chance once in millions
	n := 0
	for _, r := range d.asked.calls.records {
		for _, key := range []string{"created_at", "started_at", "ended_at"} {
			at, ok := timeOf(r[key])
			if !ok {
				continue
			}
			if n++; at.Second() != 0 || at.Nanosecond() != 0 {
				return false
			}
		}
	}
	return n >= few
}

func (d *Doctor) judgeMetadata() {
	metadata := tallyOf(d.asked.calls.records, "metadata", metadataForm)
	client := "compared with what was sent"
	switch {
	case metadata.has(metadataText), metadata.has("a text"):
		client = "not compared: it proves nothing"
	case metadata.only(formMissing, formNull, metadataEmpty):
		client = "not needed"
	case metadata.has(metadataCampaign):
		client = "compared with what was sent; null counts as no campaign"
	case metadata.only(metadataStrings, formMissing, formNull, metadataEmpty):
		client = "compared with what was sent, numbers as text too"
	}
	d.habit("metadata", metadata.String(), client)
}

func (d *Doctor) judgeTranscript() {
	entries := &tally{}
	for _, r := range d.asked.calls.records {
		for _, entry := range objectsIn(r["transcript"]) {
			_, role := entry["role"]
			_, speaker := entry["speaker"]
			switch {
			case role && !speaker:
				entries.add("role and content")
			case speaker && !role:
				entries.add("speaker and text")
			default:
				entries.add(formOther)
			}
		}
	}
	if entries.total == 0 {
		d.habit("transcript", "not in the list, or all are empty", "")
		return
	}
	d.habit("transcript", entries.forms(), "both are read")
}
