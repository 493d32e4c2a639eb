package redisvoiceagent

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// step is one run of the script.
type step struct {
	stepContext
	request stepRequest
	report  report // what the request says of answers
}

// stepContext is a context with a deadline and without a timer of its own.
type stepContext struct {
	context.Context
	deadline time.Time
	done     chan struct{}
}

func (c *stepContext) Deadline() (time.Time, bool) { return c.deadline, true }
func (c *stepContext) Done() <-chan struct{}       { return c.done }

func (c *stepContext) Err() error {
	select {
	case <-c.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// heedsContext reports whether a client's commands end when their context does. By default they
// have timeouts of their own, of seconds.
func heedsContext(rdb redis.UniversalClient) bool {
	switch client := rdb.(type) {
	case *redis.Client:
		return client.Options().ContextTimeoutEnabled
	case *redis.ClusterClient:
		return client.Options().ContextTimeoutEnabled
	}
	return false
}

// wantsNoMore is what a process wants that has ended.
const wantsNoMore = -1

// stepRequest is what a process asks for in a step, and what it reports. Times are durations in
// milliseconds.
type stepRequest struct {
	// The process.
	id       string
	seq      int64
	inUse    int  // permits
	want     int  // more of them, or wantsNoMore
	guess    int  // the plan's limit, or 0
	returned bool // some permit was given back unused

	// What its answers have reported, see report.
	released bool
	answered bool
	untold   int
	bare     int
	refused  refusal
	throttle sentWindow
	window   *sentWindow
}

// sentWindow is a window as it is sent.
type sentWindow struct {
	name      int64 // its reset as the server wrote it, Unix milliseconds; 0 when it wrote a duration
	resetIn   int64
	limit     int
	remaining int
	opener    bool
}

// encode writes it as the script reads it.
func (r *stepRequest) encode() []byte {
	b := append(make([]byte, 0, 192), `["`...)
	b = append(append(b, r.id...), '"')
	b = appendNumbers(b, r.seq, int64(r.inUse), int64(r.want), int64(r.guess), oneIf(r.returned), oneIf(r.released), oneIf(r.answered),
		int64(r.untold), int64(r.bare), int64(r.refused), r.throttle.name, r.throttle.resetIn, int64(r.throttle.limit))
	if w := r.window; w != nil {
		b = appendNumbers(b, w.name, w.resetIn, int64(w.limit), int64(w.remaining), oneIf(w.opener))
	}
	return append(b, ']')
}

func appendNumbers(b []byte, numbers ...int64) []byte {
	for _, n := range numbers {
		b = strconv.AppendInt(append(b, ','), n, 10)
	}
	return b
}

func oneIf(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// stepReply is the answer to a step.
type stepReply struct {
	granted   int           // may be sent now
	closedFor time.Duration // nobody may go for so long
	free      int           // that all processes together may still send
	inFlight  int           // of all processes
	resetIn   time.Duration // until the window ends; 0 when it isn't known
	window    int64         // the name of the last one that is known; 0 for none
	limit     int
	processes int // that share the budget, at least 1
	waiting   int // callers in the others
}

func sendStep(ctx context.Context, rdb redis.UniversalClient, key string, r stepRequest) (stepReply, error) {
	values, err := limiterStep.Run(ctx, rdb, []string{key}, r.encode()).Int64Slice()
	switch {
	case err != nil:
		return stepReply{}, err
	case len(values) != 9:
		return stepReply{}, fmt.Errorf("the script answered with %d values", len(values))
	}
	return stepReply{
		granted:   int(values[0]),
		closedFor: time.Duration(values[1]) * time.Millisecond,
		free:      int(values[2]),
		inFlight:  int(values[3]),
		resetIn:   time.Duration(values[4]) * time.Millisecond,
		window:    values[5],
		limit:     int(values[6]),
		processes: max(1, int(values[7])),
		waiting:   int(values[8]),
	}, nil
}
