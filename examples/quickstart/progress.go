package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/voiceagent-go/voiceagent"
)

// progress shows a campaign: as a bar that is drawn over itself on a terminal, as a line now and then elsewhere.
type progress struct {
	out      *os.File
	terminal bool

	mu    sync.Mutex
	drawn int    // width of the bar on the screen
	line  string // the last plain line
	spent []retry
}

// retry is a failed attempt that the client made good.
type retry struct {
	what, reason string
	wait         time.Duration
}

func newProgress(out *os.File) *progress {
	info, err := out.Stat()
	return &progress{out: out, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

func (p *progress) campaign(c *voiceagent.Campaign) {
	missed := c.NoAnswer + c.Voicemail + c.Failed
	ended := c.Completed + missed

	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal {
		const width = 20 // the whole has to fit into 80 columns, or it can't be drawn over
		filled := min(width*ended/max(c.Contacts(), 1), width)
		p.draw(fmt.Sprintf("[%s%s] %d/%d: %d completed, %d not reached, %d again", strings.Repeat("#", filled), strings.Repeat(".", width-filled),
			ended, c.Contacts(), c.Completed, missed, c.PendingRetries))
		return
	}
	line := fmt.Sprintf("%2d of %d: %d completed, %d no answer, %d voicemail, %d failed, %d to be called again",
		ended, c.Contacts(), c.Completed, c.NoAnswer, c.Voicemail, c.Failed, c.PendingRetries)
	if line != p.line {
		p.line = line
		fmt.Fprintln(p.out, line)
	}
}

// draw replaces the line on the screen.
func (p *progress) draw(line string) {
	fmt.Fprint(p.out, "\r", line, strings.Repeat(" ", max(0, p.drawn-len(line))))
	p.drawn = len(line)
}

func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drawn > 0 {
		fmt.Fprintln(p.out)
		p.drawn = 0
	}
}

// retries returns a logger that notes what the client rides out. The client logs a retry at Warn.
func (p *progress) retries() *slog.Logger { return slog.New(retryLog{p: p}) }

type retryLog struct {
	slog.Handler // nil: the client uses neither groups nor attributes of a logger
	p            *progress
}

func (retryLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

func (l retryLog) Handle(_ context.Context, record slog.Record) error {
	var r retry
	record.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "method":
			r.what = a.Value.String()
		case "route":
			r.what += " " + a.Value.String()
		case "reason":
			r.reason = a.Value.String()
		case "wait":
			r.wait = a.Value.Duration()
		}
		return true
	})
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	l.p.spent = append(l.p.spent, r)
	return nil
}

// survived lists what went wrong and was tried again with success.
func (p *progress) survived() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.spent) == 0 {
		fmt.Fprintln(p.out, "\nNothing went wrong on the way.")
		return
	}
	fmt.Fprintf(p.out, "\nThe client survived %d failures on the way:\n", len(p.spent))
	table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for _, r := range p.spent {
		fmt.Fprintf(table, "  %s\twaited %v\t%s\n", r.what, r.wait.Round(10*time.Millisecond), r.reason)
	}
	_ = table.Flush()
}
