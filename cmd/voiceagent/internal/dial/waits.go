package dial

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// waits is the log of a client whose user sits at a terminal: it says why a request is tried again,
// within the block if there is one, as a line written anywhere else would break that.
type waits struct {
	say   func(format string, args ...any)
	words func(string) string

	mu    sync.Mutex
	block *block
}

// to sends what is said from now on to a block, or, where there is none, to say.
func (w *waits) to(b *block) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.block = b
}

// Enabled implements [slog.Handler].
func (w *waits) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

// Handle implements [slog.Handler].
func (w *waits) Handle(_ context.Context, record slog.Record) error {
	said := map[string]slog.Value{}
	record.Attrs(func(a slog.Attr) bool {
		said[a.Key] = a.Value
		return true
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	reason := w.words(said["reason"].String())
	wait, again := said["wait"]
	until := record.Time.Add(wait.Duration())
	switch {
	case !again:
		text := strings.TrimPrefix(record.Message, "voiceagent: ") + ": " + reason
		if w.block != nil {
			w.block.note(text)
		} else {
			w.say("%s\n", text)
		}
	case w.block != nil:
		w.block.wait(reason, until)
	case wait.Duration() >= time.Second:
		w.say("%s\n", waitingUntil(until, reason))
	}
	return nil
}

// waitingUntil says until when nothing happens, to the next second, and why.
func waitingUntil(until time.Time, why string) string {
	return "waiting until " + until.Add(time.Second-1).Local().Format(time.TimeOnly) + ": " + why
}

// WithAttrs implements [slog.Handler]. The client adds none.
func (w *waits) WithAttrs([]slog.Attr) slog.Handler { return w }

// WithGroup implements [slog.Handler].
func (w *waits) WithGroup(string) slog.Handler { return w }
