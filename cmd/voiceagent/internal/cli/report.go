package cli

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent"
)

// report writes an error to stderr, and returns the exit code.
func (p *Program) report(err error) int {
	switch {
	case err == nil, errors.Is(err, errDryRun):
		return 0
	case !p.running:
		err = As(Usage, err)
	}
	how := ExitOf(err)
	if p.Output == JSON {
		_ = WriteJSON(p.Err, map[string]any{"error": p.describe(err, how)}) // there is nowhere else to report it
		return how.Code
	}
	p.explain(err, how)
	return how.Code
}

// described is an error as -o json shows it.
type described struct {
	Kind      Kind      `json:"kind"`
	ExitCode  int       `json:"exit_code"`
	Message   string    `json:"message"`
	RequestID string    `json:"request_id"` // "" when no answer came
	Hint      string    `json:"hint,omitempty"`
	Status    int       `json:"status,omitzero"`
	Code      string    `json:"code,omitempty"`
	Fields    []field   `json:"fields,omitempty"`
	Attempts  int       `json:"attempts,omitzero"`
	RetryAt   time.Time `json:"retry_at,omitzero"`
	Unknown   *unknown  `json:"outcome_unknown,omitempty"`
}

// field is a complaint about one field of a request.
type field struct {
	Field   string `json:"field"`          // as the API spells it
	Flag    string `json:"flag,omitempty"` // that sets it, or the argument
	Message string `json:"message"`
}

// unknown is what has to be looked at before a command is repeated.
type unknown struct {
	Warning        string    `json:"warning"`
	Subject        string    `json:"subject,omitempty"`
	FirstSent      time.Time `json:"first_sent,omitzero"`
	IdempotencyKey string    `json:"idempotency_key,omitempty"`
	Request        string    `json:"request,omitempty"`
	Command        string    `json:"command,omitempty"`
}

const dontRepeat = "DO NOT REPEAT THIS COMMAND before you have looked: it may have been done, and doing it again may ring a phone twice"

// keyLike finds a key that somebody typed where it doesn't belong.
var keyLike = regexp.MustCompile(`lev_[0-9A-Za-z_-]{4,}`)

// stopReason is why the library didn't try again.
func stopReason(err error) voiceagent.StopReason {
	if e, ok := errors.AsType[*voiceagent.APIError](err); ok {
		return e.StopReason
	}
	if e, ok := errors.AsType[*voiceagent.ConnectionError](err); ok {
		return e.StopReason
	}
	if e, ok := errors.AsType[*voiceagent.DecodeError](err); ok {
		return e.StopReason
	}
	return ""
}

// describe collects what an error knows, whichever type it has.
func (p *Program) describe(err error, how Exit) described {
	d := described{Kind: how.Kind, ExitCode: how.Code, Message: p.Plain(err.Error())}
	if api, ok := errors.AsType[*voiceagent.APIError](err); ok {
		d.RequestID, d.Hint, d.Status, d.Code = api.RequestID, p.Plain(api.Hint()), api.StatusCode, string(api.Code)
		d.Attempts, d.Fields = len(api.Attempts), p.fieldsOf(api)
		if isRefusal(d) { // it counts the complaints: here are all of them
			d.Message = p.Plain(strings.Replace(err.Error(), api.Error(), refusedBefore+list(d.Fields), 1))
		}
	}
	if decode, ok := errors.AsType[*voiceagent.DecodeError](err); ok {
		d.RequestID, d.Status, d.Attempts = decode.RequestID, decode.StatusCode, len(decode.Attempts)
	}
	if connection, ok := errors.AsType[*voiceagent.ConnectionError](err); ok {
		d.Attempts = len(connection.Attempts)
		for _, a := range slices.Backward(connection.Attempts) { // an earlier one may have been answered
			d.RequestID = cmp.Or(d.RequestID, a.RequestID)
		}
	}
	if limit, ok := errors.AsType[*voiceagent.RateLimitError](err); ok {
		d.RetryAt = limit.RetryAt
	}
	if lost, ok := errors.AsType[*voiceagent.OutcomeUnknownError](err); ok && how.Kind == OutcomeUnknown {
		d.Unknown = &unknown{dontRepeat, lost.Subject, lost.FirstSent, lost.IdempotencyKey, lost.Check, checkCommand(lost)}
		d.Hint = "" // what the last status advises would lead astray
	}
	return d
}

const refusedBefore = "refused before sending: "

// isRefusal reports whether the library found something wrong with the fields of a request, and
// didn't send it.
func isRefusal(d described) bool { return d.Status == 0 && d.Kind == validation && len(d.Fields) > 0 }

// list has all complaints in one line.
func list(fields []field) string {
	lines := make([]string, len(fields))
	for i, f := range fields {
		lines[i] = f.String()
	}
	return strings.Join(lines, "; ")
}

// explain writes for a person what happened, where, and what to do.
func (p *Program) explain(err error, how Exit) {
	d := p.describe(err, how)
	message := strings.TrimPrefix(d.Message, "voiceagent: ")
	if d.Hint != "" {
		message = strings.Replace(message, "; "+d.Hint, "", 1) // it gets a line of its own
	}
	if all := list(d.Fields); isRefusal(d) && len(d.Fields) > 1 { // one on each line
		message = strings.Replace(message, " "+all, "", 1)
	}
	p.complain("Error: ", message)
	for _, field := range d.Fields {
		if !strings.Contains(message, field.Message) || field.Flag != "" && !strings.Contains(message, field.String()) {
			p.complain("  ", Printable(field.String())) // on one line, as the API may have said it
		}
	}
	if d.RequestID != "" && !strings.Contains(message, d.RequestID) {
		p.complain("Request id: ", Printable(d.RequestID))
	}
	if d.Hint != "" {
		p.complain("Hint: ", d.Hint)
	}
	if !d.RetryAt.IsZero() {
		p.complain("Try again after: ", Local(d.RetryAt.Format(time.RFC3339)))
	}
	if u := d.Unknown; u != nil {
		p.complain("", "\n"+dontRepeat+".")
		if u.Command != "" {
			p.complain("Look with: ", u.Command)
		}
		p.complain("Repeat it only if it isn't there some minutes later either.", "")
	}
}

// Note is something that a command says besides its result.
type Note struct {
	Warning  string    `json:"warning,omitempty"`
	Text     string    `json:"note,omitempty"`
	Replayed bool      `json:"replayed,omitzero"`
	PlacedAt time.Time `json:"placed_at,omitzero"` // of what is replayed
}

// Notice writes a note to stderr.
func (p *Program) Notice(note Note) {
	switch {
	case p.Output == JSON:
		_ = WriteJSON(p.Err, note) // there is nowhere else to report it
	case note.Warning != "":
		p.complain("Warning: ", note.Warning)
	default:
		p.complain("", note.Text)
	}
}

// complain writes to stderr. An error of several lines is this program's own text, which puts texts
// of others on one line.
func (p *Program) complain(label, text string) {
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			label = ""
		}
		fmt.Fprintln(p.Err, label+Printable(line))
	}
}

// checkCommand is the command for the request that would show what became of a lost one.
func checkCommand(lost *voiceagent.OutcomeUnknownError) string {
	switch lost.Route {
	case "/calls", "/campaigns", "/agents":
	default:
		return ""
	}
	words := []string{"voiceagent", lost.Route[1:], "list"}
	for _, flag := range []struct{ key, name string }{{"agent_id", "--agent"}, {"from_date", "--since"}} {
		if value := lost.Query.Get(flag.key); value != "" {
			words = append(words, flag.name, Quoted(value))
		}
	}
	return strings.Join(words, " ")
}
