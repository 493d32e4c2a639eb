package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

const (
	maxContacts      = 2000
	maxConcurrency   = 50
	maxRetryInterval = 10_000
	maxRetries       = 10
)

// readCampaign reads a campaign and notes in f what is wrong with it.
func readCampaign(f *form, zone *time.Location) *campaign {
	c := &campaign{done: make(map[string]int)}
	c.name = f.words("name")
	f.limitText("name", c.name, maxName)
	c.description = f.text("description")
	c.agentID = f.words("agent_id")
	c.source = f.source("phone_number")
	c.concurrency = f.number("max_concurrent_calls", 1, maxConcurrency, 1)
	c.readContacts(f)
	c.readHours(f, zone)
	c.readRetry(f)
	if text := f.text("schedule_time"); text != "" {
		var ok bool
		if c.begin, ok = parseTime(text); !ok {
			f.reject("schedule_time", "schedule_time must be an ISO 8601 time")
		}
		c.scheduled = true
	}
	return c
}

func (c *campaign) readContacts(f *form) {
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
			c.skipped++
			continue
		}
		delete(row, column)
		c.contacts = append(c.contacts, contact{number: number, metadata: mustMarshal(row)})
	}
	if len(c.contacts) == 0 {
		f.reject("contacts", "contacts have no valid phone number")
	}
}

// belong puts the campaign's id, which wasn't known when they were read, into
// the metadata of its contacts, as the documented webhook has it.
func (c *campaign) belong() {
	id := append([]byte(`{"campaign_id":`), mustMarshal(c.id)...)
	for i := range c.contacts {
		meta := c.contacts[i].metadata
		if rest := bytes.TrimPrefix(meta, []byte("{")); len(rest) > 1 {
			c.contacts[i].metadata = slices.Concat(id, []byte(","), rest)
		} else {
			c.contacts[i].metadata = slices.Concat(id, []byte("}"))
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
		panic("simulator: can't encode what was decoded: " + err.Error())
	}
	return b
}

func (c *campaign) readHours(f *form, zone *time.Location) {
	c.hours.zone = zone
	minute := func(name, text string, deeper ...any) int {
		m, ok := parseMinute(text)
		if !ok {
			f.reject(name, name+" must be HH:MM", deeper...)
		}
		return m
	}
	c.daily = [2]string{f.text("daily_start_time"), f.text("daily_end_time")}
	switch start, end := c.daily[0], c.daily[1]; {
	case start != "" && end != "":
		c.hours.calling = &span{minute("daily_start_time", start), minute("daily_end_time", end)}
	case start != "":
		f.reject("daily_end_time", "daily_end_time is needed with daily_start_time")
	case end != "":
		f.reject("daily_start_time", "daily_start_time is needed with daily_end_time")
	}
	var blackouts []struct{ Start, End string }
	if !f.decode("blackout_periods", "an array of {start, end}", &blackouts) {
		return
	}
	c.blackouts = f.fields["blackout_periods"]
	for i, b := range blackouts {
		c.hours.blackouts = append(c.hours.blackouts, span{
			minute("blackout_periods", b.Start, i, "start"),
			minute("blackout_periods", b.End, i, "end"),
		})
	}
}

func (c *campaign) readRetry(f *form) {
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
		sent.Statuses = []string{StatusNoAnswer, StatusVoicemail, StatusFailed}
	}
	for i, status := range sent.Statuses {
		if status != StatusNoAnswer && status != StatusVoicemail && status != StatusFailed {
			f.reject(name, "on_statuses may be no_answer, voicemail and failed", "on_statuses", i)
		}
	}
	c.retry = retryConfig{
		enabled: true, statuses: sent.Statuses, interval: time.Duration(value) * unit, max: most,
		anytime: sent.RespectsHours != nil && !*sent.RespectsHours,
	}
}
