package main

import (
	"context"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

const (
	progressEvery = time.Second
	rateOver      = 10 // the rate is that of the last so many looks
)

func progressCommand(ctx context.Context, args []string) error {
	var at place
	set := flag.NewFlagSet("fleet progress", flag.ContinueOnError)
	at.flags(set)
	if err := set.Parse(args); err != nil {
		return err
	}
	l, err := at.open()
	if err != nil {
		return err
	}
	defer l.rdb.Close()
	return watch(ctx, l, os.Stdout)
}

// watch shows how far the list is until every row has an outcome. While Redis is away it says so and goes on.
func watch(ctx context.Context, l *list, out io.Writer) error {
	show := newDisplay(out)
	defer show.end()
	var m meter
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		t, err := l.tally(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			show.line(fmt.Sprintf("no word from Redis: %v", err))
		case t.rows == 0:
			return fmt.Errorf("there is no list %q: enqueue it first", l.name)
		default:
			m.add(time.Now(), t.settled())
			show.line(m.describe(t))
			if t.waiting() == 0 {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// meter reckons the rate of the last seconds.
type meter struct {
	times   []time.Time
	settled []int
}

func (m *meter) add(now time.Time, settled int) {
	m.times, m.settled = append(m.times, now), append(m.settled, settled)
	if len(m.times) > rateOver {
		m.times, m.settled = m.times[1:], m.settled[1:]
	}
}

// perSecond is 0 as long as it isn't known.
func (m *meter) perSecond() float64 {
	last := len(m.times) - 1
	if last < 1 {
		return 0
	}
	return float64(m.settled[last]-m.settled[0]) / m.times[last].Sub(m.times[0]).Seconds()
}

func (m *meter) describe(t tally) string {
	text := fmt.Sprintf("%d placed, %d refused, %d unknown, %d waiting", t.placed, t.refused, t.unknown, t.waiting())
	if t.leftOut > 0 {
		text += fmt.Sprintf(", %d left out", t.leftOut)
	}
	rate := m.perSecond()
	switch {
	case t.waiting() == 0:
	case rate > 0:
		left := time.Duration(float64(t.waiting()) / rate * float64(time.Second))
		text += fmt.Sprintf("; %.1f a second, %v left", rate, max(left.Round(time.Second), time.Second))
	case len(m.times) > 1:
		text += "; none in the last seconds"
	}
	return text
}

// display writes one line that changes on a terminal, and line after line elsewhere.
type display struct {
	out      io.Writer
	terminal bool
}

func newDisplay(out io.Writer) *display {
	d := &display{out: out}
	if f, ok := out.(*os.File); ok {
		info, err := f.Stat()
		d.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return d
}

func (d *display) line(text string) {
	if d.terminal {
		fmt.Fprintf(d.out, "\r\x1b[K%s", text) // back to the first column, and clear what is there
		return
	}
	fmt.Fprintln(d.out, text)
}

func (d *display) end() {
	if d.terminal {
		fmt.Fprintln(d.out)
	}
}

// resultsCommand writes what became of each row as CSV.
func resultsCommand(ctx context.Context, args []string) error {
	var at place
	set := flag.NewFlagSet("fleet results", flag.ContinueOnError)
	at.flags(set)
	if err := set.Parse(args); err != nil {
		return err
	}
	l, err := at.open()
	if err != nil {
		return err
	}
	defer l.rdb.Close()
	w := csv.NewWriter(os.Stdout)
	if err := w.Write([]string{"row", "outcome", "call", "error", "at"}); err != nil {
		return err
	}
	err = l.outcomes(ctx, func(row string, o outcome) error {
		return w.Write([]string{row, string(o.Kind), o.Ref, o.Error, o.At.Format(time.RFC3339)})
	})
	w.Flush()
	if err != nil {
		return err
	}
	return w.Error()
}
