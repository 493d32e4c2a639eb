package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"github.com/hibiken/asynq"
	"golang.org/x/time/rate"

	"github.com/voiceagent-go/voiceagent"
)

const (
	callTime   = 3 * time.Minute // a call with all its attempts, and its waits for the rate limit
	recordTime = 30 * time.Second
	// A task must have more time than what it does, or the queue would hand it out while it still runs.
	taskTime = callTime + recordTime + 30*time.Second

	parentEnv = "FLEET_PARENT" // the process that a worker is not to outlive; unset for real workers
)

func workerCommand(ctx context.Context, args []string) error {
	var (
		at     place
		atOnce int
		set    = flag.NewFlagSet("fleet worker", flag.ContinueOnError)
	)
	at.flags(set)
	set.IntVar(&atOnce, "at-once", 4, "calls that this worker places at once; what it holds when it is killed waits for a minute, so have more workers rather")
	if err := set.Parse(args); err != nil {
		return err
	}
	if os.Getenv("VOICEAGENT_API_KEY") == "" {
		return voiceagent.ErrNoAPIKey // or each row would come back with it
	}
	l, err := at.open() // and left open: the limiter goes on for a moment, and the process ends
	if err != nil {
		return err
	}
	ctx, cancel := withParent(ctx, os.Getenv(parentEnv))
	defer cancel()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	return work(ctx, l, atOnce, log)
}

// work takes tasks until ctx ends, and then lets the calls that are under way come to their end.
func work(ctx context.Context, l *list, atOnce int, log *slog.Logger) error {
	client, err := newClient(l, log)
	if err != nil {
		return err
	}
	host, _ := os.Hostname()
	w := &worker{list: l, client: client, log: log, name: fmt.Sprintf("%s:%d", host, os.Getpid()),
		sometimes: rate.Sometimes{First: 1, Interval: 5 * time.Second}}
	if err := l.await(ctx); err != nil {
		return err
	}
	server := asynq.NewServerFromRedisClient(l.rdb, asynq.Config{
		Concurrency:              atOnce,
		Queues:                   map[string]int{l.queue(): 1},
		RetryDelayFunc:           retryDelay,
		DelayedTaskCheckInterval: time.Second,
		ShutdownTimeout:          callTime + recordTime,
		Logger:                   queueLog{log},
		LogLevel:                 asynq.ErrorLevel,
	})
	if err := server.Start(w); err != nil {
		return err
	}
	<-ctx.Done()
	server.Shutdown()
	return nil
}

// worker places the calls of one list.
type worker struct {
	list      *list
	client    *voiceagent.Client
	log       *slog.Logger
	name      string
	sometimes rate.Sometimes
}

// ProcessTask implements [asynq.Handler]. A task may be handed out twice: the ledger, which knows the row by its key, keeps that from ringing twice.
func (w *worker) ProcessTask(ctx context.Context, task *asynq.Task) error {
	var j job
	if err := json.Unmarshal(task.Payload(), &j); err != nil {
		return fmt.Errorf("no task of this program: %w: %w", err, asynq.SkipRetry)
	}
	if done, err := w.list.settled(ctx, j.Row); err != nil || done {
		return err
	}
	params := voiceagent.CallCreateParams{AgentID: j.AgentID, From: j.From, To: j.To}
	for key, value := range j.Metadata {
		if params.Metadata == nil {
			params.Metadata = map[string]any{}
		}
		params.Metadata[key] = value
	}
	call, err := w.client.Calls.Create(ctx, params, voiceagent.WithIdempotencyKey(w.list.name+"/"+j.Row))
	tries, _ := asynq.GetRetryCount(ctx)
	o, settled := judge(call, err, tries)
	if !settled {
		w.sometimes.Do(func() { w.log.Warn("a row will be tried again", "row", j.Row, "tries", tries+1, "error", err) })
		return err
	}
	o.Worker, o.At = w.name, time.Now().UTC()
	// What became of the call is true even if the queue has taken the task back in the meantime.
	recording, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	return w.list.record(recording, j.Row, o)
}

// retryDelay is how long a task waits before it is handed out again.
func retryDelay(n int, err error, _ *asynq.Task) time.Duration {
	if errors.Is(err, asynq.ErrLeaseExpired) {
		return 0 // its worker is dead, and has been for some time
	}
	if limited, ok := errors.AsType[*voiceagent.RateLimitError](err); ok {
		if wait := time.Until(limited.RetryAt); wait > 0 && wait < 2*time.Minute {
			return wait + rand.N(time.Second)
		}
	}
	wait := min(time.Second<<min(n, 10), time.Minute)
	return wait/2 + rand.N(wait/2)
}

// queueLog lets the queue log with slog.
type queueLog struct{ log *slog.Logger }

func (q queueLog) Debug(args ...any) { q.log.Debug(fmt.Sprint(args...)) }
func (q queueLog) Info(args ...any)  { q.log.Info(fmt.Sprint(args...)) }
func (q queueLog) Warn(args ...any)  { q.log.Warn(fmt.Sprint(args...)) }
func (q queueLog) Error(args ...any) { q.log.Error(fmt.Sprint(args...)) }
func (q queueLog) Fatal(args ...any) { q.log.Error(fmt.Sprint(args...)); os.Exit(1) }
