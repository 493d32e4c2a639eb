package voiceagent

import (
	"context"
	"log/slog"
)

// logFunc writes a line if its level is wanted. The client keeps this and not the logger: a program without WithLogger then
// doesn't link slog's handlers, a quarter of a megabyte.
type logFunc func(ctx context.Context, level slog.Level, message string, attrs func() []slog.Attr)

func logTo(logger *slog.Logger) logFunc {
	return func(ctx context.Context, level slog.Level, message string, attrs func() []slog.Attr) {
		if logger.Enabled(ctx, level) {
			logger.LogAttrs(context.WithoutCancel(ctx), level, message, attrs()...)
		}
	}
}

// logAttempt writes an attempt at Debug. What may be logged is an allow-list: no URL, no body, no header.
func (c *Client) logAttempt(x *exchange) {
	if c.log != nil {
		c.log(x.Context, slog.LevelDebug, "voiceagent: attempt", func() []slog.Attr {
			last := x.attempts[len(x.attempts)-1]
			return append(x.logAttrs(), slog.Duration("wait", last.Wait), slog.Duration("duration", last.Duration))
		})
	}
}

// logRetry writes a retry or a throttle at Warn.
func (c *Client) logRetry(x *exchange, d Decision) {
	if c.log != nil {
		c.log(x.Context, slog.LevelWarn, "voiceagent: trying again", func() []slog.Attr {
			return append(x.logAttrs(), slog.Duration("wait", d.Wait), slog.String("reason", d.Reason))
		})
	}
}

// logLedger writes at Warn that the ledger did not take the result down.
func (c *Client) logLedger(x *exchange, err error) {
	if err != nil && c.log != nil {
		c.log(x.Context, slog.LevelWarn, "voiceagent: the ledger did not take the result down", func() []slog.Attr {
			return []slog.Attr{slog.String("method", x.r.method), slog.String("route", x.r.route), slog.String("reason", maskNumbers(c.key.cutFromText(err.Error())))}
		})
	}
}

func (x *exchange) logAttrs() []slog.Attr {
	last := x.attempts[len(x.attempts)-1]
	return []slog.Attr{
		slog.String("method", x.r.method),
		slog.String("route", x.r.route),
		slog.Int("status", last.StatusCode),
		slog.String("request_id", last.RequestID),
		slog.Int("attempt", len(x.attempts)),
	}
}
