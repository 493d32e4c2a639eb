package dial

import (
	"cmp"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/voiceagent-go/voiceagent"
)

// Options are the settings of a run, and what the program provides. File, the agent and the source
// number of Campaign, Client and Out are required, and Ask unless Yes is set.
type Options struct {
	File   string // the CSV file; it is read more than once, so standard input is refused
	Region string // of numbers without a country code, such as "IN"; that of Campaign.From when empty, or else IN
	Comma  rune   // when 0, a comma, a semicolon, a tab or a bar: what the first line has most of

	// Campaign is what all campaigns have in common, without contacts. Its Name comes before the part
	// that identifies the contacts; it is the file's when empty. PhoneColumn is the one column that
	// looks like it when empty. ScheduleAt is a fixed time: with another one the same command isn't
	// the same run. MaxConcurrentCalls is that of all campaigns together, which divide it.
	Campaign voiceagent.CampaignCreateParams

	Exclude  []string // files with numbers that aren't called; see [ReadExcluded]
	SkipBad  bool     // go on without the rows that can't be used
	AnyRange bool     // take numbers that no known range has, if they have a possible length
	Yes      bool     // don't ask
	DryRun   bool     // end after the plan: no request is sent
	Force    bool     // overwrite Results, and Rejects that no run wrote
	Again    bool     // call people whom another run has called: the file has changed since, or the parameters have
	NotMade  []int    // parts whose outcome was unknown, and that somebody has checked not to exist: they are made again

	Invented bool // Results is overwritten if it has results: they were of a simulator

	Results string // FILE.results.csv beside File when empty
	Rejects string // FILE.rejects.csv beside File when empty; what a run wrote is overwritten

	Transcripts string // the directory for a file of each call with a transcript; none when empty

	Account  string // for people: where the requests go, and with which key; Server when empty
	Server   string // keeps the ledgers of servers apart: the base URL
	StateDir string // where the ledgers are; voiceagent/campaigns under os.UserConfigDir when empty
	Command  string // this command line, quoted for a shell

	// Client makes the client, with these options after the frame's own.
	Client func(...voiceagent.ClientOption) (*voiceagent.Client, error)
	// Check returns what the library has against a campaign that it would be asked to make; nil checks
	// nothing before the campaign is made.
	Check    func(voiceagent.CampaignCreateParams) error
	Ask      func(question string) error // returns nil for a yes
	Out      io.Writer                   // for people: the plan, the progress, the summary
	Terminal bool                        // Out is a terminal
	Width    func() int                  // of the terminal, in columns; 0 if it doesn't say
	Words    func(string) string         // says an error in the program's words; as it is when nil
}

// words says an error, or a text with one in it, in the program's words.
func (o Options) words(text string) string {
	if o.Words == nil {
		return text
	}
	return o.Words(text)
}

// maxStem is how many characters of a name come before the suffixes for the contacts and the part.
const maxStem = 70

// withDefaults fills in what wasn't chosen, and refuses what can't be.
func (o Options) withDefaults() (Options, error) {
	switch {
	case o.File == "-":
		return o, badInput("contacts can't come from standard input: the file is read more than once, and running the command again must find it unchanged. " +
			"Put it in a file first")
	case strings.TrimSpace(o.Campaign.AgentID) == "":
		return o, badInput("no agent: give its id with --agent (voiceagent agents list shows them)")
	case strings.TrimSpace(o.Campaign.From) == "":
		return o, badInput("no number to call from: give one with --from +91...")
	case len([]rune(o.Campaign.Name)) > maxStem:
		return o, badInput("--name has %d characters, more than %d: what tells the contacts follows it, and the API takes 100", len([]rune(o.Campaign.Name)), maxStem)
	case o.Campaign.MaxConcurrentCalls < 0:
		return o, badInput("--concurrency %d is below 1", o.Campaign.MaxConcurrentCalls)
	}
	if o.Width == nil {
		o.Width = func() int { return 0 }
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
