// Package bars draws panels of horizontal bars.
package bars

import (
	"fmt"
	"html"
	"strings"
)

// Panel is a group of bars with a title.
type Panel struct {
	Title string
	Unit  float64 // where the line across the bars is; bars of twice as much are cut
	Bars  []Bar
}

// Bar is one bar. The label stands at its end.
type Bar struct {
	Name  string
	Value float64
	Label string
	Ours  bool
}

// The measures, in pixels.
const (
	width       = 900
	columnWidth = 440
	namesWidth  = 118
	unitWidth   = 130
	longest     = 2 // units
	barHeight   = 12
	barPitch    = 17
	panelTop    = 26
	labelWidth  = 36
)

// A card of its own keeps it readable whatever the page's colours are.
const style = `<style>
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.card { fill: #ffffff } .title { font-weight: 600 } .ours { fill: #0969da } .other { fill: #a8b1bb } .unit { stroke: #57606a }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .card { fill: #0d1117 } .ours { fill: #4493f8 } .other { fill: #59636e } .unit { stroke: #9198a1 }
}
</style>`

// Draw returns an SVG of the panels, two in a row, which have as many bars each.
func Draw(title, caption string, panels []Panel) string {
	height := panelTop + barPitch*len(panels[0].Bars) + 14 // of a panel
	rows := (len(panels) + 1) / 2
	total := 44 + rows*height
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="t">`+"\n",
		width, total, width, total)
	fmt.Fprintf(&b, "<title id=\"t\">%s</title>\n%s\n", html.EscapeString(title), style)
	fmt.Fprintf(&b, `<rect class="card" width="%d" height="%d" rx="6"/>`+"\n", width, total)
	text(&b, "title", 16, 26, caption)
	for n, p := range panels {
		p.draw(&b, 16+n%2*columnWidth, 44+n/2*height)
	}
	return b.String() + "</svg>\n"
}

func (p *Panel) draw(b *strings.Builder, x, y int) {
	left := x + namesWidth
	text(b, "title", x, y+14, p.Title)
	for i, bar := range p.Bars {
		class := "other"
		if bar.Ours {
			class = "ours"
		}
		units, top := bar.Value/p.Unit, y+panelTop+i*barPitch
		length := min(units, longest) * unitWidth
		text(b, "", x, top+barHeight-2, bar.Name)
		fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d"/>`+"\n", class, left, top, length, barHeight)
		label := bar.Label
		if units > longest {
			label = "→ " + label
		}
		end := left + int(length)
		if end < left+unitWidth && end > left+unitWidth-labelWidth {
			end = left + unitWidth // not across the line
		}
		text(b, "", end+5, top+barHeight-2, label)
	}
	fmt.Fprintf(b, `<line class="unit" x1="%d" x2="%d" y1="%d" y2="%d"/>`+"\n", left+unitWidth, left+unitWidth, y+panelTop-4, y+panelTop+len(p.Bars)*barPitch)
}

func text(b *strings.Builder, class string, x, y int, s string) {
	if class != "" {
		class = fmt.Sprintf(" class=%q", class)
	}
	fmt.Fprintf(b, `<text%s x="%d" y="%d">%s</text>`+"\n", class, x, y, html.EscapeString(s))
}
