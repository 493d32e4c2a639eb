package dial

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/voiceagent-go/voiceagent"
)

// block shows progress on a terminal: some lines that are drawn again and again at the same place.
// It wraps them itself, as the place is lost when the terminal does.
type block struct {
	w     io.Writer
	width func() int
	words func(string) string
	limit func() (voiceagent.RateLimit, bool)
	waits *waits
	pace  pace

	enough, ended chan struct{}

	mu     sync.Mutex
	counts Counts
	why    string    // what it waits for
	until  time.Time // zero until there is progress again
	over   bool      // there is nothing to wait for any more
	drawn  []string
}

const (
	drawInterval = 200 * time.Millisecond
	usualWidth   = 80 // of a terminal that doesn't say
	leastWidth   = 20
)

func newBlock(w io.Writer, width func() int, watch pace, c Counts) *block {
	return &block{w: w, width: width, pace: watch, counts: c, enough: make(chan struct{}), ended: make(chan struct{})}
}

// begin draws from now on.
func (b *block) begin() {
	b.waits.to(b)
	go func() {
		defer close(b.ended)
		ticker := time.NewTicker(drawInterval)
		defer ticker.Stop()
		for {
			b.draw("")
			select {
			case <-ticker.C:
			case <-b.enough:
				b.draw("")
				return
			}
		}
	}()
}

func (b *block) show(c Counts) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.counts, b.why, b.until = c, "", time.Time{}
}

// wait says why nothing happens until a time.
func (b *block) wait(why string, until time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.why, b.until = why, until
}

// note writes a text above the block, where it stays, and its head into it.
func (b *block) note(note string) {
	note = b.words(note)
	head, _, _ := strings.Cut(note, ": ")
	b.wait(head, time.Time{})
	b.draw(note)
}

func (b *block) end() {
	b.waits.to(nil)
	b.mu.Lock()
	b.over = true
	b.mu.Unlock()
	close(b.enough)
	<-b.ended
}

// draw writes a text, if there is one, in place of the block, and the block below it.
func (b *block) draw(above string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	columns := b.width()
	if columns <= 0 {
		columns = usualWidth
	}
	lines := b.lines(max(columns, leastWidth)-1, time.Now()) // in the last column some terminals begin a new line
	if above == "" && strings.Join(lines, "\n") == strings.Join(b.drawn, "\n") {
		return
	}
	var out strings.Builder
	if rows := rowsOf(b.drawn, columns); rows > 0 {
		fmt.Fprintf(&out, "\x1b[%dA\r\x1b[J", rows)
	}
	if above != "" {
		lines = append([]string{above}, lines...)
	}
	fmt.Fprintln(&out, strings.Join(lines, "\n"))
	if above != "" {
		lines = lines[1:]
	}
	b.drawn = lines
	_, _ = io.WriteString(b.w, out.String())
}

// rowsOf is how many rows lines take. The terminal may be narrower than when they were drawn.
func rowsOf(lines []string, columns int) (rows int) {
	for _, line := range lines {
		rows += max(1, (text.StringWidthWithoutEscSequences(line)+columns-1)/columns)
	}
	return rows
}

// wrapped breaks the lines of a text between words, so that they fit so many columns; 0 is any.
func wrapped(lines string, columns int) string {
	if columns <= 0 {
		return lines
	}
	var b strings.Builder
	for line := range strings.Lines(lines) {
		var parts []string
		body := strings.TrimSuffix(line, "\n")
		for part := range strings.SplitSeq(strings.TrimRight(text.WrapSoft(body, columns), "\n"), "\n") {
			parts = append(parts, strings.TrimRight(part, " "))
		}
		b.WriteString(strings.Join(parts, "\n") + line[len(body):])
	}
	return b.String()
}

// lines are the block, in lines of up to so many columns.
func (b *block) lines(columns int, now time.Time) (lines []string) {
	c := b.counts
	first := c.campaigns()
	if left, ok := b.pace.left(c); ok {
		first += "; " + about(left) + " left"
	}
	for _, line := range []string{first, c.calls(), c.rates(), b.waiting(now)} {
		if line != "" {
			lines = append(lines, strings.Split(wrapped(line, columns), "\n")...)
		}
	}
	return append(lines, barLine(c, now.Sub(b.pace.began), columns))
}

// waiting says why nothing happens now; "" if something does.
func (b *block) waiting(now time.Time) string {
	switch limit, ok := b.limit(); {
	case b.over:
	case b.until.After(now):
		return waitingUntil(b.until, b.why)
	case b.until.IsZero() && b.why != "":
		return b.why
	case ok && limit.Limit > 0 && limit.Remaining <= 0 && limit.Reset.After(now):
		return waitingUntil(limit.Reset, "the rate limit of "+count(limit.Limit, "request")+" is used up")
	}
	return ""
}

const (
	longestBar  = 28 // columns
	shortestBar = 5
)

// barLine shows the contacts that are done: "17.0% [####....] [17 in 2s] contacts". What doesn't
// fit is left out: the last word, then the bar, then the time.
func barLine(c Counts, elapsed time.Duration, columns int) string {
	share := float64(c.Done) / float64(max(c.Total, 1))
	head := fmt.Sprintf("%4.1f%% ", 100*share)
	tail := fmt.Sprintf("[%s in %v]", humanize.Comma(int64(c.Done)), elapsed.Round(time.Second))
	room := func() int { return columns - len(head) - len(tail) - len("[] ") }
	if long := tail + " contacts"; room()-len(" contacts") >= shortestBar {
		tail = long
	}
	switch {
	case columns < len(head)+len(tail):
		return head + "[" + humanize.Comma(int64(c.Done)) + "]"
	case room() < shortestBar:
		return head + tail
	}
	bar := min(room(), longestBar)
	full := int(share * float64(bar))
	return head + "[" + strings.Repeat("#", full) + strings.Repeat(".", bar-full) + "] " + tail
}
