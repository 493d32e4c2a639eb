package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
)

// exit is a way in which the program can end.
type exit struct {
	code int
	kind string // as -o json calls it
	when string
	is   func(error) bool
}

// exits are the ways to end with an error. An error can be several at once: the first that fits counts.
var exits = []exit{
	{15, "timeout", "", func(err error) bool { return is[*dial.Interrupted](err) && errors.Is(err, context.DeadlineExceeded) }},
	{130, "interrupted", "Ctrl-C, or the program was told to end", is[*dial.Interrupted]},
	{16, "incomplete", "campaigns run: some campaigns could not be made, or it isn't known if they were; the error says how to go on", is[*dial.Incomplete]},
	{2, "usage", "the command line, or a file that it names, can't be used; nothing was sent", any2(is[usageError], is[*dial.BadInput])},
	{14, "not_confirmed", "nobody said yes, or nobody was there to ask (see --yes); nothing was done", any2(isA(errRefused), isA(dial.ErrDeclined))},
	{13, "outcome_unknown", "the answer was lost: it may have been done, a phone may ring; look before you repeat it", isA(voiceagent.ErrOutcomeUnknown)},
	{130, "interrupted", "", isA(context.Canceled)},
	{9, "quota", "the account is out of credits", is[*voiceagent.QuotaExceededError]},
	{3, "authentication", "401, there is no key, or its file may not be used", any2(is[*voiceagent.AuthenticationError], any2(isA(voiceagent.ErrNoAPIKey), is[*keyFileError]))},
	{4, "permission", "403: the key may not do this", is[*voiceagent.PermissionError]},
	{5, "not_found", "404: there is no such agent, call or campaign", is[*voiceagent.NotFoundError]},
	{8, "rate_limit", "429 that could not be waited out, or the wait would have been too long", is[*voiceagent.RateLimitError]},
	{6, "conflict", "409: the name is taken, or the state doesn't allow it", is[*voiceagent.ConflictError]},
	{7, "validation", "400 or 422, or refused before it was sent: a value is missing or wrong", any2(is[*voiceagent.ValidationError], is[*voiceagent.BadRequestError])},
	{10, "server", "5xx, after the retries", is[*voiceagent.ServerError]},
	{15, "timeout", "--timeout was over", is[timeoutError]},
	{11, "connection", "no answer came; nothing was done, or it was safe to repeat", is[*voiceagent.ConnectionError]},
	{12, "unreadable", "the answer can't be read", is[*voiceagent.DecodeError]},
	{1, "other", "anything else", func(error) bool { return true }},
}

func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

func isA(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func any2(one, other func(error) bool) func(error) bool {
	return func(err error) bool { return one(err) || other(err) }
}

// exitOf returns how an error ends the program.
func exitOf(err error) exit {
	for _, e := range exits {
		if e.is(err) {
			return e
		}
	}
	panic("the last row fits every error")
}

// documentedExits are the rows of the table, by code.
func documentedExits() []exit {
	rows := []exit{{code: 0, kind: "", when: "it was done"}}
	for _, e := range exits {
		if e.when != "" {
			rows = append(rows, e)
		}
	}
	slices.SortFunc(rows, func(a, b exit) int { return cmp.Compare(a.code, b.code) })
	return rows
}

// exitCodes is a page of help.
func exitCodes() *cobra.Command {
	var b strings.Builder
	b.WriteString("What the exit codes mean. With -o json an error has the code, and the word, too.\n\n")
	for _, e := range documentedExits() {
		fmt.Fprintf(&b, "%4d  %-16s %s\n", e.code, e.kind, e.when)
	}
	return &cobra.Command{Use: "exit-codes", Short: "What the exit codes mean", Long: b.String()}
}
