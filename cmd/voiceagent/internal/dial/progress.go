package dial

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/progress"
	"golang.org/x/term"
)

// display shows how far the campaigns are.
type display interface {
	show(Counts)
	note(text string) // something that isn't a number
	end()
}

func (r *run) newDisplay(c Counts) display {
	watch := pace{began: time.Now(), done: c.Done}
	if !r.o.Terminal {
		return &lines{w: r.o.Out, pace: watch}
	}
	return newBar(r.o.Out, r.width(), watch, c)
}

// width returns the width of the terminal if the library, which asks standard output, can't know
// it; else 0. Lines that wrap would break the display.
func (r *run) width() int {
	if r.screen == nil || term.IsTerminal(int(os.Stdout.Fd())) {
		return 0
	}
	width, _, _ := term.GetSize(int(r.screen.Fd())) // 0 with an error
	return width
}

// bar is drawn again and again at the same place of a terminal.
type bar struct {
	writer  *progress.Progress
	tracker *progress.Tracker
	pace    pace
	ended   chan struct{}
}

func newBar(w io.Writer, width int, watch pace, c Counts) *bar {
	b := &bar{writer: &progress.Progress{}, pace: watch, ended: make(chan struct{})}
	b.tracker = &progress.Tracker{Message: "contacts", Total: int64(max(c.Total, 1)), AutoStopDisabled: true,
		Units: progress.Units{Formatter: humanize.Comma}}
	b.writer.SetOutputWriter(w)
	b.writer.SetTerminalWidth(width)
	b.writer.SetTrackerLength(30)
	b.writer.SetUpdateFrequency(200 * time.Millisecond)
	b.writer.SetStyle(progress.StyleDefault)
	style := b.writer.Style()
	style.Chars.Finished, style.Chars.Unfinished = "#", "."
	style.Options.Separator = " "
	style.Options.PercentFormat = "%4.1f%%"
	style.Options.TimeInProgressPrecision = time.Second
	style.Options.TimeDonePrecision = time.Second
	style.Options.DoneString = "ended"
	b.writer.AppendTracker(b.tracker)
	b.show(c)
	go func() {
		defer close(b.ended)
		b.writer.Render()
	}()
	return b
}

func (b *bar) show(c Counts) {
	b.tracker.SetValue(int64(c.Done))
	first, rates := c.campaigns(), c.rates()
	if left, ok := b.pace.left(c); ok {
		first += "; " + about(left) + " left"
	}
	pinned := []string{first, c.calls()}
	if rates != "" {
		pinned = append(pinned, rates)
	}
	b.writer.SetPinnedMessages(pinned...)
}

func (b *bar) note(text string) { b.writer.Log("%s", text) }

func (b *bar) end() {
	time.Sleep(300 * time.Millisecond) // for the last state to be drawn: the writer has no way to ask for it
	b.writer.Stop()
	<-b.ended
}

// lines shows progress where there is no terminal: a line when something has changed, at most every
// 10 s.
type lines struct {
	w    io.Writer
	pace pace
	last string
	at   time.Time
	due  string // the newest line that wasn't written
}

const (
	lineInterval = 10 * time.Second
	quietest     = 5 * time.Minute // a line then although nothing has changed
)

func (l *lines) show(c Counts) {
	text := fmt.Sprintf("%s of %s done; %s", humanize.Comma(int64(c.Done)), count(c.Total, "contact"), c.calls())
	if rates := c.rates(); rates != "" {
		text += "; " + rates
	}
	text += "; " + c.campaigns()
	since := time.Since(l.at)
	if text == l.last && since < quietest {
		return
	}
	line := text
	if left, ok := l.pace.left(c); ok {
		line += "; " + about(left) + " left"
	}
	if l.due = line; since >= lineInterval {
		l.write()
		l.last = text
	}
}

func (l *lines) write() {
	fmt.Fprintf(l.w, "%s  %s\n", time.Since(l.pace.began).Round(time.Second), l.due)
	l.at, l.due = time.Now(), ""
}

func (l *lines) note(text string) { fmt.Fprintln(l.w, text) }

func (l *lines) end() {
	if l.due != "" {
		l.write()
	}
}
