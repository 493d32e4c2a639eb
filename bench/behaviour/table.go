package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent/bench/internal/clients"
)

const command = "go -C bench run ./behaviour -write"

// table writes the results as Markdown. The best cells of a row are bold; a number in parentheses
// is a note.
func table(results []result, libs []clients.Library) string {
	var b strings.Builder
	var notes []string
	note := func(text string) string {
		if text == "" {
			return ""
		}
		if !slices.Contains(notes, text) {
			notes = append(notes, text)
		}
		return fmt.Sprintf(" (%d)", slices.Index(notes, text)+1)
	}
	b.WriteString("| | what happens |")
	for _, lib := range libs {
		b.WriteString(" " + lib.Name + " |")
	}
	b.WriteString(" verdict |\n|" + strings.Repeat(" --- |", len(libs)+3) + "\n")
	for i, r := range results {
		fmt.Fprintf(&b, "| %d | %s%s |", i+1, r.name, note(r.note))
		for _, c := range r.cells {
			text := c.text
			if r.isBest(c) {
				text = "**" + text + "**"
			}
			b.WriteString(" " + text + note(c.missing) + " |")
		}
		fmt.Fprintf(&b, " %s |\n", r.verdict())
	}
	b.WriteString("| | rows in which it is best |")
	for lib := range libs {
		best := 0
		for _, r := range results {
			if r.isBest(r.cells[lib]) {
				best++
			}
		}
		fmt.Fprintf(&b, " %d of %d |", best, len(results))
	}
	b.WriteString(" |\n")
	b.WriteString("\n" + tally(results) + "\n\n")
	for i, text := range notes {
		fmt.Fprintf(&b, "%d. %s\n", i+1, text)
	}
	return b.String()
}

func tally(results []result) string {
	counts := make(map[verdict]int)
	for _, r := range results {
		counts[r.verdict()]++
	}
	return fmt.Sprintf("%d rows: %d won, %d equal to the best, %d lost, %d that none does well, %d with nothing to compare with.",
		len(results), counts[won], counts[equal], counts[lost], counts[none], counts[unmatched])
}

// document is the whole page.
func document(results []result, libs []clients.Library, took time.Duration) string {
	var b strings.Builder
	b.WriteString("<!-- Made by " + command + ". Don't edit it. -->\n\n# Behaviour, beside other clients\n\n")
	b.WriteString("What this client and others do when things go wrong, each against a loopback server, with its defaults and its own typed methods. " +
		"Every cell was measured in one run. " +
		"The rules are those of an API like this one: the service behind another client may want something else.\n\n")
	b.WriteString("Bold is the best of a row by the row's rule, which stands below the table.\n\n")
	b.WriteString(table(results, libs))
	b.WriteString("\n## Rules\n\n| | better is |\n| --- | --- |\n")
	for i, r := range results {
		fmt.Fprintf(&b, "| %d | %s |\n", i+1, r.rule)
	}
	b.WriteString("\nWon: this client's score is higher than that of every other. Equal to the best: some other has the same. Lost: some other has a higher one. " +
		"None does it well: the same score as the best, which isn't good enough.\n")
	b.WriteString("\n## Versions\n\n| client | module | version | what is called |\n| --- | --- | --- | --- |\n")
	for _, lib := range libs {
		fmt.Fprintf(&b, "| %s | %s | %s | `%s` |\n", lib.Name, lib.Module, clients.Version(lib.Module), lib.Uses)
	}
	b.WriteString("\n")
	for _, lib := range libs {
		if lib.Behind != "" {
			fmt.Fprintf(&b, "- %s: %s\n", lib.Name, lib.Behind)
		}
	}
	fmt.Fprintf(&b, "\n%s, %s/%s, %d cores, %s, in %s:\n\n```sh\n%s\n```\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(),
		time.Now().UTC().Format(time.DateOnly), took.Round(time.Second), command)
	return b.String()
}
