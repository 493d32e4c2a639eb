package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent"
)

// report tells of an error on stderr, and returns the exit code.
func (p *program) report(err error) int {
	switch {
	case err == nil, errors.Is(err, errDryRun):
		return 0
	case !p.running:
		err = usageError{err}
	}
	how := exitOf(err)
	if p.output == formatJSON {
		_ = writeJSON(p.err, map[string]any{"error": describe(err, how)}) // there is nowhere else to tell
		return how.code
	}
	p.explain(err, how)
	return how.code
}

// described is an error as -o json shows it.
type described struct {
	Kind      string    `json:"kind"`
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

// beyondDeadline is how the library says that it didn't wait, as it can't be waited for until the time is over.
const beyondDeadline = "which is beyond the context's deadline"

// asFlags says in this program's words what the library says to those who write Go.
var asFlags = strings.NewReplacer(
	"WithAttemptTimeout", "--attempt-timeout",
	"WithBaseURL", "--base-url",
	"the key goes into WithAPIKey", "the key goes into VOICEAGENT_API_KEY, or a file",
	"WithMaxRetries", "--retries",
	": use https, or WithInsecureHTTP", ": use https",
	beyondDeadline+"; context deadline exceeded", "which is beyond the time left",
	"context deadline exceeded", "the time was over",
	"context canceled", "it was interrupted",
	"share one Client between goroutines so that it can keep to the limit", "run fewer commands at a time",
	" is missing or the JSON is malformed: see Fields and Body", " is missing, or the JSON is malformed",
	" that the API refuses: see Fields", " that the API refuses",
)

// describe collects what an error knows, whichever type it has.
func describe(err error, how exit) described {
	d := described{Kind: how.kind, ExitCode: how.code, Message: asFlags.Replace(keyLike.ReplaceAllString(err.Error(), "lev_...REDACTED"))}
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
	if lost, ok := errors.AsType[*voiceagent.OutcomeUnknownError](err); ok && how.kind == "outcome_unknown" {
		d.Unknown = &unknown{dontRepeat, lost.Subject, lost.FirstSent, lost.IdempotencyKey, lost.Check, checkCommand(lost.Check)}
		d.Hint = "" // what the last status advises would lead astray
	}
	return d
}

// explain tells a person: what happened, where, and what to do.
func (p *program) explain(err error, how exit) {
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

// complain writes to stderr. An error of several lines is this program's own text, which names what other people wrote in one line.
func (p *program) complain(label, text string) {
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			label = ""
		}
		fmt.Fprintln(p.err, label+printable(line))
	}
}

// checkCommand is the command for "GET /calls?agent_id=ag_1&from_date=...", the request that would show what became of a lost one.
func checkCommand(check string) string {
	target, err := url.Parse(strings.TrimPrefix(check, "GET "))
	if err != nil {
		return ""
	}
	query := target.Query()
	var words []string
	for _, flag := range []struct{ key, name string }{{"agent_id", "--agent"}, {"from_date", "--since"}} {
		if value := query.Get(flag.key); value != "" {
			words = append(words, flag.name, quoted(value))
		}
	}
	switch target.Path {
	case "/calls", "/campaigns", "/agents":
		return strings.Join(append([]string{"voiceagent", target.Path[1:], "list"}, words...), " ")
	}
	return ""
}
