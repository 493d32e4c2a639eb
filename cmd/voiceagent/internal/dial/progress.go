package dial

import (
	"fmt"
	"io"
	"time"

	"github.com/dustin/go-humanize"
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
		return &lines{w: r.o.Out, pace: watch, words: r.o.words}
	}
	b := newBlock(r.o.Out, r.o.Width, watch, c)
	b.words, b.limit, b.waits = r.o.words, r.client.RateLimit, &r.waits
	b.begin()
	return b
}

// lines shows progress where there is no terminal: a line when something has changed, at most every
// 10 s.
type lines struct {
	w     io.Writer
	words func(string) string
	pace  pace
	last  string
	at    time.Time
	due   string // the newest line that wasn't written
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

func (l *lines) note(text string) { fmt.Fprintln(l.w, l.words(text)) }

func (l *lines) end() {
	if l.due != "" {
		l.write()
	}
}
