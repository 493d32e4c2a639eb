package doctor

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// judgeErrors says how an id is answered that nothing has.
func (d *Doctor) judgeErrors() {
	const name = "a call that doesn't exist"
	a := d.asked.unknownCall
	if a.status == 0 {
		d.unknown(name, a.why())
		return
	}
	client := "a NotFoundError"
	switch {
	case a.ok():
		client = "taken for a call"
	case a.status != http.StatusNotFound:
		client = "not a NotFoundError"
	}
	d.habit(name, fmt.Sprintf("%d, %s", a.status, errorForm(a)), client)
}

// errorForm names the form of an error's body.
func errorForm(a *answer) string {
	body := a.object()
	switch failure := body["error"].(type) {
	case map[string]any:
		code := "with a code that no page names"
		switch failure["code"] {
		case "validation_error", "not_found", "authentication_error", "quota_exceeded":
			code = "with the code " + failure["code"].(string)
		case nil:
			code = "without a code"
		}
		return "the error envelope, " + code
	case nil:
	default:
		return "an error that is no object"
	}
	switch body["detail"].(type) {
	case string:
		return "a detail that is a text"
	case []any:
		return "a detail that is a list"
	}
	if _, ok := body["message"]; ok {
		return "a message alone"
	}
	switch {
	case a.empty:
		return "without a body"
	case !a.json:
		return "not JSON"
	}
	return "JSON of another form"
}

// judgeCatalog says how the public endpoints answer.
func (d *Doctor) judgeCatalog() {
	is := &d.asked
	refused, failed := 0, 0
	for _, r := range d.report.Requests {
		if strings.HasSuffix(r.Request, withoutKey) {
			switch {
			case r.Answer == "401" || r.Answer == "403":
				refused++
			case r.Answer[0] != '2':
				failed++
			}
		}
	}
	switch {
	case refused > 0:
		d.habit("public endpoints", fmt.Sprintf("%d of 4 are refused without the key", refused), "it is sent where there is one")
	case failed > 0:
		d.unknown("public endpoints", fmt.Sprintf("%d of 4 gave no answer that says so", failed))
	default:
		d.habit("public endpoints", "all 4 answer without the key", "no key is needed")
	}
	switch why := is.health.why(); {
	case why != "":
		d.unknown("health", why)
	case is.health.record() != nil:
		d.habit("health", "in an envelope", "read")
	default:
		d.habit("health", "without an envelope", "read")
	}
	lists := &tally{}
	for _, a := range is.catalog {
		form := "no answer"
		switch data := a.object()["data"]; {
		case a.status != 0 && !a.ok():
			form = fmt.Sprint(a.status)
		case a.ok() && data != nil:
			form = typeOf(data) + " under data"
		case a.ok():
			form = typeOf(a.value)
		}
		lists.add(form)
	}
	d.habit("voices, languages, industries", lists.String(), "arrays of texts and of objects are read, and objects with an item per key")
}

// judgeHeaders says what comes with answers besides their bodies.
func (d *Doctor) judgeHeaders() {
	limits, resets, ids, bodies, success := &tally{}, &tally{}, &tally{}, &tally{}, &tally{}
	for _, a := range d.all {
		who := "with the key"
		if strings.HasSuffix(a.request, withoutKey) {
			who = "without the key"
		}
		is := "none "
		if len(present(a.header, limitHeaders[:limitsOnly])) > 0 {
			is = "there "
		}
		limits.add(is + who)
		for _, name := range []string{"X-Ratelimit-Reset", "Ratelimit-Reset", "X-Rate-Limit-Reset"} {
			if value := a.header.Get(name); value != "" {
				resets.add(resetForm(value))
			}
		}
		ids.add(cmp.Or(strings.Join(present(a.header, idHeaders), ", "), "none"))
		bodies.add(formOf(a.object(), "request_id", func(any) string { return "there" }))
		if a.ok() {
			success.add(formOf(a.object(), "success", func(value any) string { return fmt.Sprint(value == true) }))
		}
	}
	if len(d.all) == 0 {
		return
	}
	answer, client := limits.String(), "the limiter keeps to them"
	switch {
	case resets.total > 0:
		answer += "; reset as " + resets.forms()
		if resets.has(formOther) {
			client = "the reset can't be read: the limiter stays as careful as before the first answer"
		}
	case limits.only("none with the key", "none without the key"):
		client = "the limiter learns of a limit from a 429 alone"
	}
	d.habit("rate-limit headers", answer, client)
	d.habit("request ids", "header: "+ids.String()+"; request_id in the body: "+bodies.String(), "the body's is shown, else that of X-Request-Id")
	d.habit("success of a 2xx", cmp.Or(success.String(), "there was none"), "false under a 2xx is an error; null and missing are none")
	d.judgeClocks()
}

var unixSeconds = regexp.MustCompile(`^\d{9,10}(\.\d+)?$`)

// resetForm returns how the end of a rate limit's window is written.
func resetForm(value string) string {
	_, dateErr := http.ParseTime(value)
	_, timeErr := time.Parse(time.RFC3339, value)
	digits := strings.Trim(value, "0123456789") == ""
	switch {
	case unixSeconds.MatchString(value):
		return "Unix seconds"
	case digits && len(value) >= len("946684800000") && len(value) <= len("1700000000000"):
		return "Unix milliseconds"
	case digits && len(value) < len("1000000"):
		return "seconds from now"
	case dateErr == nil:
		return "an HTTP date"
	case timeErr == nil:
		return "RFC 3339"
	}
	return formOther
}

// clockOff is how far the envelope's timestamp is ahead of the answer's Date.
func clockOff(a *answer) (off time.Duration, naive, ok bool) {
	if a == nil || a.status == 0 {
		return 0, false, false
	}
	date, err := http.ParseTime(a.header.Get("Date"))
	value := a.object()["timestamp"]
	at, ok := timeOf(value)
	form := timeForm(value)
	ok = ok && err == nil && !strings.Contains(form, timeMinutes)
	return at.Sub(date), strings.HasPrefix(form, timeNaive), ok
}

// near is how far clocks may be apart that go alike: both are cut to the second.
const near = 2 * time.Second

func (d *Doctor) judgeClocks() {
	const name = "Date"
	for _, a := range d.all {
		off, naive, ok := clockOff(a)
		date, err := http.ParseTime(a.header.Get("Date"))
		if err != nil || !ok && a != d.all[len(d.all)-1] { // another one may say more
			continue
		}
		answer, client := "there; no timestamp to compare it with", "the window for a lost call is taken from it"
		if naive { // of whichever zone
			off -= off.Round(zoneStep)
		}
		switch {
		case ok && off.Abs() <= near:
			answer = "as the envelope's timestamp"
		case ok:
			answer = "the envelope's timestamp is " + apart(off) + " it"
			client += ": in doubt until the list shows a call that the client placed itself"
			d.doubt("Date and the records' times are of different clocks")
		}
		if here := date.Sub(a.at); here.Abs() > near {
			answer += "; it is " + apart(here) + " this machine's clock"
		} else {
			answer += "; as this machine's clock"
		}
		d.habit(name, answer, client)
		return
	}
	d.habit(name, "not there", "the window for a lost call isn't known")
}

// apart says by how much one clock is ahead of another, or behind.
func apart(off time.Duration) string {
	way := "ahead of"
	if off < 0 {
		way = "behind"
	}
	return off.Abs().Round(time.Second).String() + " " + way
}

// judgeOthers says the rest, and what reading alone can't show.
func (d *Doctor) judgeOthers() {
	is := &d.asked
	d.compare("agents: list and single agent", is.agents, is.agent, agentKeys)
	hooks := &tally{}
	for _, a := range slices.Concat(is.agents.records, []record{is.agent.recordOrNil()}) {
		if hook, ok := a["webhook_config"].(map[string]any); ok {
			hooks.add(formOf(hook, "secret", func(any) string { return "shown" }))
		}
	}
	if hooks.total == 0 {
		d.unknown("a webhook's secret", "no agent shows a webhook")
	} else {
		d.habit("a webhook's secret", hooks.String(), "never printed by this program")
	}

	d.compare("campaigns: list and single campaign", is.campaigns, is.campaign, campaignKeys)
	if len(is.campaigns.records) > 0 {
		names := func(records []record) string {
			var has []string
			for _, key := range []string{"total", "total_contacts"} {
				if hasKey(records, key) {
					has = append(has, key)
				}
			}
			return cmp.Or(strings.Join(has, " and "), "neither total nor total_contacts")
		}
		d.habit("a campaign's contacts", "list: "+names(is.campaigns.records)+"; single: "+names([]record{is.campaign.recordOrNil()}), "both are read")
	}

	const unseen = "can't be seen by reading"
	d.habit("how late a list shows a call", unseen, "learnt from the calls that the client places")
	d.habit("what POST /call, /agents and /campaigns answer", "not asked: they make something", "any id is taken, and session_id")
	d.habit("a webhook's signature", "not asked: voiceagent listen --diagnose says it of a delivery", "")
}

func hasKey(records []record, key string) bool {
	return slices.ContainsFunc(records, func(r record) bool { _, ok := r[key]; return ok })
}
