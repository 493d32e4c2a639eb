package main

import (
	"fmt"
	"html"
	"strings"
)

// The measures of the plot, in pixels.
const (
	plotWidth   = 900
	columnWidth = 440
	namesWidth  = 118
	unitWidth   = 130 // of a bar as long as the hand-written client's
	longest     = 2   // bars beyond it are cut, and their number says how long they are
	barHeight   = 12
	barPitch    = 17
	panelTop    = 26
	labelWidth  = 36
)

// A card of its own keeps it readable whatever the page's colours are.
const plotStyle = `<style>
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.card { fill: #ffffff } .title { font-weight: 600 } .ours { fill: #0969da } .other { fill: #a8b1bb } .unit { stroke: #57606a }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .card { fill: #0d1117 } .ours { fill: #4493f8 } .other { fill: #59636e } .unit { stroke: #9198a1 }
}
</style>`

// plot draws the time of each side relative to the hand-written one: a panel for each work, in
// memory on the left, over loopback on the right.
func plot(results []result) string {
	var panels []result
	for _, r := range results {
		if r.goroutines == 1 && r.attempts == 1 {
			panels = append(panels, r)
		}
	}
	height := panelTop + barPitch*len(results[0].sides) + 14 // of a panel
	rows := (len(panels) + 1) / 2
	total := 44 + rows*height
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="t">`+"\n",
		plotWidth, total, plotWidth, total)
	b.WriteString(`<title id="t">Time of each client for the same work, relative to hand-written net/http</title>` + "\n" + plotStyle + "\n")
	fmt.Fprintf(&b, `<rect class="card" width="%d" height="%d" rx="6"/>`+"\n", plotWidth, total)
	b.WriteString(`<text class="title" x="16" y="26">Time for the same work, relative to hand-written net/http (the line); shorter is better</text>` + "\n")
	for n, r := range panels {
		panel(&b, r, 16+n%2*columnWidth, 44+n/2*height)
	}
	return b.String() + "</svg>\n"
}

func panel(b *strings.Builder, r result, x, y int) {
	left := x + namesWidth
	text(b, "title", x, y+14, r.name+", "+r.place())
	for i, s := range r.sides {
		class := "other"
		if i == ours {
			class = "ours"
		}
		got, top := r.against(i, timeOf).ratio, y+panelTop+i*barPitch
		length := min(got, longest) * unitWidth
		text(b, "", x, top+barHeight-2, s.name)
		fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d"/>`+"\n", class, left, top, length, barHeight)
		label := fmt.Sprintf("%.2f", got)
		if got > longest {
			label = "→ " + label
		}
		end := left + int(length)
		if end < left+unitWidth && end > left+unitWidth-labelWidth {
			end = left + unitWidth // not across the line
		}
		text(b, "", end+5, top+barHeight-2, label)
	}
	fmt.Fprintf(b, `<line class="unit" x1="%d" x2="%d" y1="%d" y2="%d"/>`+"\n", left+unitWidth, left+unitWidth, y+panelTop-4, y+panelTop+len(r.sides)*barPitch)
}

func text(b *strings.Builder, class string, x, y int, s string) {
	if class != "" {
		class = fmt.Sprintf(" class=%q", class)
	}
	fmt.Fprintf(b, `<text%s x="%d" y="%d">%s</text>`+"\n", class, x, y, html.EscapeString(s))
}
