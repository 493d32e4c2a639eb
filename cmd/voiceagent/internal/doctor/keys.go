package doctor

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/voiceagent-go/voiceagent/internal/secret"
)

// The keys that are known, documented or seen in use; see api/openapi.yaml.
var (
	envelopeKeys = words("success data error detail message request_id timestamp total page page_size has_more status version items results " +
		"pagination meta next previous next_cursor total_pages")
	errorKeys = words("code message details field type loc msg")
	callKeys  = words("id session_id agent_id agent_type phone_number source_number direction status created_at updated_at started_at ended_at " +
		"duration_seconds duration_minutes sentiment call_summary call_end_reason ended_by details_collection transcript recording_url metadata " +
		"variables ai_cost telephony_cost total_cost handover campaign_id")
	agentKeys = words("id name start_flow end_flow agent_type custom_description sector language voice brand_name description webhook_config " +
		"details_to_collect created_at updated_at")
	campaignKeys = words("id name description status agent_id phone_number phone_column contacts created_at updated_at total total_contacts valid_contacts " +
		"skipped_contacts completed failed no_answer voicemail pending_retries start_time end_time daily_start_time daily_end_time schedule_time " +
		"blackout_periods retry_config retry_enabled max_retries max_concurrent_calls pickup_rate collection_rate total_cost")
	catalogKeys = words("id name slug code key value label title display_name description gender language voice voice_id agent_type type industry")

	// inside are the keys of the objects that records hold. What an account makes the keys of, as in
	// metadata, isn't among them.
	inside = map[string][]string{
		"details_collection": words("status score collected_details collected_values"),
		"transcript":         words("role content speaker text timestamp"),
		"webhook_config":     words("url events secret"),
		"retry_config":       words("enabled on_statuses interval_value interval_unit max_retries respect_calling_hours"),
		"blackout_periods":   words("start end"),
		"details_to_collect": words("key name type description required"),
		"error":              errorKeys,
		"detail":             errorKeys,
		"pagination":         envelopeKeys,
		"meta":               envelopeKeys,
	}
)

func words(text string) []string { return strings.Fields(text) }

// vocabulary are the words of names that may be shown although nobody documents them. A name of
// other words may be anybody's: of a person, a customer, a product.
var vocabulary = func() map[string]bool {
	known := make(map[string]bool)
	add := func(names []string) {
		for _, name := range names {
			for word := range strings.SplitSeq(name, "_") {
				known[word] = true
			}
		}
	}
	for _, names := range [][]string{envelopeKeys, errorKeys, callKeys, agentKeys, campaignKeys, catalogKeys} {
		add(names)
	}
	for _, names := range inside {
		add(names)
	}
	add(words("account active amount answer answered answers api archived attempt attempts audio balance batch billing bool call callback called caller calls " +
		"category channel charge client connected cost count country created credits currency custom data date deleted delivered device disposition duration " +
		"email enabled engine ended error event external failure file final first flow from greeting hangup has history hours inbound index info initiated " +
		"instructions interval is kind knowledge last latency level limit list live llm locale lead log max metrics min minutes mode model next node note notes " +
		"number numbers of on org organization outbound outcome owner parent path per percent phone platform pool position pricing priority processed progress " +
		"prompt provider public published queue queued rate reason received recipient record recording ref reference region remote result retry ring ringing " +
		"role schedule scheduled score script seconds seed sent sentiment session settings sid size source speed sql stage start started state stats step stop " +
		"stopped stt sub summary system tag tags team telephony temperature template tenant text time timeout timezone to token tokens tools total transcript " +
		"transfer transferred trunk tts type unit updated uri url usage used user uuid valid value variables version video voice voicemail wait web webhook " +
		"welcome workspace zone"))
	return known
}()

// shownName returns a name that may be shown; false if it may say something of an account.
func (d *Doctor) shownName(name string, known []string) (string, bool) {
	if slices.Contains(known, name) {
		return name, true
	}
	for _, word := range split(name) {
		if !vocabulary[word] {
			return secret.MaskNumbers(printable(name)), d.AllNames
		}
	}
	return name, true
}

// split returns the words of a name like end_time, end-time or endTime.
func split(name string) (parts []string) {
	var b strings.Builder
	for i, r := range name {
		switch {
		case r == '_' || r == '-':
			b.WriteByte('_')
		case 'A' <= r && r <= 'Z':
			if i > 0 {
				b.WriteByte('_')
			}
			b.WriteRune(r - 'A' + 'a')
		default:
			b.WriteRune(r)
		}
	}
	return strings.Split(b.String(), "_")
}

// printable keeps a name from steering the terminal, or from being Markdown.
func printable(name string) string {
	const longest = 60
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune("`|<>[]*\\\"", r) {
			return '?'
		}
		return r
	}, name)
	return clean[:min(len(clean), longest)]
}

// names returns the keys of records with their types, the known ones in order.
func (d *Doctor) names(records []record, known []string) string {
	var shown []string
	hidden := &tally{}
	for _, key := range keysOf(records, known) {
		types := &tally{}
		var within []record
		for _, r := range records {
			value, ok := r[key]
			if !ok {
				types.add("missing")
				continue
			}
			types.add(typeOf(value))
			within = append(within, objectsIn(value)...)
		}
		name, ok := d.shownName(key, known)
		if !ok {
			hidden.add(types.forms())
			continue
		}
		text := name + " " + types.forms()
		if below, ok := inside[key]; ok && len(within) > 0 {
			text += " {" + d.names(within, below) + "}"
		}
		shown = append(shown, text)
	}
	if hidden.total > 0 {
		shown = append(shown, fmt.Sprintf("and %d of other names (%s)", hidden.total, hidden.String()))
	}
	return strings.Join(shown, ", ")
}

// keysOf returns the keys that records have: the known ones in order, then the rest.
func keysOf(records []record, known []string) []string {
	has := make(map[string]bool)
	for _, r := range records {
		for key := range r {
			has[key] = true
		}
	}
	var keys []string
	for _, key := range known {
		if has[key] {
			keys = append(keys, key)
			delete(has, key)
		}
	}
	return append(keys, slices.Sorted(maps.Keys(has))...)
}

// objectsIn returns the objects that a value is or holds.
func objectsIn(value any) (objects []record) {
	switch v := value.(type) {
	case map[string]any:
		return []record{v}
	case []any:
		for _, one := range v {
			if object, ok := one.(map[string]any); ok {
				objects = append(objects, object)
			}
		}
	}
	return objects
}

func typeOf(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case json.Number:
		return "number"
	case []any:
		items := &tally{}
		for _, one := range v {
			items.add(typeOf(one))
		}
		if items.total == 0 {
			return "array"
		}
		return "array of " + items.forms()
	}
	return "object"
}

// tally counts the forms in which something is written.
type tally struct {
	order  []string
	counts map[string]int
	total  int
}

func (t *tally) add(form string) {
	if t.counts == nil {
		t.counts = make(map[string]int)
	}
	if t.counts[form] == 0 {
		t.order = append(t.order, form)
	}
	t.counts[form]++
	t.total++
}

// forms names them without their counts.
func (t *tally) forms() string {
	sorted := slices.Sorted(slices.Values(t.order))
	for _, rare := range []string{"null", "missing"} { // they come last
		if i := slices.Index(sorted, rare); i >= 0 {
			sorted = append(slices.Delete(sorted, i, i+1), rare)
		}
	}
	return strings.Join(sorted, "|")
}

// String names them with their counts.
func (t *tally) String() string {
	if len(t.order) == 1 && t.total > 0 {
		return fmt.Sprintf("%s (all %d)", t.order[0], t.total)
	}
	parts := make([]string, len(t.order))
	for i, form := range t.order {
		parts[i] = fmt.Sprintf("%s (%d)", form, t.counts[form])
	}
	return strings.Join(parts, ", ")
}

func (t *tally) has(form string) bool { return t.counts[form] > 0 }

// only reports whether it counted nothing but these forms.
func (t *tally) only(forms ...string) bool {
	return !slices.ContainsFunc(t.order, func(form string) bool { return !slices.Contains(forms, form) })
}
