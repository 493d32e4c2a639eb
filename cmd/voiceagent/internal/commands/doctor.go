package commands

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/doctor"
)

func doctorCommand(p *cli.Program) *cobra.Command {
	var d doctor.Doctor
	cmd := &cobra.Command{
		Use: "doctor", Short: "Find out what the service really does (reads only), for an issue", Args: cli.NoArgs,
		Long: `Find out what nobody outside can know of the service: which keys its records have, how its lists page and filter, in
which forms they show numbers and times, and whether a call whose answer was lost could be recognised in them.

It sends some 16 GET requests, and no other: nothing is made, changed or called. The report, Markdown for an issue or
-o json, has names and types of keys and counts of forms, and no values: no number, name, id, text or key of metadata.
Keys that no page names are shown if every word of them is a usual one; --all-names shows the others, too, which may
say something of the account. What can't be asked is noted, and the rest goes on.`,
		Example: `  voiceagent doctor > report.md
  voiceagent doctor --simulate`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case p.DryRun:
				return cli.Usagef("doctor only reads, and what it asks depends on the answers: leave --dry-run out")
			case p.Output == cli.CSV:
				return cli.Usagef("doctor has no rows: leave -o csv out, for Markdown, or give -o json")
			}
			keyed, err := p.Client("", d.Options()...)
			if err != nil {
				return err
			}
			public, err := p.PublicClient(d.Options()...)
			if err != nil {
				return err
			}
			report, err := d.Examine(cmd.Context(), keyed, public)
			return errors.Join(err, writeReport(p, report))
		},
	}
	cmd.Flags().BoolVar(&d.AllNames, "all-names", false, "show the names of all keys of records; read them before you pass them on")
	return cmd
}

func writeReport(p *cli.Program, report *doctor.Report) error {
	if p.Output == cli.JSON {
		return cli.WriteJSON(p.Out, report)
	}
	err := report.WriteMarkdown(p.Out, thisBuild().Version)
	fmt.Fprintf(p.Err, "Read it, and pass it on: %s\n", doctor.Issues)
	return err
}
