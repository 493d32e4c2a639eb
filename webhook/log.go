package webhook

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
	"time"
)

// longNumber finds what may be a phone number: seven digits and more that aren't part of a word.
var longNumber = regexp.MustCompile(`(?:\+|\b)\d[\d \-().]{5,}\d\b`)

// safe is the text of an error without secrets, and with the last 4 digits of numbers only.
func (h *Handler) safe(err error) string {
	text := err.Error()
	for _, secret := range h.p.Secrets {
		text = strings.ReplaceAll(text, secret, "REDACTED")
	}
	return longNumber.ReplaceAllStringFunc(text, func(number string) string { return "***" + number[len(number)-4:] })
}

// logJob writes what went wrong with an event that was handed over, whether or not a request still waits for it.
func (h *Handler) logJob(level slog.Level, message string, j *job, err error) {
	h.p.Logger.LogAttrs(context.Background(), level, message, slog.String("event", j.event.ID()),
		slog.Duration("duration", time.Since(j.began)), slog.String("error", h.safe(err)))
}
