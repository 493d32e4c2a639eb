package dial

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/voiceagent-go/voiceagent/internal/contactfile"
	"github.com/voiceagent-go/voiceagent/internal/secret"
)

// resultColumns follow the columns of the file. A name that the file has already gets call_ in
// front. What the calls collected follows, a column for each key.
var resultColumns = []string{
	calledNumber, "status", notCalledBecause, "attempts", "duration_seconds", "sentiment", "score", "cost", "started_at", "ended_at", "session_id",
	"end_reason", "ended_by", "summary", "recording_url", "campaign_id",
}

// callPrefix stands before the name of a result column that the file has already.
const callPrefix = "call_"

// isResultColumn reports whether a name, as a key, is one that results may have for a column, also
// results of results.
func isResultColumn(key, column string) bool {
	prefixes, found := strings.CutSuffix(strings.ToLower(key), column)
	return found && strings.ReplaceAll(prefixes, callPrefix, "") == ""
}

// mostValues is how many keys of collected values have columns. Agents collect a few; a server that
// makes up keys must fill neither the memory nor each row.
const mostValues = 200

// collected stands before the name of a collected value that is taken, or could be meant for
// something else. With moreValues it is the column of those that have none of their own.
const (
	collected  = "collected."
	moreValues = "more"
)

// columns are those of the results.
type columns struct {
	header []string
	values []string // the keys of the collected values
	more   bool     // there are more of them than columns
}

// newColumns names the columns for a file with these, and for these collected values. The names
// differ also as keys of contacts, so that results can be called, or left out, in their turn.
func newColumns(names []string, values map[string]bool) columns {
	c := columns{header: slices.Clone(names), more: len(values) > mostValues}
	taken := make(map[string]bool)
	asKey := func(name string) string { return strings.ToLower(cmp.Or(contactfile.Key(name), name)) }
	add := func(name, prefix string) {
		for taken[asKey(name)] {
			name = prefix + name
		}
		taken[asKey(name)] = true
		c.header = append(c.header, name)
	}
	for _, name := range names {
		taken[asKey(name)] = true
	}
	for _, name := range resultColumns {
		add(name, callPrefix)
	}
	c.values = slices.Sorted(maps.Keys(values))
	c.values = c.values[:min(len(c.values), mostValues)]
	for _, key := range c.values {
		name := columnName(key)
		isOurs := func(column string) bool { return isResultColumn(asKey(name), column) }
		if name == "" || contactfile.LooksLikePhone(name) || slices.ContainsFunc(resultColumns, isOurs) {
			name = collected + name
		}
		add(contactfile.Inert(name), collected)
	}
	if c.more {
		add(collected+moreValues, collected)
	}
	return c
}

// columnName makes a key that a server has, or a person made up, the name of a column. A number in
// it would make the line that of a contact.
func columnName(key string) string {
	const longest = 100 // characters
	name := []rune(strings.Join(strings.FieldsFunc(key, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " "))
	return secret.MaskNumbers(strings.TrimSpace(string(name[:min(len(name), longest)])))
}

// cells are a row: the cells of the file, and what became of it.
func (c columns) cells(file []string, number string, o *outcome) []string {
	attempts := strconv.Itoa(o.Attempts)
	if o.LeftOut != "" {
		number = ""
	}
	if o.LeftOut != "" || o.Status == campaignUnknown {
		attempts = ""
	}
	row := []string{
		number, o.Status, o.LeftOut, attempts, optional(o.Duration), o.Sentiment, optional(o.Score), optional(o.Cost), o.Started, o.Ended, o.Session,
		o.Reason, o.EndedBy, o.Summary, o.Recording, o.Campaign,
	}
	for _, key := range c.values {
		row = append(row, o.Values[key])
	}
	if c.more {
		rest := maps.Clone(o.Values)
		maps.DeleteFunc(rest, func(key string, _ string) bool { return slices.Contains(c.values, key) })
		text := ""
		if len(rest) > 0 {
			text = textOf(rest)
		}
		row = append(row, text)
	}
	for i, text := range row { // the file's own cells are the user's
		row[i] = contactfile.Inert(text)
	}
	return slices.Concat(file, row)
}

func optional(value *float64) string {
	if value == nil {
		return ""
	}
	return strconv.FormatFloat(math.Round(*value*1e4)/1e4, 'f', -1, 64)
}

// textOf is a collected value as a cell has it: a text as it is, nothing for null, and JSON for
// anything else.
func textOf(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // it was JSON
	return strings.TrimSpace(text.String())
}
