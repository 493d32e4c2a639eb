package redisvoiceagent

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/voiceagent-go/voiceagent"
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
	codeLost     = "lost"  // held by another, or by nobody
	codeWaits    = "waits" // another waits for its answer
	codeMore     = "more"  // the script needs these keys, too
)

// ledgerAnswer is the result of a script: a code, and the entry, fingerprint and state of the key.
type ledgerAnswer []string

func (a ledgerAnswer) code() string { return a[0] }

// run runs a script. It may run more than once if its answer is lost: go-redis repeats a command
// without an answer.
func (l *Ledger) run(ctx context.Context, script *redis.Script, keys []string, args ...any) (ledgerAnswer, error) {
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
