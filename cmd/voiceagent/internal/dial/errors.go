package dial

import (
	"fmt"
	"slices"
	"strings"

	"github.com/voiceagent-go/voiceagent"
)

// BadInput means that the file or the options can't be used. It says where, why, and how to go on.
type BadInput struct{ error } //nolint:errname // callers read dial.BadInput

// Unwrap returns the cause.
func (e *BadInput) Unwrap() error { return e.error }

func badInput(format string, args ...any) *BadInput { return &BadInput{fmt.Errorf(format, args...)} }

// Standing is how far a run came.
type Standing struct {
	Campaigns []Part // those that exist, or may, in the order of the file
	Missing   int    // contacts that are in no campaign, for certain
	Command   string // goes on with this run
}

// Interrupted means that the context ended, and unwraps to its cause. The campaigns go on at the
// vendor's.
type Interrupted struct { //nolint:errname // callers read dial.Interrupted
	Standing
	cause error  // of the end of the context
	ended bool   // all campaigns have: only the results are missing
	early string // what there is to say when no campaign was asked for; else ""
}

// Unwrap returns why the context ended: context.DeadlineExceeded where it was the time.
func (e *Interrupted) Unwrap() error { return e.cause }

// Error says what was done, and how to go on. It has several lines.
func (e *Interrupted) Error() string {
	if e.early != "" {
		return "Interrupted: " + e.early
	}
	return "Interrupted. " + e.goOn()
}

// goOn says what goes on without this program, and how to continue.
func (e *Interrupted) goOn() string {
	head := ""
	switch {
	case e.ended:
		head = "All campaigns have ended, but the results aren't written:\n"
	case len(e.Campaigns) > 0:
		goOn := "go on calling"
		if !slices.ContainsFunc(e.Campaigns, func(p Part) bool { return p.Status != voiceagent.CampaignScheduled }) {
			goOn = "will begin as scheduled"
		}
		head = "This program no longer watches. The campaigns " + goOn + " at the vendor's:\n"
	}
	return e.say(head, " yet", "")
}

// Incomplete means that some contacts are in no campaign, or that it isn't known if they are. It
// unwraps to the first cause.
type Incomplete struct { //nolint:errname // callers read dial.Incomplete
	Standing
	err error
}

// Unwrap returns why the first of the missing campaigns is missing.
func (e *Incomplete) Unwrap() error { return e.err }

// Error says what was done, what wasn't, and how to go on. It has several lines.
func (e *Incomplete) Error() string {
	var advice strings.Builder
	for _, p := range e.Campaigns {
		if p.Unknown {
			fmt.Fprintf(&advice, "Running it again looks for part %d once more. If voiceagent campaigns list doesn't show %q either, it wasn't made:\n  %s\n",
				p.Number, p.Name, withFlag(e.Command, fmt.Sprintf("--not-made %d", p.Number)))
		}
	}
	return e.say(fmt.Sprintf("Not all campaigns were made: %v\n", e.err), ", and are not called", advice.String())
}

// withFlag adds a flag to a command line: not at its end, as nothing is a flag after "--".
func withFlag(command, flag string) string {
	const name = " campaigns run"
	if before, after, found := strings.Cut(command, name); found {
		return before + name + " " + flag + after
	}
	return command + " " + flag
}

// word is an id as a shell takes it.
func word(id string) string {
	if id == fileName(id) {
		return id
	}
	return "'" + strings.ReplaceAll(shown(id), "'", `'\''`) + "'"
}

// endings are the commands that keep campaigns from calling, and whether one fits a campaign that
// is only scheduled.
var endings = []struct {
	verb, head string
	scheduled  bool
}{
	{"cancel", "To call them off before they begin:\n", true},
	{"pause", "To pause the calls:\n", false},
	{"stop", "To stop them for good:\n", false},
}

// say writes how far the run came: what there is, how to go on, and the commands that keep the
// campaigns from calling.
func (s *Standing) say(head, missing, advice string) string {
	var b strings.Builder
	b.WriteString(head)
	for _, p := range s.Campaigns {
		switch {
		case p.ID != "":
			fmt.Fprintf(&b, "  %s: %s, %s, %s\n", shown(p.ID), p.Name, count(p.Contacts, "contact"), shown(p.Status))
		case p.Unknown:
			fmt.Fprintf(&b, "  unknown: %s, %s: the answer was lost, so it may be calling\n", p.Name, count(p.Contacts, "contact"))
		}
	}
	if s.Missing > 0 {
		fmt.Fprintf(&b, "%s are in no campaign%s.\n", count(s.Missing, "contact"), missing)
	}
	fmt.Fprintf(&b, "To go on where it stopped (nobody is called a second time):\n  %s\n%s", s.Command, advice)
	for _, ending := range endings {
		head := ending.head
		for _, p := range s.Campaigns {
			if p.ID != "" && !p.Status.Terminal() && ending.scheduled == (p.Status == voiceagent.CampaignScheduled) {
				fmt.Fprintf(&b, "%s  voiceagent campaigns %s %s\n", head, ending.verb, word(p.ID))
				head = ""
			}
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}
