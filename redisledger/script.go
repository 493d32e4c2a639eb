package redisledger

import (
	"context"
	_ "embed" // the scripts
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/voiceagent-go/voiceagent"
)

var (
	//go:embed entry.lua
	entryLua string
	//go:embed begin.lua
	beginLua string
	//go:embed finish.lua
	finishLua string
	//go:embed forget.lua
	forgetLua string
	//go:embed renew.lua
	renewLua string

	beginScript  = redis.NewScript(entryLua + beginLua)
	finishScript = redis.NewScript(entryLua + finishLua)
	forgetScript = redis.NewScript(entryLua + forgetLua)
	renewScript  = redis.NewScript(entryLua + renewLua)
)

// The first word of a script's answer.
const (
	codeOK       = "ok"
	codeNew      = "new"   // stored, and held by the caller
	codeHeld     = "held"  // found, and held by the caller
	codeFound    = "found" // found, and done
	codeBusy     = "busy"
	codeMismatch = "mismatch"
	codeTaken    = "taken"
	codeOther    = "other"
	codeForeign  = "foreign"
)

// answer is what a script says: a code, and what stands under the key: its entry, fingerprint and state.
type answer []string

func (a answer) code() string { return a[0] }

// run runs a script, which may happen more than once when its answer is lost: go-redis repeats what got none.
func (l *Ledger) run(ctx context.Context, script *redis.Script, keys []string, args ...any) (answer, error) {
	a, err := script.Run(ctx, l.rdb, keys, args...).StringSlice()
	switch {
	case err != nil:
		return nil, err
	case len(a) == 0:
		return nil, fmt.Errorf("the script's answer is empty")
	case a[0] == codeForeign && len(a) > 1:
		return nil, fmt.Errorf("what Redis has under %q is not of a ledger", a[1])
	case a[0] == codeMismatch:
		return a, voiceagent.ErrLedgerMismatch
	case a[0] == codeBusy:
		return a, voiceagent.ErrLedgerBusy
	case a[0] == codeTaken:
		return a, voiceagent.ErrLedgerTaken
	}
	return a, nil
}
