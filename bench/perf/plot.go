package main

import (
	"fmt"

	"github.com/voiceagent-go/voiceagent/bench/internal/bars"
)

// plot draws the time of each side relative to the hand-written one: a panel for each work, in
// memory on the left, over loopback on the right.
func plot(results []result) string {
	var panels []bars.Panel
	for _, r := range results {
		if r.goroutines != 1 || r.attempts != 1 {
			continue
		}
		panel := bars.Panel{Title: r.name + ", " + r.place(), Unit: 1}
		for i, s := range r.sides {
			got := r.against(i, timeOf).ratio
			panel.Bars = append(panel.Bars, bars.Bar{Name: s.name, Value: got, Label: fmt.Sprintf("%.2f", got), Ours: i == ours})
		}
		panels = append(panels, panel)
	}
	return bars.Draw("Time of each client for the same work, relative to hand-written net/http",
		"Time for the same work, relative to hand-written net/http (the line); shorter is better", panels)
}
