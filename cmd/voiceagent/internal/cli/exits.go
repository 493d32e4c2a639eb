package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
)

// Kind is how the program ends, as -o json calls it.
type Kind string

// Kinds that an error gets where it arises; see [As].
const (
	Usage          Kind = "usage"
	Authentication Kind = "authentication"
	NotConfirmed   Kind = "not_confirmed"
	OutcomeUnknown Kind = "outcome_unknown"
	Timeout        Kind = "timeout"
	Incomplete     Kind = "incomplete"
	Interrupted    Kind = "interrupted"
)

const validation Kind = "validation"

// As returns the error as one of this kind, whatever else it is.
func As(kind Kind, err error) error { return &kindError{err, kind} }

// Usagef makes an error of a command line that isn't right.
func Usagef(format string, args ...any) error { return As(Usage, fmt.Errorf(format, args...)) }

type kindError struct {
	error
	kind Kind
}

func (e *kindError) Unwrap() error { return e.error }

// Exit is a way in which the program can end.
type Exit struct {
	Code int
	Kind Kind
	When string
	is   func(error) bool // for errors without a kind of their own
}

// exits are the exit codes of errors. An error can match several: the first one counts.
var exits = []Exit{
	{16, Incomplete, "campaigns run: some campaigns could not be made, or it isn't known if they were; the error says how to go on", never},
	{2, Usage, "the command line, or a file that it names, can't be used; nothing was sent", never},
	{14, NotConfirmed, "nobody said yes, or nobody was there to ask (see --yes); nothing was done", never},
	{13, OutcomeUnknown, "the answer was lost: it may have been done, a phone may ring; look before you repeat it", isA(voiceagent.ErrOutcomeUnknown)},
	{130, Interrupted, "Ctrl-C, or the program was told to end", isA(context.Canceled)},
	{9, "quota", "the account is out of credits", is[*voiceagent.QuotaExceededError]},
	{3, Authentication, "401, there is no key, or its file may not be used", func(err error) bool {
		return is[*voiceagent.AuthenticationError](err) || errors.Is(err, voiceagent.ErrNoAPIKey)
	}},
	{4, "permission", "403: the key may not do this", is[*voiceagent.PermissionError]},
	{5, "not_found", "404: there is no such agent, call or campaign", is[*voiceagent.NotFoundError]},
	{8, "rate_limit", "429 that could not be waited out, or the wait would have been too long", is[*voiceagent.RateLimitError]},
	{6, "conflict", "409: the name is taken, or the state doesn't allow it", is[*voiceagent.ConflictError]},
	{7, validation, "400 or 422, or refused before it was sent: a value is missing or wrong", func(err error) bool {
		return is[*voiceagent.ValidationError](err) || is[*voiceagent.BadRequestError](err)
	}},
	{10, "server", "5xx, after the retries", is[*voiceagent.ServerError]},
	{15, Timeout, "--timeout was over", is[timeoutError]},
	{11, "connection", "no answer came; nothing was done, or it was safe to repeat", is[*voiceagent.ConnectionError]},
	{12, "unreadable", "the answer can't be read", is[*voiceagent.DecodeError]},
	{1, "other", "anything else", func(error) bool { return true }},
}

func never(error) bool { return false }

func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

func isA(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

// ExitOf returns how an error ends the program.
func ExitOf(err error) Exit {
	own, ok := errors.AsType[*kindError](err)
	for _, e := range exits {
		if ok && e.Kind == own.kind || !ok && e.is(err) {
			return e
		}
	}
	panic("the last row fits every error")
}

// Exits are all ways in which the program can end, by code.
func Exits() []Exit {
	return slices.SortedFunc(slices.Values(append([]Exit{{When: "it was done"}}, exits...)), func(a, b Exit) int { return cmp.Compare(a.Code, b.Code) })
}

// exitCodes is a page of help.
func exitCodes() *cobra.Command {
	var b strings.Builder
	b.WriteString("What the exit codes mean. With -o json an error has the code, and the word, too.\n\n")
	for _, e := range Exits() {
		fmt.Fprintf(&b, "%4d  %-16s %s\n", e.Code, e.Kind, e.When)
	}
	return &cobra.Command{Use: "exit-codes", Short: "What the exit codes mean", Long: b.String()}
}
