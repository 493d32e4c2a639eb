package voiceagent

import (
	"context"
	"log/slog"
)

// logAttempt writes an attempt at Debug. What may be logged is an allow-list: no URL, no body, no header.
func (c *Client) logAttempt(x *exchange, a *Attempt) {
	if c.logger == nil || !c.logger.Enabled(x.Context, slog.LevelDebug) {
		return
	}
	attrs := append(x.logAttrs(), slog.Duration("wait", a.Wait), slog.Duration("duration", a.Duration))
	c.logger.LogAttrs(context.WithoutCancel(x.Context), slog.LevelDebug, "voiceagent: attempt", attrs...)
}

// logRetry writes a retry or a throttle at Warn.
func (c *Client) logRetry(x *exchange, d Decision) {
	if c.logger == nil {
		return
	}
	attrs := append(x.logAttrs(), slog.Duration("wait", d.Wait), slog.String("reason", d.Reason))
	c.logger.LogAttrs(context.WithoutCancel(x.Context), slog.LevelWarn, "voiceagent: trying again", attrs...)
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
