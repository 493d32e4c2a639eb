package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/bench/internal/clients"
)

// The page can fall behind: a row, a rule or a version that has changed must be measured again.
func TestPageIsCurrent(t *testing.T) {
	text, err := os.ReadFile("../" + docPage)
	require.NoError(t, err)
	page := string(text)
	const how = "the page is old: " + command
	holds := func(text string) {
		//nolint:testifylint // Contains would print the page
		assert.True(t, strings.Contains(page, text), "%s; it doesn't have %q", how, text)
	}
	for _, r := range rows(wholeRateLimit) {
		holds("| " + r.name)
		holds("| " + r.rule + " |")
	}
	for _, lib := range clients.All() {
		version := clients.Version(lib.Module)
		require.NotEqual(t, "unknown", version, lib.Name)
		if lib.Module != "" { // any Go will do
			holds("| " + lib.Module + " | " + version + " |")
		}
	}
	numbered := regexp.MustCompile(`(?m)^\| \d+ \|`)
	assert.Len(t, numbered.FindAllString(page, -1), 2*len(rows(wholeRateLimit)), how) // each has its cells and its rule
}
