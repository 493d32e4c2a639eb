// Package redislimit keeps one rate limit for all processes, on all machines, that share an API key. The budget is in Redis.
//
//	client, err := voiceagent.NewClient(voiceagent.WithLimiter(redislimit.New(rdb, redislimit.Params{})))
//
// The rules are those of [voiceagent.NewLimiter], for all processes together: no more attempts are in flight than the lowest
// Remaining that the current window has shown; at zero, and on a 429 that any process got, all of them wait for the reset; then one attempt goes
// first, and what its answer allows follows. Within a process callers go in order of arrival, see cancellation at once, and are refused at once
// when their deadline comes before the reset.
//
// # Between processes
//
// Each process that has something to send may send an equal share of the window. What others leave is given to whoever wants more, little by
// little in the second half of the window. What a process that died had in flight counts as sent after 3 seconds of silence.
//
// # What it costs
//
// A step is one atomic script on one key. It asks for leave for all callers that wait, and brings what answers told since the last one, so an
// attempt costs one round trip to Redis or less. Only Redis's clock counts. It needs Redis 5 or newer, or a server that runs its scripts with
// cjson; a Redis Cluster will do. A process that waits steps each second at least, and some 40 times a second while its turn may come at any moment.
//
// # When Redis is slow or gone
//
// See [OnDown]. Requests are not held up by a dead Redis: a step is given [Params.Timeout], and while Redis doesn't answer it is tried once a
// second, beside the requests.
package redislimit

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

const (
	defaultPrefix  = "voiceagent:limit"
	defaultTimeout = 250 * time.Millisecond
)

// Params says which budget a limiter shares, and how. The zero Params is for the key in VOICEAGENT_API_KEY.
type Params struct {
	// APIKey is the key whose budget this is: limiters with the same key share one. It must be that of the client. "" takes
	// VOICEAGENT_API_KEY, as the client does. Redis sees only a hash of it.
	APIKey string
	// Plan tells how many attempts may be in flight before the first answer; the zero Plan allows 16. It should be the same in all processes.
	Plan voiceagent.Plan
	// Prefix is what the name of the key in Redis begins with; "voiceagent:limit" when empty.
	Prefix string
	// Timeout is how long callers wait for Redis before it counts as gone; 250 ms when 0 or less. With a Redis client that has
	// ContextTimeoutEnabled a caller runs a step itself, which saves two changes of goroutine; it then sees cancellation when Redis has answered, after
	// Timeout at the latest.
	Timeout time.Duration
	// OnDown says what happens while Redis is gone.
	OnDown OnDown
	// Logger gets a warning when Redis is gone and a line when it is back; silent when nil.
	Logger *slog.Logger
}

// OnDown says what a limiter does while Redis doesn't answer.
type OnDown int

const (
	// FallBack goes on with a limiter in this process, which keeps to an equal share of the budget as it was last known. It is the default: no
	// request fails because Redis did. Some answers may be a 429, at most as many as a window allows requests, and the client repeats those.
	FallBack OnDown = iota
	// Refuse lets nothing be sent: Acquire returns an error that wraps [ErrDown].
	Refuse
)

func (p Params) withDefaults() Params {
	p.APIKey = cmp.Or(strings.TrimSpace(p.APIKey), strings.TrimSpace(os.Getenv("VOICEAGENT_API_KEY")))
	p.Prefix = cmp.Or(p.Prefix, defaultPrefix)
	if p.Timeout <= 0 {
		p.Timeout = defaultTimeout
	}
	if p.Logger == nil {
		p.Logger = slog.New(slog.DiscardHandler)
	}
	return p
}

// redisKey names the budget. Half of the hash is enough to tell keys apart, and too little to check a guess of one against.
func (p Params) redisKey() string {
	sum := sha256.Sum256([]byte("voiceagent rate limit\n" + p.APIKey))
	return p.Prefix + ":" + hex.EncodeToString(sum[:16])
}
