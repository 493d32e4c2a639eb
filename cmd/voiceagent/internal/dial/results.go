package dial

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"go.etcd.io/bbolt"
)

// resultColumns follow the columns of the file. A name that the file has already gets call_ in
// front.
var resultColumns = []string{
	calledNumber, "status", "attempts", "duration_seconds", "sentiment", "cost", "started_at", "ended_at", "session_id", "end_reason", "ended_by",
	"summary", "recording_url", "campaign_id",
}

const calledNumber = "called_number"

// The status of a contact without a listed call, and the status of such a contact if the answer for
// its campaign was lost, so that it may have been called.
const (
	notListed       = "no_call_listed"
	campaignUnknown = "campaign_unknown"
)

// writeResults writes a line for each contact, in the order of the file.
func (r *run) writeResults(ctx context.Context) error {
	if !r.plan.source.intact() {
		return fmt.Errorf("%s has changed, and the results are its rows with what became of them: put it back as it was", r.o.File)
	}
	calls, err := newOutcomes(r.parts, r.state.begun.Began)
	if err != nil {
		return err
	}
	defer calls.close()
	err = calls.read(ctx, r.client, r.o.Campaign.AgentID, func(n int) { r.say("%s read\n", count(n, "call")) })
	if err != nil {
		return err
	}
	file, err := createAtomic(r.o.Results)
	if err != nil {
		return err
	}
	out := csv.NewWriter(file)
	err = calls.db.View(func(tx *bbolt.Tx) error { return r.writeRows(out, calls, tx) })
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	if err != nil {
		file.drop()
		return err
	}
	if r.o.Force || r.state.owned {
		err = file.replace()
	} else {
		err = file.place()
	}
	if err != nil {
		return err
	}
	return r.state.own()
}

func (r *run) writeRows(out *csv.Writer, calls *outcomes, tx *bbolt.Tx) error {
	names := r.plan.source.header.Names
	header := slices.Clone(names)
	for _, name := range resultColumns {
		for slices.Contains(header, name) {
			name = "call_" + name
		}
		header = append(header, name)
	}
	if err := out.Write(header); err != nil {
		return err
	}
	n := 0
	for one, err := range r.plan.source.rows(r.plan.known) {
		if err != nil {
			return err
		}
		if one.Problem != nil {
			continue
		}
		result, found, err := calls.of(tx, one.Number)
		if err != nil {
			return err
		}
		part := &r.parts[n/batchSize]
		switch {
		case found:
		case part.Unknown:
			result.Status = campaignUnknown
		default:
			result.Status = notListed
		}
		if result.Campaign == "" {
			result.Campaign = part.ID
		}
		n++
		if err := out.Write(append(slices.Clone(one.Cells), result.cells(one.Number)...)); err != nil {
			return err
		}
	}
	return nil
}

// hasResults reports whether a file begins like a results file.
func hasResults(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	const longest = 1 << 20 // bytes
	header, _ := csv.NewReader(io.LimitReader(file, longest)).Read()
	if len(header) < len(resultColumns) {
		return false
	}
	for i, name := range header[len(header)-len(resultColumns):] {
		if !strings.HasSuffix(name, resultColumns[i]) {
			return false
		}
	}
	return true
}

// cells are what a contact's line ends with.
func (o *outcome) cells(number string) []string {
	attempts := strconv.Itoa(o.Attempts)
	if o.Status == campaignUnknown {
		attempts = ""
	}
	return []string{
		number, inert(o.Status), attempts, optional(o.Duration), inert(o.Sentiment), optional(o.Cost), inert(o.Started), inert(o.Ended),
		inert(o.Session), inert(o.Reason), inert(o.EndedBy), inert(o.Summary), inert(o.Recording), inert(o.Campaign),
	}
}

func optional(value *float64) string {
	if value == nil {
		return ""
	}
	return strconv.FormatFloat(math.Round(*value*1e4)/1e4, 'f', -1, 64)
}

// inert keeps a spreadsheet from taking words of a person on the phone for a formula: a text from
// the API that begins like a formula gets an apostrophe in front. Numbers that this program
// computes, the number that was called, and the cells of the user's own file are unchanged.
func inert(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return "'" + text
	}
	return text
}
