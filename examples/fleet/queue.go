package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/voiceagent-go/voiceagent"
)

const (
	group = "workers"
	stale = 5 * time.Second // after which another worker may take a row; minutes on a real fleet
)

// row is a call that is wanted. Its ID is its own within the list.
type row struct {
	ID   string
	Call voiceagent.CallCreateParams
}

// queue is a list in Redis: a stream of rows, which remembers who took which, and a hash of what
// became of them. A row is handed out until it is settled, sometimes to two workers at once: the
// ledger, not the queue, keeps it from being dialled twice.
type queue struct {
	rdb  redis.UniversalClient
	list string
}

// rows and outcomes are keys. They share a hash tag, and so a node of a cluster.
func (q *queue) rows() string     { return "fleet:{" + q.list + "}:rows" }
func (q *queue) outcomes() string { return "fleet:{" + q.list + "}:outcomes" }

func (q *queue) add(ctx context.Context, r row) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return q.rdb.XAdd(ctx, &redis.XAddArgs{Stream: q.rows(), Values: []any{"row", data}}).Err()
}

// next returns a row for a worker, and the id under which the queue knows it; "" if there was none
// for a second. Rows that another worker took and didn't settle come first.
func (q *queue) next(ctx context.Context, worker string) (id string, r row, err error) {
	messages, _, err := q.rdb.XAutoClaim(ctx, &redis.XAutoClaimArgs{Stream: q.rows(), Group: group, Consumer: worker,
		MinIdle: stale, Start: "0", Count: 1}).Result()
	if err == nil && len(messages) == 0 {
		var streams []redis.XStream
		streams, err = q.rdb.XReadGroup(ctx, &redis.XReadGroupArgs{Streams: []string{q.rows(), ">"}, Group: group, Consumer: worker,
			Count: 1, Block: time.Second}).Result()
		if errors.Is(err, redis.Nil) {
			return "", row{}, nil
		}
		if err == nil {
			messages = streams[0].Messages
		}
	}
	if err != nil {
		return "", row{}, err
	}
	text, _ := messages[0].Values["row"].(string)
	err = json.Unmarshal([]byte(text), &r)
	return messages[0].ID, r, err
}

// settle records what became of a row, and takes it off the queue.
func (q *queue) settle(ctx context.Context, id string, r row, outcome string) error {
	_, err := q.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, q.outcomes(), r.ID, outcome)
		p.XAck(ctx, q.rows(), group, id)
		p.XDel(ctx, q.rows(), id)
		return nil
	})
	return err
}

// await returns when n rows are settled.
func (q *queue) await(ctx context.Context, n int64) error {
	for {
		settled, err := q.rdb.HLen(ctx, q.outcomes()).Result()
		if err == nil && settled >= n {
			return nil
		}
		if pause(ctx, 20*time.Millisecond); ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
