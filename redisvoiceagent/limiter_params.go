package redisvoiceagent

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent"
)

// LimiterParams says which budget a limiter shares, and how. The zero value is for the key in
// VOICEAGENT_API_KEY.
type LimiterParams struct {
	// APIKey is the key whose budget is shared: limiters with the same key share one budget. It must
	// be the key of the client. "" means VOICEAGENT_API_KEY, as in the client. Redis gets only a hash
	// of it.
	APIKey string
	// Plan limits the attempts in flight before the first answer; the zero Plan allows 4. It should
	// be the same in all processes.
	Plan voiceagent.Plan
	// Prefix keeps this budget apart from everything else in Redis, and must be the same wherever it
	// is shared; "voiceagent:limit" when empty. Braces in it are dropped.
	Prefix string
	// Timeout is how long callers wait for Redis before it counts as down; 0 or less means 250 ms. If
	// the Redis client has ContextTimeoutEnabled, a caller runs a step itself, which saves two
	// goroutine switches. Such a caller sees cancellation only when Redis has answered, after Timeout
	// at the latest.
	Timeout time.Duration
	// OnDown says what happens while Redis is gone.
	OnDown OnDown
	// Logger gets a warning when Redis is gone and a line when it is back; silent when nil.
	Logger *slog.Logger
}

// OnDown says what a limiter does while Redis doesn't answer.
type OnDown int

const (
	// FallBack goes on with a limiter in this process, which keeps to an equal share of the last known
	// budget. It is the default: no request fails because Redis does. Some answers may be a 429, at
	// most as many as a window allows requests, and the client repeats those.
	FallBack OnDown = iota
	// Refuse lets nothing be sent: Acquire returns an error that wraps [ErrLimiterDown].
	Refuse
)

func (p LimiterParams) withDefaults() LimiterParams {
	p.APIKey = cmp.Or(strings.TrimSpace(p.APIKey), strings.TrimSpace(os.Getenv("VOICEAGENT_API_KEY")))
	p.Timeout = orDefault(p.Timeout, 250*time.Millisecond)
	if p.Logger == nil {
		p.Logger = slog.New(slog.DiscardHandler)
	}
	return p
}

// redisKey names the budget, and the version of what is stored. Half of the hash is enough to tell
// keys apart, and too little to check a guess of one against.
func (p LimiterParams) redisKey() string {
	sum := sha256.Sum256([]byte("voiceagent rate limit 2\n" + p.APIKey))
	return newPrefix(p.Prefix, "voiceagent:limit").key(hex.EncodeToString(sum[:16]))
}
