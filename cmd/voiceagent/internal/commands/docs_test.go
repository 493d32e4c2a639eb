package commands

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
)

var update = flag.Bool("update", false, "write docs/cli.md and docs/recordings/commands.txt anew")

const (
	docsTemplate = "testdata/cli.md"
	docs         = "../../../../docs"
)

// TestDocs finds documentation that is behind. With -update it writes it anew.
func TestDocs(t *testing.T) {
	t.Parallel()
	template, err := os.ReadFile(docsTemplate)
	require.NoError(t, err)
	recording, err := os.ReadFile(filepath.Join(docs, "recordings", "campaigns-run.txt")) // by the tests of internal/dial
	require.NoError(t, err)
	want := strings.NewReplacer("{{exits}}", exitTable(), "{{commands}}", commandHelp(t), "{{recording}}", strings.TrimSpace(string(recording)), "{{day}}", day(t)).
		Replace(string(template))
	assert.NotContains(t, want, "{{")
	file := filepath.Join(docs, "cli.md")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
	}
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, want, string(got), "docs/cli.md is behind: go test ./internal/commands -run TestDocs -update")
}

// day returns what a person types in the script of a day.
func day(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile(filepath.Join(scripts, "day.txt"))
	require.NoError(t, err)
	var b strings.Builder
	for line := range strings.Lines(string(script)) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "! ")
		if title, ok := strings.CutPrefix(line, "## "); ok {
			b.WriteString("\n# " + title + "\n")
		}
		if command, ok := strings.CutPrefix(line, "exec "); ok {
			command, _, _ = strings.Cut(command, " &") // in the background, a name follows
			if strings.Contains(command, " listen ") {
				command += " &"
			}
			b.WriteString(command + "\n")
		}
	}
	return strings.TrimSpace(b.String())
}

// withoutTrailing removes the spaces at the ends of lines.
func withoutTrailing(text string) string {
	return regexp.MustCompile(`(?m) +$`).ReplaceAllString(text, "")
}

// exitTable is the table of exit codes.
func exitTable() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| code | kind | when |\n| --- | --- | --- |\n")
	for _, e := range cli.Exits() {
		fmt.Fprintf(&b, "| %d | %s | %s |\n", e.Code, e.Kind, e.When)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// commandHelp returns the help of each command. The common flags appear once, in the first.
func commandHelp(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, cmd := range allCommands() {
		if name := cmd.Name(); name == "exit-codes" || name == "help" || cmd.Parent() != nil && cmd.Parent().Name() == "completion" {
			continue
		}
		words := strings.Fields(cmd.CommandPath())
		got := runHere(t.Context(), nil, append(words[1:], "--help")...)
		require.Zero(t, got.code, got.errOut)
		help, _, _ := strings.Cut(got.out, "\nGlobal Flags:")
		fmt.Fprintf(&b, "### %s\n\n```text\n%s\n```\n\n", cmd.CommandPath(), strings.TrimSpace(withoutTrailing(help)))
	}
	return strings.TrimSuffix(b.String(), "\n\n")
}
