package redisvoiceagent

import (
	"embed"
	"strings"

	"github.com/redis/go-redis/v9"
)

// sources are the scripts of all three parts.
//
//go:embed lua/*.lua
var sources embed.FS

// The scripts. Each is sent as its hash, and in full only to a server that doesn't know it yet.
var (
	limiterStep = script("limiter_step")

	ledgerBegin   = script("ledger_entry", "ledger_begin")
	ledgerFinish  = script("ledger_entry", "ledger_finish")
	ledgerForget  = script("ledger_entry", "ledger_forget")
	ledgerRenew   = script("ledger_entry", "ledger_renew")
	ledgerAwait   = script("ledger_entry", "ledger_await")
	ledgerAwaited = script("ledger_entry", "ledger_awaited")

	webhookClaim   = script("webhook_claim")
	webhookRelease = script("webhook_release")
	webhookRenew   = script("webhook_renew")
)

// script returns the script that the files make together.
func script(files ...string) *redis.Script {
	var text strings.Builder
	for _, file := range files {
		part, err := sources.ReadFile("lua/" + file + ".lua")
		if err != nil {
			panic(err) // a file that isn't in the build
		}
		text.Write(part)
	}
	return redis.NewScript(text.String())
}
