package voiceagenttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

const (
	maxContacts      = 2000
	maxConcurrency   = 50
	maxRetryInterval = 10_000
	maxRetries       = 10
)

// readCampaign reads a campaign and notes in f what is wrong with it.
func readCampaign(f *form, zone *time.Location) *world.Campaign {
	c := new(world.Campaign)
	c.Name = f.words("name")
	f.limitText("name", c.Name, maxName)
	c.Description = f.text("description")
	c.AgentID = f.words("agent_id")
	c.Source = f.source("phone_number")
	c.Concurrency = f.number("max_concurrent_calls", 1, maxConcurrency, 1)
	readContacts(c, f)
	readHours(c, f, zone)
	readRetry(c, f)
	if text := f.text("schedule_time"); text != "" {
		var ok bool
		if c.Begin, ok = parseTime(text); !ok {
			f.reject("schedule_time", "schedule_time must be an ISO 8601 time")
		}
		c.Scheduled = true
	}
	return c
}

// reduce makes of a campaign what a server of this dialect takes it for.
func (d *Dialect) reduce(c *world.Campaign) {
	if d.TrimNames {
		c.Name = strings.Join(strings.Fields(c.Name), " ")
	}
	if d.CapConcurrency > 0 {
		c.Concurrency = min(c.Concurrency, d.CapConcurrency)
	}
	if n := len(c.Contacts); n > 0 {
		c.Contacts = c.Contacts[:max(n-d.InvalidContacts, 1)]
	}
}

func readContacts(c *world.Campaign, f *form) {
	column := f.text("phone_column")
	if column == "" {
		column = "phone"
	}
	var rows []map[string]json.RawMessage
	if !f.require("contacts") || !f.decode("contacts", "an array of objects", &rows) {
		return
	}
	switch n := len(rows); {
	case n == 0:
		f.reject("contacts", "contacts must not be empty")
		return
	case n > maxContacts:
		f.reject("contacts", fmt.Sprintf("contacts must be at most %d, not %d", maxContacts, n))
		return
	}
	for i, row := range rows {
		raw, ok := row[column]
		if !ok || isNull(raw) {
			f.reject("contacts", fmt.Sprintf("contact %d has no %q column", i+1, column), i, column)
			return
		}
		number := plainText(raw)
		if !isE164(number) {
			c.Skipped++
			continue
		}
		delete(row, column)
		c.Contacts = append(c.Contacts, world.Contact{Number: number, Metadata: mustMarshal(row)})
	}
	if len(c.Contacts) == 0 {
		f.reject("contacts", "contacts have no valid phone number")
	}
}

// belong puts the campaign's id, which wasn't known when they were read, into
// the metadata of its contacts, as the documented webhook has it.
func belong(c *world.Campaign) {
	id := append([]byte(`{"campaign_id":`), mustMarshal(c.ID)...)
	for i := range c.Contacts {
		meta := c.Contacts[i].Metadata
		if rest := bytes.TrimPrefix(meta, []byte("{")); len(rest) > 1 {
			c.Contacts[i].Metadata = slices.Concat(id, []byte(","), rest)
		} else {
			c.Contacts[i].Metadata = slices.Concat(id, []byte("}"))
		}
	}
}

// plainText is the text of a JSON string; a number or anything else is not one.
func plainText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

func mustMarshal(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic("voiceagenttest: can't encode what was decoded: " + err.Error())
	}
	return b
}

func readHours(c *world.Campaign, f *form, zone *time.Location) {
	c.Hours.Zone = zone
	minute := func(name, text string, deeper ...any) int {
		m, ok := parseMinute(text)
		if !ok {
			f.reject(name, name+" must be HH:MM", deeper...)
		}
		return m
	}
	switch start, end := f.text("daily_start_time"), f.text("daily_end_time"); {
	case start != "" && end != "":
		c.Hours.Calling = &world.Span{Start: minute("daily_start_time", start), End: minute("daily_end_time", end)}
	case start != "":
		f.reject("daily_end_time", "daily_end_time is needed with daily_start_time")
	case end != "":
		f.reject("daily_start_time", "daily_start_time is needed with daily_end_time")
	}
	var blackouts []struct{ Start, End string }
	if !f.decode("blackout_periods", "an array of {start, end}", &blackouts) {
		return
	}
	c.Blackouts = f.fields["blackout_periods"]
	for i, b := range blackouts {
		c.Hours.Blackouts = append(c.Hours.Blackouts, world.Span{
			Start: minute("blackout_periods", b.Start, i, "start"),
			End:   minute("blackout_periods", b.End, i, "end"),
		})
	}
}

func readRetry(c *world.Campaign, f *form) {
	var sent struct {
		Enabled       bool     `json:"enabled"`
		Statuses      []string `json:"on_statuses"`
		Interval      *int     `json:"interval_value"`
		Unit          string   `json:"interval_unit"`
		Max           *int     `json:"max_retries"`
		RespectsHours *bool    `json:"respect_calling_hours"`
	}
	if !f.decode("retry_config", "an object", &sent) || !sent.Enabled {
		return
	}
	const name = "retry_config"
	units := map[string]time.Duration{"": time.Minute, "minutes": time.Minute, "hours": time.Hour, "days": 24 * time.Hour}
	unit, ok := units[sent.Unit]
	if !ok {
		f.reject(name, "interval_unit must be minutes, hours or days", "interval_unit")
	}
	value, most := 30, 3 // what the guide recommends
	if sent.Interval != nil {
		value = *sent.Interval
	}
	if value < 1 || value > maxRetryInterval {
		f.reject(name, "interval_value must be a positive integer", "interval_value")
		value = 1
	}
	if sent.Max != nil {
		most = *sent.Max
	}
	if most < 0 || most > maxRetries {
		f.reject(name, fmt.Sprintf("max_retries must be from 0 to %d", maxRetries), "max_retries")
	}
	if sent.Statuses == nil {
		sent.Statuses = []string{world.StatusNoAnswer, world.StatusVoicemail, world.StatusFailed}
	}
	for i, status := range sent.Statuses {
		if status != world.StatusNoAnswer && status != world.StatusVoicemail && status != world.StatusFailed {
			f.reject(name, "on_statuses may be no_answer, voicemail and failed", "on_statuses", i)
		}
	}
	c.Retry = world.Retry{
		Enabled: true, Statuses: sent.Statuses, Interval: time.Duration(value) * unit, Max: most,
		Anytime: sent.RespectsHours != nil && !*sent.RespectsHours,
	}
}
