package otelvoiceagent

import (
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/voiceagent-go/voiceagent/internal/secret"
)

// What the conventions have no name for.
const (
	attemptsKey     = attribute.Key("voiceagent.attempts")
	outcomeKey      = attribute.Key("voiceagent.outcome")
	requestIDKey    = attribute.Key("voiceagent.request_id")
	lookupKey       = attribute.Key("voiceagent.lookup")
	waitKindKey     = attribute.Key("voiceagent.wait.kind")
	waitDurationKey = attribute.Key("voiceagent.wait.duration")
	waitReasonKey   = attribute.Key("voiceagent.wait.reason")

	waitEvent = "voiceagent.wait"
)

const longestID = 128

// isID reports whether a server's request id may be shown: a server or a gateway can write anything
// there.
func isID(text, key string) bool {
	return text != "" && len(text) <= longestID && strings.IndexFunc(text, notInID) < 0 && (key == "" || !strings.Contains(text, key)) &&
		secret.MaskNumbers(text) == text
}

func notInID(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune("-_.:/=", r)
}
