package envelope_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
)

// The quick way to read a clock reads what time.Parse does, and nothing else.
func TestClock(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"00:00:00", "10:27:01", "23:59:59", "24:00:00", "10:60:00", "10:00:60", "1a:00:00", "10:0a:00", "10:00:0a", "10-27-01", "10:27-01", "-1:00:00", "/0:00:00",
	} {
		want, err := time.Parse(time.TimeOnly, text)
		got, ok := envelope.ParseTime(text)
		assert.Equal(t, err == nil, ok, text)
		assert.Equal(t, want, got, text)
	}
}
