package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// list is what Redis holds of one list, beside its queue: the rows that there are, and what became of each.
type list struct {
	name string
	rdb  redis.UniversalClient
}

// job is the payload of a task: one row, and the call that it asks for.
type job struct {
	Row      string            `json:"row"`
	AgentID  string            `json:"agent_id"`
	From     string            `json:"from"`
	To       string            `json:"to"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

// kind is how a row ended.
type kind string

const (
	placed  kind = "placed"
	refused kind = "refused"
	unknown kind = "unknown"
)

// outcome is what became of a row. It holds no phone number.
type outcome struct {
	Kind   kind      `json:"kind"`
	Ref    string    `json:"ref,omitempty"`   // of the call that was placed
	Error  string    `json:"error,omitempty"` // why it was refused, or what to look at where it is unknown
	Worker string    `json:"worker,omitempty"`
	At     time.Time `json:"at"`
}

// queue is the name of the list's queue.
func (l *list) queue() string { return "fleet-" + l.name }

func (l *list) ledgerPrefix() string { return "fleet-ledger:" + l.name }

// key names one of the list's hashes. They have a tag in common, as a script that changes two needs them on one node of a cluster.
func (l *list) key(what string) string { return "fleet:{" + l.name + "}:" + what }

// registration is what Redis knew of a row before it was added.
type registration int

const (
	isNew   registration = iota
	isKnown              // and has no outcome yet
	isSettled
	isOther // the same id was given to another call before
)

// add registers a row. Its task is enqueued after that, so a row that is registered and has no task is one that the next run of enqueue mends.
func (l *list) add(ctx context.Context, row string, payload []byte) (registration, error) {
	sum := sha256.Sum256(payload)
	mark := hex.EncodeToString(sum[:8])
	var (
		added   *redis.BoolCmd
		before  *redis.StringCmd
		settled *redis.BoolCmd
	)
	_, err := l.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		added = p.HSetNX(ctx, l.key("rows"), row, mark)
		before = p.HGet(ctx, l.key("rows"), row)
		settled = p.HExists(ctx, l.key("outcomes"), row)
		return nil
	})
	switch {
	case err != nil:
		return isNew, err
	case before.Val() != mark:
		return isOther, nil
	case settled.Val():
		return isSettled, nil
	case !added.Val():
		return isKnown, nil
	}
	return isNew, nil
}

// leaveOut notes a row that no call can be made of.
func (l *list) leaveOut(ctx context.Context, name, reason string) error {
	return l.rdb.HSet(ctx, l.key("leftout"), name, reason).Err()
}

// settled tells if a row has an outcome.
func (l *list) settled(ctx context.Context, row string) (bool, error) {
	return l.rdb.HExists(ctx, l.key("outcomes"), row).Result()
}

// recordScript sets an outcome and counts it. The first stands, except that placed takes the place of another: a task that was
// handed out twice may find the call that its twin didn't.
var recordScript = redis.NewScript(`
local before = redis.call('HGET', KEYS[1], ARGV[1])
if before then
	local kind = cjson.decode(before).kind
	if kind == 'placed' or ARGV[2] ~= 'placed' then return 0 end
	redis.call('HINCRBY', KEYS[2], kind, -1)
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('HINCRBY', KEYS[2], ARGV[2], 1)
return 1`)

// record notes a row's outcome. Doing so again, or in two workers, changes nothing.
func (l *list) record(ctx context.Context, row string, o outcome) error {
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return recordScript.Run(ctx, l.rdb, []string{l.key("outcomes"), l.key("counts")}, row, string(o.Kind), data).Err()
}

// tally is how far a list is.
type tally struct {
	rows, leftOut            int
	placed, refused, unknown int
}

func (t tally) settled() int { return t.placed + t.refused + t.unknown }
func (t tally) waiting() int { return t.rows - t.settled() }

func (l *list) tally(ctx context.Context) (tally, error) {
	var (
		rows, leftOut *redis.IntCmd
		counts        *redis.MapStringStringCmd
	)
	// In one transaction, or a row could be counted before it is there.
	_, err := l.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		rows = p.HLen(ctx, l.key("rows"))
		leftOut = p.HLen(ctx, l.key("leftout"))
		counts = p.HGetAll(ctx, l.key("counts"))
		return nil
	})
	if err != nil {
		return tally{}, err
	}
	t := tally{rows: int(rows.Val()), leftOut: int(leftOut.Val())}
	for k, n := range map[kind]*int{placed: &t.placed, refused: &t.refused, unknown: &t.unknown} {
		if *n, err = strconv.Atoi(counts.Val()[string(k)]); err != nil {
			*n = 0 // none of that kind yet
		}
	}
	return t, nil
}

const scanBatch = 1000

// outcomes calls f for every row that has one, without reading all of them at once. A row may come twice.
func (l *list) outcomes(ctx context.Context, f func(row string, o outcome) error) error {
	for cursor := uint64(0); ; {
		pairs, next, err := l.rdb.HScan(ctx, l.key("outcomes"), cursor, "", scanBatch).Result()
		if err != nil {
			return err
		}
		for i := 0; i+1 < len(pairs); i += 2 {
			var o outcome
			if err := json.Unmarshal([]byte(pairs[i+1]), &o); err != nil {
				return fmt.Errorf("the outcome of row %s: %w", pairs[i], err)
			}
			if err := f(pairs[i], o); err != nil {
				return err
			}
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

// erase removes all that Redis holds of the list, its queue and its ledger. After that nothing keeps its rows from being dialled again.
func (l *list) erase(ctx context.Context) error {
	if err := asynq.NewInspectorFromRedisClient(l.rdb).DeleteQueue(l.queue(), true); err != nil && !errors.Is(err, asynq.ErrQueueNotFound) {
		return err
	}
	for _, tag := range []string{l.key(""), "asynq:{" + l.queue() + "}:", "{" + l.ledgerPrefix() + "}:"} {
		keys := l.rdb.Scan(ctx, 0, tag+"*", scanBatch).Iterator()
		for keys.Next(ctx) {
			if err := l.rdb.Unlink(ctx, keys.Val()).Err(); err != nil {
				return err
			}
		}
		if err := keys.Err(); err != nil {
			return err
		}
	}
	return nil
}

// await returns when Redis answers, or ctx ends.
func (l *list) await(ctx context.Context) error {
	for {
		err := l.rdb.Ping(ctx).Err()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(time.Second):
		}
	}
}
