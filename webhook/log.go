package webhook

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/secret"
)

// safe is the text of an error without secrets, and with the last 4 digits of numbers only.
func (h *Handler) safe(err error) string {
	text := err.Error()
	for _, shared := range h.p.Secrets {
		text = strings.ReplaceAll(text, shared, "REDACTED")
	}
	return secret.MaskNumbers(text)
}

// logJob writes what went wrong with an event that was handed to a worker, whether or not a request
// still waits for it.
func (h *Handler) logJob(level slog.Level, message string, j *job, err error) {
	h.p.Logger.LogAttrs(context.Background(), level, message, slog.String("event", j.event.ID()),
		slog.Duration("duration", time.Since(j.began)), slog.String("error", h.safe(err)))
}
