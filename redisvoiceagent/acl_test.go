package redisvoiceagent_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
	"github.com/voiceagent-go/voiceagent/webhook"
)

// leastUser returns the rules that the package's comment gives for a separate user.
func leastUser(t *testing.T) (rules []string) {
	t.Helper()
	comment, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	for line := range strings.Lines(string(comment)) {
		if rule := strings.TrimPrefix(line, "//\t"); strings.HasPrefix(rule, "+") || strings.HasPrefix(rule, "~") {
			rules = append(rules, strings.Fields(rule)...)
		}
	}
	require.NotEmpty(t, rules)
	return rules
}

// The documentation's user may do all that is needed, and no more. Each time the server has
// forgotten the scripts.
func TestLeastUser(t *testing.T) {
	t.Parallel()
	srv := startRedis(t, "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction")
	admin, rules := connect(t, srv), leastUser(t)
	as := func(rules ...string) redis.UniversalClient {
		require.NoError(t, admin.FlushAll(t.Context()).Err())
		require.NoError(t, admin.ScriptFlush(t.Context()).Err())
		require.NoError(t, admin.ACLSetUser(t.Context(), "least", append([]string{"reset", "on", ">secret"}, rules...)...).Err())
		return connectWith(t, srv, redis.Options{Username: "least", Password: "secret"})
	}
	require.NoError(t, useEverything(t.Context(), as(rules...)))
	for i, rule := range rules {
		if rule == "+info" {
			continue // without it Check sees less, and asks CONFIG
		}
		err := useEverything(t.Context(), as(slices.Delete(slices.Clone(rules), i, i+1)...))
		require.Error(t, err, "it needs no %s", rule)
		require.Regexp(t, "NOPERM|can't (run|access)", err.Error(), rule)
	}
}

// useEverything has each part do all that it can, and returns what goes wrong.
func useEverything(ctx context.Context, rdb redis.UniversalClient) error {
	limiter := redisvoiceagent.NewLimiter(rdb, redisvoiceagent.LimiterParams{APIKey: "lev_test_key", Timeout: soon, OnDown: redisvoiceagent.Refuse})
	if err := limiter.Acquire(ctx); err != nil {
		return err
	}
	limiter.Release(ctx, says(60, 50, time.Now().Add(time.Minute)))

	l := redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{})
	defer redisvoiceagent.Freeze(l)
	for _, do := range []func() error{
		func() error { return l.Check(ctx) },
		func() error { _, _, err := l.Begin(ctx, begun("a")); return err },
		func() error { redisvoiceagent.Lapse(l, "a"); return l.Held(ctx, "a") },
		func() error { return l.Await(ctx, "a", false) },
		func() error { return l.Await(ctx, "a", true) },
		func() error { _, err := l.Awaited(ctx, begun("b").Twin, "b"); return err },
		func() error { _, _, err := l.Entry(ctx, "a"); return err },
		func() error { return l.Finish(ctx, unknown("a")) },
		func() error { _, _, err := l.Begin(ctx, begun("a")); return err },
		func() error { return l.Finish(ctx, done("a", "call_1")) },
		func() error { return l.Forget(ctx, "a") },
	} {
		if err := do(); err != nil {
			return err
		}
	}

	store := redisvoiceagent.NewWebhookStore(rdb, redisvoiceagent.WebhookStoreParams{})
	for _, end := range []func(webhook.Claim) error{
		func(c webhook.Claim) error { return redisvoiceagent.Renew(ctx, c) },
		func(c webhook.Claim) error { return c.Release(ctx) },
		func(c webhook.Claim) error { return c.Done(ctx) },
	} {
		claim, err := store.Claim(ctx, "a")
		if err != nil {
			return err
		}
		if err := end(claim); err != nil {
			return errors.Join(err, claim.Release(ctx))
		}
		if err := claim.Release(ctx); err != nil {
			return err
		}
	}
	return nil
}
