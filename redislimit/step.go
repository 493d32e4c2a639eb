package redislimit

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed budget.lua
var source string

var script = redis.NewScript(source)

// step is one run of the script.
type step struct {
	until
	report report
	told   news // what the report says of answers
}

// until is a context with a deadline and without a timer of its own.
type until struct {
	context.Context
	deadline time.Time
	done     chan struct{}
}

func (u *until) Deadline() (time.Time, bool) { return u.deadline, true }
func (u *until) Done() <-chan struct{}       { return u.done }

func (u *until) Err() error {
	select {
	case <-u.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// heedsContext tells if a client's commands end when their context does. By default they have timeouts of their own, of seconds.
func heedsContext(rdb redis.UniversalClient) bool {
	switch client := rdb.(type) {
	case *redis.Client:
		return client.Options().ContextTimeoutEnabled
	case *redis.ClusterClient:
		return client.Options().ContextTimeoutEnabled
	}
	return false
}

// report is what a process tells of itself, and asks for, in one step. Times are durations in milliseconds.
type report struct {
	id       string
	seq      int64
	inUse    int
	want     int
	guess    int
	returned bool // some leave was given back unused
	released bool // an attempt has ended since the last step
	lost     int  // attempts without an answer
	bare     bool // an answer had no rate-limit headers
	park     int64
	known    *window // nil when no answer had any
}

// window is the budget that answers reported.
type window struct {
	name      int64 // its reset as the server wrote it, Unix milliseconds; 0 when it wrote a duration
	resetIn   int64
	limit     int
	remaining int
	opener    bool // the answer that opened the window is among them
}

// encode writes it as the script reads it.
func (r *report) encode() []byte {
	b := append(make([]byte, 0, 128), `["`...)
	b = append(append(b, r.id...), '"')
	b = appendNumbers(b, r.seq, int64(r.inUse), int64(r.want), int64(r.guess), digit(r.returned), digit(r.released), int64(r.lost), digit(r.bare), r.park)
	if w := r.known; w != nil {
		b = appendNumbers(b, w.name, w.resetIn, int64(w.limit), int64(w.remaining), digit(w.opener))
	}
	return append(b, ']')
}

func appendNumbers(b []byte, numbers ...int64) []byte {
	for _, n := range numbers {
		b = strconv.AppendInt(append(b, ','), n, 10)
	}
	return b
}

func digit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// reply is what a step came to.
type reply struct {
	granted   int           // may be sent now
	parked    time.Duration // until when nobody may
	free      int           // that all processes together may still send
	inFlight  int           // of all processes
	resetIn   time.Duration // until the window ends; 0 when it isn't known
	window    int64         // the name of the last one that is known; 0 for none
	limit     int
	processes int // that share the budget, at least 1
	waiting   int // callers in the others
}

func ask(ctx context.Context, rdb redis.UniversalClient, key string, r report) (reply, error) {
	values, err := script.Run(ctx, rdb, []string{key}, r.encode()).Int64Slice()
	switch {
	case err != nil:
		return reply{}, err
	case len(values) != 9:
		return reply{}, fmt.Errorf("the script answered with %d values", len(values))
	}
	return reply{
		granted:   int(values[0]),
		parked:    time.Duration(values[1]) * time.Millisecond,
		free:      int(values[2]),
		inFlight:  int(values[3]),
		resetIn:   time.Duration(values[4]) * time.Millisecond,
		window:    values[5],
		limit:     int(values[6]),
		processes: max(1, int(values[7])),
		waiting:   int(values[8]),
	}, nil
}
