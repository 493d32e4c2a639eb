// Package commands has the commands of the program voiceagent: a file for each noun, with its verbs
// and their flags.
package commands

import (
	"context"
	"io"
	"iter"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
)

// Main is the whole program: it returns the exit code.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	return run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv)
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env func(string) string) int {
	p := &cli.Program{Args: args, In: stdin, Out: stdout, Err: stderr, Env: env}
	return p.Run(ctx, root(p))
}

// root is the tree of all commands.
func root(p *cli.Program) *cobra.Command {
	return p.Root(thisBuild().Version,
		agents(p), calls(p), campaigns(p), voices(p), languages(p), industries(p), health(p), limits(p), listen(p), doctorCommand(p), version(p))
}

// withClient makes a command do something with a client.
func withClient(p *cli.Program, do func(context.Context, *voiceagent.Client, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		client, err := p.Client("")
		if err != nil {
			return err
		}
		return do(cmd.Context(), client, args)
	}
}

// listOf writes a list as its flags say. With the simulator, the given agent exists.
func listOf[T any](p *cli.Program, flags *cli.ListFlags, agent string, columns []cli.Column[T], all func(*voiceagent.Client, cli.Page) iter.Seq2[T, error]) error {
	page, err := flags.Page(p)
	if err != nil {
		return err
	}
	client, err := p.Client(agent)
	if err != nil {
		return err
	}
	return cli.List(p, all(client, page), page.Limit, columns)
}
