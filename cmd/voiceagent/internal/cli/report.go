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
		_ = WriteJSON(p.Err, map[string]any{"error": describe(err, how)}) // there is nowhere else to report it
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
	Field   string `json:"field"`
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

// asFlags says in this program's words what the library says to those who write Go.
var asFlags = strings.NewReplacer(
	"WithAttemptTimeout", "--attempt-timeout",
	"WithBaseURL", "--base-url",
	"the key goes into WithAPIKey", "the key goes into VOICEAGENT_API_KEY, or a file",
	"WithMaxRetries", "--retries",
	": use https, or WithInsecureHTTP", ": use https",
	"which is beyond the context's deadline; context deadline exceeded", "which is beyond the time left",
	"context deadline exceeded", "the time was over",
	"context canceled", "it was interrupted",
	"share one Client between goroutines so that it can keep to the limit", "run fewer commands at a time",
	" is missing or the JSON is malformed: see Fields and Body", " is missing, or the JSON is malformed",
	" that the API refuses: see Fields", " that the API refuses",
)

// describe collects what an error knows, whichever type it has.
func describe(err error, how Exit) described {
	d := described{Kind: how.Kind, ExitCode: how.Code, Message: asFlags.Replace(keyLike.ReplaceAllString(err.Error(), "lev_...REDACTED"))}
	if api, ok := errors.AsType[*voiceagent.APIError](err); ok {
		d.RequestID, d.Hint, d.Status, d.Code = api.RequestID, asFlags.Replace(api.Hint()), api.StatusCode, string(api.Code)
		d.Attempts = len(api.Attempts)
		for _, f := range api.Fields {
			d.Fields = append(d.Fields, field(f))
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

// explain writes for a person what happened, where, and what to do.
func (p *Program) explain(err error, how Exit) {
	d := describe(err, how)
	message := strings.TrimPrefix(d.Message, "voiceagent: ")
	if d.Hint != "" {
		message = strings.Replace(message, "; "+d.Hint, "", 1) // it gets a line of its own
	}
	p.complain("Error: ", message)
	for _, field := range d.Fields {
		if !strings.Contains(message, field.Message) {
			p.complain("  ", strings.TrimPrefix(field.Field+": "+field.Message, ": "))
		}
	}
	if d.RequestID != "" && !strings.Contains(message, d.RequestID) {
		p.complain("Request id: ", d.RequestID)
	}
	if d.Hint != "" {
		p.complain("Hint: ", d.Hint)
	}
	if !d.RetryAt.IsZero() {
		p.complain("Try again after: ", d.RetryAt.Format(time.RFC3339))
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
