package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
)

const (
	hands    = 4               // rows that a worker has in hand
	callTime = 3 * time.Minute // a call with all its attempts, and its waits for the rate limit
)

// workerName returns the name of the worker that is a process of this machine.
func workerName(pid int) string {
	host, _ := os.Hostname()
	return fmt.Sprintf("%s:%d", host, pid)
}

// work places calls until ctx ends, and then lets those that are under way come to their end.
func work(ctx context.Context, q *queue) error {
	// The limiter and the ledger are those of all workers. The lease is shorter than it takes until a
	// dead worker's rows are handed out again: they would be busy otherwise.
	client, err := voiceagent.NewClient(
		voiceagent.WithMaxElapsed(callTime),
		voiceagent.WithLimiter(redisvoiceagent.NewLimiter(q.rdb, redisvoiceagent.LimiterParams{})),
		voiceagent.WithLedger(redisvoiceagent.NewLedger(q.rdb, redisvoiceagent.LedgerParams{Prefix: "fleet-ledger:" + q.list, Lease: stale / 2})),
		voiceagent.WithSettleTime(5*time.Second), // the simulator lists a call at once; leave out before the real API
	)
	if err != nil {
		return err
	}
	err = q.rdb.XGroupCreateMkStream(ctx, q.rows(), group, "0").Err()
	if err != nil && !strings.HasPrefix(err.Error(), "BUSYGROUP") { // it exists
		return err
	}
	var all sync.WaitGroup
	for range hands {
		all.Go(func() {
			for ctx.Err() == nil {
				if err := placeNext(ctx, q, client); err != nil && ctx.Err() == nil {
					slog.Warn("again later", "worker", os.Getpid(), "error", err)
					pause(ctx, time.Second)
				}
			}
		})
	}
	all.Wait()
	return nil
}

// placeNext places the call of one row. If it returns an error, the row is handed out again.
func placeNext(ctx context.Context, q *queue, client *voiceagent.Client) error {
	id, r, err := q.next(ctx, workerName(os.Getpid()))
	if err != nil || id == "" {
		return err
	}
	// The worker may be asked to end, but a call that has begun is not broken off.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime)
	defer cancel()
	call, err := client.Calls.Create(ctx, r.Call, voiceagent.WithIdempotencyKey(q.list+"/"+r.ID))
	outcome, settled := judge(call, err)
	if !settled {
		return fmt.Errorf("row %s: %w", r.ID, err)
	}
	return q.settle(ctx, id, r, outcome)
}

// judge returns what became of a row; false if it should be tried again.
//
//	placed     there is a call, whose id follows
//	unknown    ErrOutcomeUnknown: a person has to look, and nobody dials it again
//	refused    the API, or the client before it, says that this call can't be made
//	try again  nothing is wrong with the row: Redis was away, another worker is at it, or the API
//	           couldn't be reached, is too busy or broken, or doesn't accept the key
func judge(call *voiceagent.Call, err error) (outcome string, settled bool) {
	if err == nil {
		return "placed " + call.Ref(), true
	}
	// An unknown outcome is the first to be asked for, as its error is of another type too.
	if errors.Is(err, voiceagent.ErrOutcomeUnknown) {
		return "unknown " + err.Error(), true
	}
	api, isAPI := errors.AsType[*voiceagent.APIError](err)
	_, limited := errors.AsType[*voiceagent.RateLimitError](err)
	_, noCredits := errors.AsType[*voiceagent.QuotaExceededError](err)
	switch {
	case !isAPI, limited:
		return "", false
	case noCredits: // whatever the status
	case api.StatusCode >= http.StatusInternalServerError, api.StatusCode == http.StatusUnauthorized:
		return "", false
	}
	return "refused " + err.Error(), true
}
