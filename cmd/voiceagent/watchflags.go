package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
)

// simulatedInterval is short because the simulator's time goes fast.
const simulatedInterval = 100 * time.Millisecond

// watchFlags are the flags of what is followed until it ends.
type watchFlags struct{ interval time.Duration }

func (f *watchFlags) add(cmd *cobra.Command) {
	cmd.Flags().DurationVar(&f.interval, "interval", 0, "how often to look (default 2s); rarer when little of the rate limit is left")
}

func (f *watchFlags) params(p *program) voiceagent.WatchParams {
	if f.interval == 0 && p.sim {
		return voiceagent.WatchParams{Interval: simulatedInterval}
	}
	return voiceagent.WatchParams{Interval: f.interval}
}

// clock is the time of day that stands before each line of what is followed.
func (p *program) clock() string { return time.Now().Format(time.TimeOnly) }
