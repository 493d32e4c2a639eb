package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Confirm asks before a phone rings or something is deleted. Its error is of the kind
// [NotConfirmed] if nobody says yes.
func (p *Program) Confirm(ctx context.Context, question string) error {
	if p.Yes || p.DryRun || p.Simulate {
		return nil
	}
	if !IsTerminal(p.In) || !IsTerminal(p.Err) {
		// The error doesn't quote the question, which has numbers in it.
		return As(NotConfirmed, errors.New("nothing was done: there is no terminal to ask on; repeat it with --yes if it is meant"))
	}
	yes, err := p.ask(ctx, question)
	if err == nil && !yes {
		return As(NotConfirmed, errors.New("nothing was done: the answer was no"))
	}
	return err
}

// ask puts a question to the person at the terminal. Whatever isn't a yes is a no.
func (p *Program) ask(ctx context.Context, question string) (bool, error) {
	fmt.Fprint(p.Err, p.fitted(question+" [y/N]")+" ")
	answer := make(chan string, 1)
	go func() { // a read from a terminal can't be called off: Ctrl-C leaves it to the end of the program
		line, err := bufio.NewReader(p.In).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			line = ""
		}
		answer <- line
	}()
	select {
	case line := <-answer:
		line = strings.ToLower(strings.TrimSpace(line))
		return line == "y" || line == "yes", nil
	case <-ctx.Done():
		fmt.Fprintln(p.Err)
		return false, fmt.Errorf("interrupted, nothing was done: %w", ctx.Err())
	}
}

// fitted breaks the lines of a text between words, so that they fit the terminal.
func (p *Program) fitted(lines string) string {
	width := WidthOf(p.Err)
	if width <= 0 {
		return lines
	}
	var fitting []string
	for line := range strings.SplitSeq(lines, "\n") {
		fitting = append(fitting, wrapped(line, width)...)
	}
	return strings.Join(fitting, "\n")
}

// IsTerminal reports whether a person is at the other end.
func IsTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// WidthOf is how many columns a terminal has; 0 if it is none, or doesn't say.
func WidthOf(stream any) int {
	if !IsTerminal(stream) {
		return 0
	}
	width, _, _ := term.GetSize(int(stream.(*os.File).Fd())) // 0 with an error
	return width
}
