package dial

import (
	"errors"
	"fmt"
	"strings"
)

// BadInput means that the file or the options can't be used. Message says where, why, and how to go on.
type BadInput struct { //nolint:errname // callers read dial.BadInput
	Message string
	err     error
}

// Error implements error.
func (e *BadInput) Error() string { return e.Message }

// Unwrap returns the cause; nil when there is none.
func (e *BadInput) Unwrap() error { return e.err }

func badInput(format string, args ...any) *BadInput {
	err := fmt.Errorf(format, args...)
	return &BadInput{Message: err.Error(), err: errors.Unwrap(err)}
}

// ErrDeclined means that the question whether to call was answered with no. This run of the command sent nothing.
var ErrDeclined = errors.New("not confirmed")

// Interrupted means that the context ended, and unwraps to its cause. The campaigns go on at the vendor's.
type Interrupted struct { //nolint:errname // callers read dial.Interrupted
	Campaigns []Part // those that exist, or may
	Missing   int    // contacts that are in no campaign yet
	Command   string // goes on with this run

	program string
	cause   error  // of the end of the context
	ended   bool   // all campaigns have: only the results are missing
	early   string // what there is to say when no campaign was asked for; else ""
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

// goOn tells what goes on without this program, and how to go on with it.
func (e *Interrupted) goOn() string {
	var b strings.Builder
	switch {
	case e.ended:
		b.WriteString("All campaigns have ended, but the results aren't written:\n")
	case len(e.Campaigns) > 0:
		b.WriteString("This program no longer watches. The campaigns go on calling at the vendor's:\n")
	}
	writeParts(&b, e.Campaigns)
	if e.Missing > 0 {
		fmt.Fprintf(&b, "%s are in no campaign yet.\n", count(e.Missing, "contact"))
	}
	fmt.Fprintf(&b, "To go on where it stopped (nobody is called a second time):\n  %s\n", e.Command)
	if !e.ended {
		writeActions(&b, e.program, e.Campaigns)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Incomplete means that some contacts are in no campaign, or that it isn't known if they are. It unwraps to the first cause.
type Incomplete struct { //nolint:errname // callers read dial.Incomplete
	Campaigns []Part // in the order of the file, as far as they were asked for
	Missing   int    // contacts that are in no campaign, for certain
	Command   string // goes on with this run

	program string
	err     error
}

// Unwrap returns why the first of the missing campaigns is missing.
func (e *Incomplete) Unwrap() error { return e.err }

// Error says what was done, what wasn't, and how to go on. It has several lines.
func (e *Incomplete) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Not all campaigns were made: %v\n", e.err)
	writeParts(&b, e.Campaigns)
	if e.Missing > 0 {
		fmt.Fprintf(&b, "%s are in no campaign, and are not called.\n", count(e.Missing, "contact"))
	}
	fmt.Fprintf(&b, "To go on where it stopped (nobody is called a second time):\n  %s\n", e.Command)
	for _, p := range e.Campaigns {
		if p.Unknown {
			fmt.Fprintf(&b, "Running it again looks for part %d once more. If %s campaigns list doesn't show %q either, it wasn't made:\n  %s\n",
				p.Number, e.program, p.Name, withFlag(e.Command, fmt.Sprintf("--not-made %d", p.Number)))
		}
	}
	writeActions(&b, e.program, e.Campaigns)
	return strings.TrimSuffix(b.String(), "\n")
}

// withFlag adds a flag to a command line: not at its end, as nothing is a flag after "--".
func withFlag(command, flag string) string {
	const name = " campaigns run"
	if before, after, found := strings.Cut(command, name); found {
		return before + name + " " + flag + after
	}
	return command + " " + flag
}

func writeParts(b *strings.Builder, parts []Part) {
	for _, p := range parts {
		switch {
		case p.ID != "":
			fmt.Fprintf(b, "  %s: %s, %s, %s\n", p.ID, p.Name, count(p.Contacts, "contact"), p.Status)
		case p.Unknown:
			fmt.Fprintf(b, "  unknown: %s, %s: the answer was lost, so it may be calling\n", p.Name, count(p.Contacts, "contact"))
		}
	}
}

// writeActions tells the commands that pause and stop what still runs.
func writeActions(b *strings.Builder, program string, parts []Part) {
	for _, verb := range []string{"pause", "stop"} {
		first := true
		for _, p := range parts {
			if p.ID == "" || p.Status.Terminal() {
				continue
			}
			if first {
				b.WriteString(map[string]string{"pause": "To pause the calls:\n", "stop": "To stop them for good:\n"}[verb])
				first = false
			}
			fmt.Fprintf(b, "  %s campaigns %s %s\n", program, verb, p.ID)
		}
	}
}
