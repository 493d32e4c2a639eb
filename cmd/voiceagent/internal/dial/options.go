package dial

import (
	"cmp"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent"
)

// Options is what there is to choose, and what the frame gives. File, Agent, From, Client and Out are required, and Ask unless Yes is set.
type Options struct {
	File        string // the CSV file; it is read more than once, so standard input is refused
	Agent       string // the id of the agent that talks
	From        string // the number to call from, as the API is to get it
	Name        string // of the campaigns, before what tells their contacts; the file's name when empty
	Region      string // of numbers without a country code, such as "IN" (default)
	PhoneColumn string // when empty, the one column that looks like it
	Comma       rune   // when 0, a comma, a semicolon, a tab or a bar: what the first line has most of

	Concurrency  int // calls at a time of each campaign, 1 to 50; 0 leaves it to the API, which takes 1
	Retry        *voiceagent.CampaignRetry
	CallingHours *voiceagent.CallingHours
	Blackouts    []voiceagent.Blackout
	ScheduleAt   time.Time // a fixed time: with another one the same command isn't the same run

	SkipBad  bool  // go on without the rows that can't be used
	AnyRange bool  // take numbers that no known range has, if they have a possible length
	Yes      bool  // don't ask
	DryRun   bool  // end after the plan: no request is sent
	Force    bool  // overwrite Results, and Rejects that no run wrote
	Again    bool  // call people whom another run has called: the file has changed since, or the parameters have
	NotMade  []int // parts whose outcome was unknown, and that somebody has checked not to exist: they are made again

	Invented bool // Results is overwritten if it has results: they were of a simulator

	Results string // FILE.results.csv beside File when empty
	Rejects string // FILE.rejects.csv beside File when empty; what a run wrote is overwritten

	Server   string // what tells one server's ledgers from another's: the base URL
	StateDir string // where the ledgers are; voiceagent/campaigns under os.UserConfigDir when empty
	Command  string // this command line, quoted for a shell
	Program  string // what the program is called, for commands in messages; "voiceagent" when empty

	// Client makes the client, with these options after the frame's own.
	Client   func(...voiceagent.ClientOption) (*voiceagent.Client, error)
	Ask      func(question string) (bool, error)
	Out      io.Writer // for people: the plan, the progress, the summary
	Terminal bool      // Out is a terminal
}

const (
	maxName = 100 // characters, documented
	maxStem = 70  // of them before what tells the contacts, and the part
)

// withDefaults fills in what wasn't chosen, and refuses what can't be.
func (o Options) withDefaults() (Options, error) {
	o.Program = cmp.Or(o.Program, "voiceagent")
	o.Region = strings.ToUpper(cmp.Or(o.Region, "IN"))
	switch {
	case o.File == "-":
		return o, badInput("contacts can't come from standard input: the file is read more than once, and running the command again must find it unchanged. " +
			"Put it in a file first")
	case strings.TrimSpace(o.Agent) == "":
		return o, badInput("no agent: give its id with --agent (%s agents list shows them)", o.Program)
	case strings.TrimSpace(o.From) == "":
		return o, badInput("no number to call from: give one with --from +91...")
	case len([]rune(o.Name)) > maxStem:
		return o, badInput("--name has %d characters, more than %d: what tells the contacts follows it, and the API takes %d", len([]rune(o.Name)), maxStem, maxName)
	case !knownRegion(o.Region):
		return o, badInput("--region %q is no country: two letters such as IN, AE or US", o.Region)
	case o.Concurrency < 0 || o.Concurrency > 50:
		return o, badInput("--concurrency %d is outside 1 to 50", o.Concurrency)
	}
	stem := strings.TrimSuffix(o.File, filepath.Ext(o.File))
	o.Results = cmp.Or(o.Results, stem+".results.csv")
	o.Rejects = cmp.Or(o.Rejects, stem+".rejects.csv")
	if err := o.apart(); err != nil {
		return o, err
	}
	if o.StateDir == "" {
		config, err := os.UserConfigDir()
		if err != nil {
			return o, badInput("there is no directory for the ledger, without which an interrupted run would call people twice: %v", err)
		}
		o.StateDir = filepath.Join(config, "voiceagent", "campaigns")
	}
	return o, nil
}
