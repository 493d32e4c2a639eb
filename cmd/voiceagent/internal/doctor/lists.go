package doctor

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/check"
)

func (d *Doctor) habit(name, answer, client string) {
	d.report.Habits = append(d.report.Habits, Habit{name, answer, client})
}

// unknown notes what could not be found out.
func (d *Doctor) unknown(name, why string) { d.habit(name, "not known: "+why, "") }

// why says why there is no record to look at; "" if there is one.
func (l listing) why() string {
	switch {
	case !l.ok():
		return l.answer.why()
	case !l.read:
		return "the answer has no list under data"
	case len(l.records) == 0:
		return "the account has no " + l.what
	}
	return ""
}

// why says why an answer can't be looked at; "" if it can.
func (a *answer) why() string {
	switch {
	case a == nil:
		return "there was nothing to ask for"
	case a.status == 0:
		return a.none
	case !a.ok():
		return fmt.Sprintf("the answer was %d", a.status)
	}
	return ""
}

// judge makes the habits of what was answered.
func (d *Doctor) judge() {
	d.judgeKeys()
	d.judgeCalls()
	d.judgePaging()
	d.judgeFilters()
	d.judgeHeaders()
	d.judgeErrors()
	d.judgeCatalog()
	d.judgeOthers()
	d.sum()
}

// judgeKeys lists the keys of each kind of record.
func (d *Doctor) judgeKeys() {
	is := &d.asked
	add := func(of string, records []record, known []string) {
		if len(records) > 0 {
			d.report.Keys = append(d.report.Keys, Keys{of, d.names(records, known)})
		}
	}
	one := func(a *answer) []record {
		if a == nil || a.record() == nil {
			return nil
		}
		return []record{a.record()}
	}
	add("GET /calls", is.calls.records, callKeys)
	add("GET /calls/{id}", append(one(is.callByID), one(is.callBySession)...), callKeys)
	add("GET /agents", is.agents.records, agentKeys)
	add("GET /agents/{id}", one(is.agent), agentKeys)
	add("GET /campaigns", is.campaigns.records, campaignKeys)
	add("GET /campaigns/{id}", one(is.campaign), campaignKeys)
	add("GET /health", one(is.health), envelopeKeys)
	for i, path := range []string{"/voices", "/voices/languages", "/industries"} {
		items, _ := is.catalog[i].list()
		add("GET "+path, items, catalogKeys)
	}
}

// judgePaging says how a list says what it has.
func (d *Doctor) judgePaging() {
	const paging, large, size = "paging keys", "page_size=101", "page size"
	is := &d.asked
	if !is.calls.read {
		d.unknown(paging, is.calls.why())
		d.unknown(large, is.calls.why())
		return
	}
	body := is.calls.object()
	var keys []string
	for _, key := range []string{"total", "page", "page_size", "has_more"} {
		if _, ok := body[key]; ok {
			keys = append(keys, key)
		}
	}
	_, total := body["total"]
	_, more := body["has_more"]
	client := "a list counts as whole only if fewer records came than were asked for"
	switch {
	case more && total:
		client = "the end of a list is known"
	case more || total:
		client = "the end of a list is known by " + map[bool]string{true: "has_more", false: "total"}[more]
	}
	d.habit(paging, cmp.Or(strings.Join(keys, ", "), "none of total, page, page_size and has_more"), client)

	n := len(is.calls.records)
	count, counted := body["total"].(json.Number)
	whole := "all of them"
	switch {
	case n > check.MaxPageSize:
		whole = fmt.Sprintf("%d came", n)
	case n == check.MaxPageSize:
		whole = "as many as were asked for"
	case counted && count.String() != strconv.Itoa(n) || body["has_more"] == true:
		whole = fmt.Sprintf("a page is cut to %d records", n)
	case !counted && !more && n > 0 && n%10 == 0:
		whole = fmt.Sprintf("%d records; as it says of no more, it may be cut", n)
	}
	d.habit(size, "100 were asked for: "+whole, "")

	switch over := is.overLimit; {
	case over.status == 0:
		d.unknown(large, over.why())
	case !over.ok():
		d.habit(large, fmt.Sprintf("refused with %d", over.status), "refused before it is sent")
	default:
		records, _ := over.list()
		answer := fmt.Sprintf("answered with %d records", len(records))
		if shown, ok := over.object()["page_size"].(json.Number); ok {
			answer += ", and page_size " + shownSize(shown)
		}
		d.habit(large, answer, "refused before it is sent")
	}
}

// shownSize shows a page size only if it is one.
func shownSize(n json.Number) string {
	if size, err := n.Int64(); err == nil && size > 0 && size <= 1000 {
		return n.String()
	}
	return "of another size"
}

// judgeOrder goes by when calls were made, and else by when they began.
func (d *Doctor) judgeOrder() {
	const name = "order of the list"
	answer, known := d.orderBy(madeAt)
	if !known {
		began := func(r record) (time.Time, bool) { return timeOf(r["started_at"]) }
		if answer, known = d.orderBy(began); known {
			answer += ", by started_at"
		}
	}
	switch {
	case !known:
		d.doubt("the list is in no order")
		d.habit(name, "in no order of time", "read as far as from_date reaches, if that is heeded; in doubt beyond 5 pages")
	case answer == "":
		d.unknown(name, "there are too few calls of different times")
	case strings.HasPrefix(answer, "oldest"):
		d.habit(name, answer, "read from the last page on")
	case strings.Contains(answer, "last"):
		d.habit(name, answer, "the first pages and the end are read")
	default:
		d.habit(name, answer, "the first page is enough")
	}
}

// orderBy returns the order by a time of each call, "" if there are too few. It reports false if
// there is none.
func (d *Doctor) orderBy(at func(record) (time.Time, bool)) (answer string, known bool) {
	var times []time.Time
	timeless, last := 0, true
	for _, r := range d.asked.calls.records {
		t, ok := at(r)
		if !ok {
			timeless++
			continue
		}
		last = last && timeless == 0
		times = append(times, t)
	}
	newest := slices.IsSortedFunc(times, func(a, b time.Time) int { return b.Compare(a) })
	oldest := slices.IsSortedFunc(times, time.Time.Compare)
	switch {
	case newest && oldest:
		return "", true
	case newest:
		answer = "newest first"
	case oldest:
		answer = "oldest first"
	default:
		return "", false
	}
	switch {
	case timeless > 0 && last:
		answer += "; those without a time last"
	case timeless > 0:
		answer += "; those without a time between them"
	}
	return answer, true
}

// judgeFilters says what becomes of filters.
func (d *Doctor) judgeFilters() {
	const name = "filters agent_id and from_date"
	is := &d.asked
	if is.ofAgentSince == nil {
		d.unknown(name, cmp.Or(is.calls.why(), "no call names its agent"))
		return
	}
	for _, a := range []*answer{is.ofAgentSince, is.ofNobody, is.sinceTomorrow} {
		switch {
		case a.status == 0:
			d.unknown(name, a.why())
			return
		case !a.ok():
			d.habit(name, fmt.Sprintf("refused with %d", a.status), "looks read the whole list")
			return
		}
	}
	fitting, _ := is.ofAgentSince.list()
	nobody, _ := is.ofNobody.list()
	tomorrow, _ := is.sinceTomorrow.list()
	switch {
	case len(fitting) == 0:
		d.doubt("filtered lists are empty")
		d.habit(name, "a filtered list is empty although records fit", "silence of a list proves nothing: a lost call ends as unknown")
	case len(nobody) > 0 && len(tomorrow) > 0:
		d.habit(name, "both ignored", "looks read more pages")
	case len(tomorrow) > 0:
		d.habit(name, "from_date is ignored", "looks read more pages")
	case len(nobody) > 0:
		d.habit(name, "agent_id is ignored", "looks read more pages")
	default:
		d.habit(name, "honoured", "looks ask for the agent's calls since the first attempt")
	}
}
