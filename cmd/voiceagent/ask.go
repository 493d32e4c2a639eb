package main

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

// errRefused is a command that was not carried out because nobody said yes.
var errRefused = errors.New("nothing was done")

// errInterrupted is Ctrl-C in place of an answer.
var errInterrupted = errors.New("interrupted, nothing was done")

// confirm asks before a phone rings or something is lost. Without a person to ask it is an error that satisfies [errRefused].
func (p *program) confirm(ctx context.Context, question string) error {
	if p.yes || p.dryRun || p.sim {
		return nil
	}
	if !isTerminal(p.in) || !isTerminal(p.err) {
		return fmt.Errorf("%w: there is no terminal to ask on; repeat it with --yes if it is meant", errRefused) // the question has numbers in it
	}
	yes, err := p.ask(ctx, question)
	if err == nil && !yes {
		return fmt.Errorf("%w: the answer was no", errRefused)
	}
	return err
}

// ask puts a question to the person at the terminal. Whatever isn't a yes is a no.
func (p *program) ask(ctx context.Context, question string) (bool, error) {
	fmt.Fprintf(p.err, "%s [y/N] ", question)
	answer := make(chan string, 1)
	go func() { // a read from a terminal can't be called off: Ctrl-C leaves it to the end of the program
		line, err := bufio.NewReader(p.in).ReadString('\n')
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
		fmt.Fprintln(p.err)
		return false, fmt.Errorf("%w: %w", errInterrupted, ctx.Err())
	}
}

// isTerminal tells if a person is at the other end.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
