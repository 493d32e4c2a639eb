package dial

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"strings"

	"go.etcd.io/bbolt"

	"github.com/voiceagent-go/voiceagent/internal/contactfile"
)

// The columns of results by which another run leaves out who was called; see [ReadExcluded].
const (
	calledNumber     = "called_number"
	notCalledBecause = "not_called_because"
)

// The status of a contact without a listed call, and the status of such a contact if the answer for
// its campaign was lost, so that it may have been called.
const (
	notListed       = "no_call_listed"
	campaignUnknown = "campaign_unknown"
)

// The status of a row that was left out.
const (
	cantBeUsed = "bad"
	repeated   = "repeated"
	excluded   = "excluded"
)

// leftOut is what became of a row that is no contact, or nil for a contact.
func leftOut(one *contactfile.Row) *outcome {
	switch {
	case one.Problem == nil:
		return nil
	case one.Excluded:
		return &outcome{Status: excluded, LeftOut: one.Problem.Err.Error()}
	case one.First > 0:
		return &outcome{Status: repeated, LeftOut: one.Problem.Err.Error()}
	}
	return &outcome{Status: cantBeUsed, LeftOut: one.Problem.Err.Error()}
}

// writeResults writes a line for each row, in the order of the file.
func (r *run) writeResults(ctx context.Context) error {
	if !r.plan.source.intact() {
		return fmt.Errorf("%s has changed, and the results are its rows with what became of them: put it back as it was", r.o.File)
	}
	calls, err := newOutcomes(r.parts, r.state.begun.Began, r.plan.known)
	if err != nil {
		return err
	}
	defer calls.close()
	calls.talks = r.o.Transcripts != ""
	err = calls.read(ctx, r.client, r.o.Campaign.AgentID, func(n int) { r.say("%s read\n", count(n, "call")) })
	if err != nil {
		return err
	}
	file, err := createAtomic(r.o.Results)
	if err != nil {
		return err
	}
	if r.plan.source.marked() {
		_, err = file.WriteString(byteOrderMark)
	}
	if err == nil {
		out := csv.NewWriter(file)
		out.Comma = r.plan.source.header.Comma
		err = calls.db.View(func(tx *bbolt.Tx) error { return r.writeRows(out, calls, tx) })
		out.Flush()
		err = cmp.Or(err, out.Error())
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
	h := r.plan.source.header
	columns := newColumns(h.Names, calls.values)
	if err := out.Write(columns.header); err != nil {
		return err
	}
	talks, err := r.openTalks()
	if err != nil {
		return err
	}
	n := 0
	for one, err := range r.plan.source.rows(r.plan.known) {
		if err != nil {
			return err
		}
		result := leftOut(one)
		if result == nil {
			if result, err = r.outcome(tx, calls, one.Number, n); err != nil {
				return err
			}
			if err := talks.write(tx, result, one); err != nil {
				return err
			}
			n++
		}
		if err := out.Write(columns.cells(fit(one.Cells, len(h.Names), h.Comma), one.Number, result)); err != nil {
			return err
		}
	}
	r.sum.TranscriptFiles = talks.files
	return nil
}

// outcome returns what became of the n-th contact.
func (r *run) outcome(tx *bbolt.Tx, calls *outcomes, number string, n int) (*outcome, error) {
	result, found, err := calls.of(tx, number)
	part := &r.parts[n/batchSize]
	switch {
	case err != nil:
		return nil, err
	case found:
	case part.Unknown:
		result.Status = campaignUnknown
	default:
		result.Status = notListed
	}
	result.Campaign = cmp.Or(result.Campaign, part.ID)
	return &result, nil
}

// fit gives a row that isn't as long as the header as many cells. What is too much stands in the
// last one, as it was written.
func fit(cells []string, n int, comma rune) []string {
	fitting := make([]string, n)
	copy(fitting, cells)
	if len(cells) > n {
		fitting[n-1] = strings.Join(cells[n-1:], string(comma))
	}
	return fitting
}

// byteOrderMark tells a spreadsheet that a file is UTF-8.
const byteOrderMark = "\ufeff"

// marked reports whether the results begin with a byte order mark: the file does, or whoever made
// it uses another encoding, and reads UTF-8 only where that is said.
func (s *source) marked() bool {
	return s.header.Mark || s.header.Encoding != "" && s.header.Encoding != "UTF-8"
}

// form says how the results differ from the file; "" if they don't.
func (s *source) form() string {
	if s.header.Encoding == "" || s.header.Encoding == "UTF-8" {
		return ""
	}
	return fmt.Sprintf(" (UTF-8 with a byte order mark; %s is %s)", s.name, s.header.Encoding)
}

// hasResults reports whether a file begins like the results of this one.
func (s *source) hasResults(path string) bool {
	const longest = 1 << 20 // bytes
	head, err := beginning(path, longest)
	if err != nil {
		return false
	}
	in := csv.NewReader(strings.NewReader(strings.TrimPrefix(head, byteOrderMark)))
	in.Comma = s.header.Comma
	header, _ := in.Read()
	for ; len(header) >= len(resultColumns); header = header[1:] {
		all := true
		for i, name := range resultColumns {
			all = all && strings.HasSuffix(header[i], name)
		}
		if all {
			return true
		}
	}
	return false
}

// beginning returns up to n bytes of a file.
func beginning(path string, n int) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	head, err := io.ReadAll(io.LimitReader(file, int64(n)))
	return string(head), err
}
