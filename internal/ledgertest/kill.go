package ledgertest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// Losing are the faults of a network and a gateway that lose answers.
var Losing = []voiceagenttest.Fault{
	{Method: "POST", Kind: voiceagenttest.DropAfter, Rate: 0.03},
	{Method: "POST", Kind: voiceagenttest.DropBefore, Rate: 0.01},
	{Method: "POST", Kind: voiceagenttest.StatusAfter, Status: 504, Rate: 0.02},
	{Method: "POST", Kind: voiceagenttest.StatusBefore, Status: 500, Rate: 0.02},
}

// Row is what a process that may be killed reports of a call that it was to place.
type Row struct {
	I       int    `json:"i"`
	To      string `json:"to"`
	Placed  bool   `json:"placed,omitempty"`
	Ref     string `json:"ref,omitempty"` // "" where the answer had no id
	Unknown bool   `json:"unknown,omitempty"`
	Err     string `json:"err,omitempty"`
}

// RowKey returns the idempotency key of a row, which is the same each time that its process starts.
func RowKey(i int) string { return fmt.Sprintf("row-%04d", i+1) }

// RowOf returns the row of a result.
func RowOf(i int, result voiceagent.CallResult) Row {
	row := Row{I: i, To: result.Params.To, Unknown: errors.Is(result.Err, voiceagent.ErrOutcomeUnknown)}
	if result.Err != nil {
		row.Err = result.Err.Error()
	} else {
		row.Placed, row.Ref = true, result.Call.Ref()
	}
	return row
}

// ReadRows reads what a process has written, a row a line, until its output ends. The last line of
// a process that was killed may be cut, and is left out then.
func ReadRows(out io.Reader) []Row {
	var rows []Row
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var row Row
		if json.Unmarshal(lines.Bytes(), &row) == nil {
			rows = append(rows, row)
		}
	}
	return rows
}

// Provable reports whether a list could prove that the request of an entry was not done: the
// process that began it had placed a call shortly before, which the list must show. A process that
// dies early has placed none.
func Provable(entry voiceagent.LedgerEntry) bool {
	return slices.ContainsFunc(entry.Witnesses, func(w voiceagent.LedgerWitness) bool { return w.Age < 5*time.Second })
}

// Trigger says when to kill: when the server has done a request, and hasn't answered it yet.
type Trigger struct {
	Now      chan struct{} // gets a value when it is time
	requests atomic.Int64
	at       atomic.Int64
}

// NewTrigger returns a trigger that isn't set.
func NewTrigger() *Trigger { return &Trigger{Now: make(chan struct{}, 1)} }

// Set has the trigger go off after so many more requests.
func (t *Trigger) Set(after int64) { t.at.Store(t.requests.Load() + after) }

// OnRequest counts a request; it is for [voiceagenttest.WithOnRequest].
func (t *Trigger) OnRequest(voiceagenttest.Request) {
	if t.requests.Add(1) == t.at.Load() {
		t.Now <- struct{}{}
	}
}

// Requests returns how many requests there were.
func (t *Trigger) Requests() int64 { return t.requests.Load() }
