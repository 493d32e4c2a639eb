// Command voiceagent works with voice agents, calls and campaigns from a terminal; docs/cli.md
// describes it.
package main

import (
	"os"

	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/commands"
)

func main() { os.Exit(commands.Main()) }
