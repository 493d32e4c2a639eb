package cli

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// aKeyFlag matches what people try when they want to give the key as an argument.
var aKeyFlag = regexp.MustCompile(`^(api-?)?(key|token|secret)$`)

// flagError turns the errors of flags into usage errors. pflag's texts show a flag's name, and its
// value only if it knows the flag.
func flagError(cmd *cobra.Command, err error) error {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok && aKeyFlag.MatchString(unknown.GetSpecifiedName()) {
		return Usagef("a key is never taken from the command line, where the list of processes and the shell's history show it: "+
			"set %s, or write it to a file that only you can read (--key-file)", keyVariable)
	}
	return Usagef("%w; see %s --help", err, cmd.CommandPath())
}

// fitHelp breaks the lines of the help between words where the terminal is narrower than they are.
func (p *Program) fitHelp(root *cobra.Command) {
	write := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		width := WidthOf(p.Out)
		if width <= 0 {
			write(cmd, args)
			return
		}
		var whole strings.Builder
		root.SetOut(&whole)
		write(cmd, args)
		root.SetOut(p.Out)
		for line := range strings.Lines(whole.String()) {
			fmt.Fprintln(p.Out, strings.Join(hanging(strings.TrimSuffix(line, "\n"), width), "\n"))
		}
	})
}

// columnStart matches what comes before the text of a flag or a command in a list of them.
var columnStart = regexp.MustCompile(`^ +\S.*?  +`)

// hanging cuts a line of help. What doesn't fit begins below the text of the flag, or further to
// the left where that leaves no room. A command to be copied stays whole.
func hanging(line string, width int) []string {
	head := columnStart.FindString(line)
	if head == "" {
		if strings.HasPrefix(strings.TrimLeft(line, " "), "voiceagent ") {
			return []string{line}
		}
		return wrapped(line, width)
	}
	indent := len(head)
	const room = 30 // columns that a text needs
	narrow := indent+room > width
	if narrow {
		indent = len("      --")
	}
	lines := wrapped(line[len(head):], max(width-indent, 1))
	for i := range lines {
		lines[i] = strings.Repeat(" ", indent) + lines[i]
	}
	if narrow {
		return append([]string{strings.TrimRight(head, " ")}, lines...)
	}
	lines[0] = head + lines[0][indent:]
	return lines
}

// knownSubcommand refuses arguments of a command that only has others below it.
func knownSubcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("there is no command %q", cmd.CommandPath()+" "+args[0])
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += " (do you mean " + strings.Join(near, " or ") + "?)"
	}
	return errors.New(text + "; see " + cmd.CommandPath() + " --help")
}

// NoArgs wants no argument.
func NoArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("%s takes no argument: %q; see %[1]s --help", cmd.CommandPath(), args[0])
}

// OneArg wants exactly one argument and says what it is.
func OneArg(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return fmt.Errorf("%s needs %s; see %[1]s --help", cmd.CommandPath(), name)
		case len(args) > 1:
			return fmt.Errorf("%s takes one argument, not %d; see %[1]s --help", cmd.CommandPath(), len(args))
		case strings.HasSuffix(name, "id") && strings.HasSuffix(args[0], cutMark):
			return fmt.Errorf("%s is the beginning of %s, as a list shows it where the terminal is narrow: -o csv and -o json have it whole", args[0], name)
		}
		return nil
	}
}

// Text adds a flag that must not be empty. An empty value, as of a shell's variable that isn't set,
// isn't taken for no flag: phones would ring at another time, or at another account's cost.
func Text(flags *pflag.FlagSet, to *string, name, value, usage string) {
	*to = value
	flags.Var((*filled)(to), name, usage)
}

type filled string

func (t *filled) String() string { return string(*t) }
func (*filled) Type() string     { return "string" }

func (t *filled) Set(value string) error {
	if strings.TrimSpace(value) == "" {
		return errors.New("it is empty: leave the flag out if that is meant")
	}
	*t = filled(value)
	return nil
}

// Required marks flags without which a command makes no sense.
func Required(cmd *cobra.Command, flags ...string) {
	for _, flag := range flags {
		cobra.CheckErr(cmd.MarkFlagRequired(flag))
	}
}

// Known tells of a value of a filter that isn't one of those known. It may be meant all the same,
// as not all are documented.
func (p *Program) Known(flag, value string, known ...string) {
	if value == "" || slices.Contains(known, value) {
		return
	}
	p.Notice(Note{Warning: fmt.Sprintf("--%s %s is none of those known, and may fit nothing: %s", flag, value, strings.Join(known, ", "))})
}

// missingFlags says which required flags aren't there, if that is what the error is about.
func missingFlags(cmd *cobra.Command, err error) error {
	if !strings.HasPrefix(err.Error(), "required flag") {
		return err
	}
	var missing []string
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if len(flag.Annotations[cobra.BashCompOneRequiredFlag]) > 0 && !flag.Changed {
			missing = append(missing, "--"+flag.Name)
		}
	})
	return fmt.Errorf("%s needs %s; see %[1]s --help", cmd.CommandPath(), strings.Join(missing, " and "))
}

// Complete gives the values of a flag to the shell.
func Complete(cmd *cobra.Command, flag string, values ...string) {
	cobra.CheckErr(cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)))
}
