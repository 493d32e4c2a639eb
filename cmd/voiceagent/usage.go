package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// usageError is a command line that isn't right.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// aKeyFlag matches what people try when they want to give the key as an argument.
var aKeyFlag = regexp.MustCompile(`^unknown flag: --(api-?)?(key|token|secret)$`)

// flagError makes the errors of flags ones of usage. pflag's texts show a flag's name, and its value only where it knows the flag.
func flagError(cmd *cobra.Command, err error) error {
	if aKeyFlag.MatchString(err.Error()) {
		return usagef("a key is never taken from the command line, where the list of processes and the shell's history show it: "+
			"set %s, or write it to a file that only you can read (--key-file)", keyVariable)
	}
	return usagef("%w; see %s --help", err, cmd.CommandPath())
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

// noArgs wants no argument.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("%s takes no argument: %q; see %[1]s --help", cmd.CommandPath(), args[0])
}

// oneArg wants exactly one argument and says what it is.
func oneArg(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return fmt.Errorf("%s needs %s; see %[1]s --help", cmd.CommandPath(), name)
		case len(args) > 1:
			return fmt.Errorf("%s takes one argument, not %d; see %[1]s --help", cmd.CommandPath(), len(args))
		}
		return nil
	}
}

// required marks flags without which a command makes no sense.
func required(cmd *cobra.Command, flags ...string) {
	for _, flag := range flags {
		cobra.CheckErr(cmd.MarkFlagRequired(flag))
	}
}

// complete gives the values of a flag to the shell.
func complete(cmd *cobra.Command, flag string, values ...string) {
	cobra.CheckErr(cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)))
}
