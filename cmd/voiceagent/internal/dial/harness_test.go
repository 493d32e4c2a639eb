package dial_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// desk is an operations person's place: a directory, a server, and what was seen on the screen.
type desk struct {
	t      *testing.T
	dir    string
	srv    *voiceagenttest.Server
	agent  string
	screen *screen
}

func newDesk(t *testing.T, opts ...voiceagenttest.Option) *desk {
	t.Helper()
	srv := voiceagenttest.NewServer(opts...)
	t.Cleanup(srv.Close)
	return &desk{t: t, dir: t.TempDir(), srv: srv, agent: srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"}), screen: &screen{}}
}

// screen may be written to while it is read.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (d *desk) path(name string) string { return filepath.Join(d.dir, name) }

func (d *desk) write(name, text string) string {
	d.t.Helper()
	require.NoError(d.t, os.WriteFile(d.path(name), []byte(text), 0o600))
	return d.path(name)
}

// number is the i-th of the numbers that tests use in bulk. No known range has them.
func number(i int) string { return fmt.Sprintf("+1555%07d", i) }

// contacts is a file of n contacts.
func contacts(n int) string {
	var b strings.Builder
	b.WriteString("name,mobile,loan amount\n")
	for i := range n {
		fmt.Fprintf(&b, "Person %d,%s,%d\n", i, number(i), 1000+i)
	}
	return b.String()
}

// errNo is the answer to a question.
var errNo = errors.New("the answer was no")

// options are those of `voiceagent campaigns run contacts.csv --any-range --region IN --yes`.
func (d *desk) options() dial.Options {
	return dial.Options{
		File: d.path("contacts.csv"), AnyRange: true, Region: "IN", Yes: true,
		Campaign: voiceagent.CampaignCreateParams{AgentID: d.agent, From: "+15550100000", MaxConcurrentCalls: 50},
		Server:   "https://voiceagent.test/v1", StateDir: d.path("state"), Command: "voiceagent campaigns run contacts.csv --yes",
		Client: func(opts ...voiceagent.ClientOption) (*voiceagent.Client, error) { return d.srv.Client(opts...), nil },
		Ask:    func(string) error { panic("not to be asked") },
		Out:    d.screen,
	}
}

func (d *desk) run(ctx context.Context, change ...func(*dial.Options)) (*dial.Summary, error) {
	d.t.Helper()
	o := d.options()
	for _, f := range change {
		f(&o)
	}
	return dial.Run(ctx, o)
}

// readCSV returns the rows of a file by the names of its columns.
func (d *desk) readCSV(name string) (rows []map[string]string) {
	d.t.Helper()
	text, err := os.ReadFile(d.path(name))
	require.NoError(d.t, err)
	records, err := csvReader(string(text)).ReadAll()
	require.NoError(d.t, err)
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, cell := range record {
			row[records[0][i]] = cell
		}
		rows = append(rows, row)
	}
	return rows
}

// csvReader reads what the program writes.
func csvReader(text string) *csv.Reader {
	text = strings.TrimPrefix(text, "\ufeff")
	reader := csv.NewReader(strings.NewReader(text))
	if header, _, _ := strings.Cut(text, "\n"); strings.Count(header, ";") > strings.Count(header, ",") {
		reader.Comma = ';'
	}
	return reader
}

// nobodyTwice fails if a number was dialled by two campaigns, or twice by one without a retry.
func (d *desk) nobodyTwice() {
	d.t.Helper()
	rang := map[string]int{}
	for _, number := range d.srv.Dialed() {
		rang[number]++
		require.Equal(d.t, 1, rang[number], "%s rang twice", number)
	}
}
