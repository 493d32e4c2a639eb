package cli

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Logger writes retries, whose waits would be a riddle otherwise, and each request with --verbose.
func (p *Program) Logger() *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey && len(groups) == 0 && !p.Verbose {
			return slog.Attr{}
		}
		return a
	}}
	if p.Verbose {
		options.Level = slog.LevelDebug
	}
	switch {
	case p.Output == JSON:
		return slog.New(slog.NewJSONHandler(p.Err, options))
	case p.Verbose:
		return slog.New(slog.NewTextHandler(p.Err, options))
	}
	return slog.New(&sentences{p: p})
}

// sentences is a log for people: what happened, when it goes on, why, and what belongs to it.
type sentences struct {
	p     *Program
	attrs []slog.Attr
}

// Enabled implements [slog.Handler].
func (*sentences) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

// Handle implements [slog.Handler].
func (s *sentences) Handle(_ context.Context, record slog.Record) error {
	attrs := slices.Clone(s.attrs)
	record.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	line, why, request := strings.TrimPrefix(record.Message, "voiceagent: "), "", ""
	var more []string
	for _, a := range attrs {
		switch value := a.Value.String(); a.Key {
		case "wait":
			line += " at " + record.Time.Add(a.Value.Duration()+time.Second-1).Local().Format(time.TimeOnly)
		case "reason":
			why = ": " + value
		case "method", "route":
			request = strings.TrimSpace(request + " " + value)
		case "status", "attempt": // the reason has it
		default:
			if value != "" {
				more = append(more, a.Key+" "+value)
			}
		}
	}
	if request != "" {
		more = slices.Insert(more, 0, request)
	}
	if line += why; len(more) > 0 {
		line += " (" + strings.Join(more, ", ") + ")"
	}
	_, err := fmt.Fprintln(s.p.Err, Printable(s.p.Plain(line)))
	return err
}

// WithAttrs implements [slog.Handler].
func (s *sentences) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &sentences{s.p, append(slices.Clip(s.attrs), attrs...)}
}

// WithGroup implements [slog.Handler]. The names of groups are of no interest to people.
func (s *sentences) WithGroup(string) slog.Handler { return s }
