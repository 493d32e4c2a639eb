// Package cli is what all commands of the program voiceagent share: the flags, the key and the
// client that they make, the output, the questions, and how an error is reported.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// Program is one run of the command line.
type Program struct {
	Args     []string // without the program's name
	In       io.Reader
	Out, Err io.Writer
	Env      func(string) string

	// Flags that commands look at.
	Output   Format
	DryRun   bool
	Simulate bool
	Yes      bool
	Verbose  bool

	// Flags of the client.
	keyFile        string
	baseURL        string
	timeout        time.Duration
	attemptTimeout time.Duration
	retries        int

	keyFrom   string                 // what the key comes from, as an error says it
	foundKey  func() (string, error) // nil until the key is wanted
	running   bool                   // the command line was right, and its command has begun
	simulator *voiceagenttest.Server // of --simulate
	closers   []func() error
	secrets   []string // what --dry-run doesn't show
}

// AtEnd has a function called when the command has ended.
func (p *Program) AtEnd(do func() error) { p.closers = append(p.closers, do) }

// Hide keeps a secret out of what --dry-run shows.
func (p *Program) Hide(secret string) { p.secrets = append(p.secrets, secret) }

// Run runs the command that the arguments name, reports its error, and returns the exit code.
func (p *Program) Run(ctx context.Context, root *cobra.Command) int {
	root.SetArgs(p.Args)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !p.running {
		err = missingFlags(cmd, err)
	}
	for _, closing := range p.closers {
		err = errors.Join(err, closing())
	}
	return p.report(err)
}

// Root makes the command above all others, with the flags that they share.
func (p *Program) Root(version string, commands ...*cobra.Command) *cobra.Command {
	root := &cobra.Command{
		Use:   "voiceagent",
		Short: "Work with the voice agents, calls and campaigns of a Levrage.AI account",
		Long: `Work with the voice agents, calls and campaigns of a Levrage.AI account.

The API key comes from VOICEAGENT_API_KEY, or from a file that only you can read: the one that
--key-file or VOICEAGENT_API_KEY_FILE names, else voiceagent/key in your configuration directory.

With --simulate nothing leaves this machine and no key is needed; with --dry-run a command shows
the request that it would send. What the exit codes mean: voiceagent help exit-codes`,
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
	}
	root.SetIn(p.In)
	root.SetOut(p.Out)
	root.SetErr(p.Err)
	root.SetFlagErrorFunc(flagError)
	p.fitHelp(root)

	p.Output = Table
	flags := root.PersistentFlags()
	flags.VarP(&p.Output, "output", "o", "table for people; json (one object a line) and csv for programs")
	flags.BoolVar(&p.DryRun, "dry-run", false, "show the request that would be sent, and send nothing")
	flags.BoolVar(&p.Simulate, "simulate", false, "use a simulator inside this program: no key, no network, no phone rings")
	flags.BoolVarP(&p.Yes, "yes", "y", false, "don't ask before a phone rings or something is removed")
	Text(flags, &p.keyFile, "key-file", "", "the file with the API key; its mode must be 0600")
	Text(flags, &p.baseURL, "base-url", "", "where the API is (default $VOICEAGENT_BASE_URL, else https://api.levrage.ai/v1)")
	flags.DurationVar(&p.timeout, "timeout", 0, "how long the command may take in all, like 30s; 0 is no limit")
	flags.DurationVar(&p.attemptTimeout, "attempt-timeout", 30*time.Second, "how long each try of a request may take")
	flags.IntVar(&p.retries, "retries", 3, "how often a request is tried again, where that is safe")
	flags.BoolVarP(&p.Verbose, "verbose", "v", false, "log each request to stderr, without keys, numbers and bodies")
	Complete(root, "output", formats...)

	root.AddCommand(commands...)
	root.AddCommand(exitCodes())
	p.prepare(root)
	return root
}

// prepare walks the tree. It notes when a command begins to run, as an error before that is a usage
// error, and gives the command the time that --timeout allows. A command that only has subcommands
// refuses everything else, where cobra would show its help.
func (p *Program) prepare(cmd *cobra.Command) {
	for _, below := range cmd.Commands() {
		p.prepare(below)
	}
	inner := cmd.RunE
	if cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	switch {
	case inner != nil:
	case cmd.HasSubCommands():
		cmd.Args = knownSubcommand
		inner = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	default: // a page of help
		return
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		p.running = true
		if p.timeout <= 0 {
			return inner(cmd, args)
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), p.timeout)
		defer cancel()
		cmd.SetContext(ctx)
		err := inner(cmd, args)
		over := errors.Is(err, context.DeadlineExceeded) // or a single attempt's time was
		if over && (ctx.Err() != nil || stopReason(err) == voiceagent.StopDeadline) {
			err = timeoutError{err, p.timeout}
		}
		return err
	}
}

// timeoutError is the end of --timeout.
type timeoutError struct {
	error
	after time.Duration
}

func (e timeoutError) Error() string {
	return fmt.Sprintf("%v (--timeout %v was over)", e.error, e.after)
}

func (e timeoutError) Unwrap() error { return e.error }
