package redisvoiceagent_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/redistest"
	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
	"github.com/voiceagent-go/voiceagent/webhook"
)

// What changes in a cluster while it is used. The other rules of a cluster are tested with those of
// one server.

// startCluster runs a cluster for a test that disturbs it. It keeps on disk what it is given.
func startCluster(t *testing.T) (*redistest.Cluster, *redis.ClusterClient) {
	t.Helper()
	c, err := redistest.StartCluster(3, "--appendonly", "yes", "--appendfsync", "always")
	rdb := connectTo(t, c, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	return c, rdb
}

// move is a slot on its way from one node of a cluster to another.
type move struct {
	t        *testing.T
	nodes    []*redis.Client
	slot     int
	from, to *redis.Client
	target   string // the id of to
}

// startMove begins to move the slot of a key.
func startMove(t *testing.T, c *redistest.Cluster, key string) *move {
	t.Helper()
	m := &move{t: t}
	for _, s := range c.Nodes {
		m.nodes = append(m.nodes, connect(t, s))
	}
	slot, err := m.nodes[0].ClusterKeySlot(t.Context(), key).Result()
	require.NoError(t, err)
	m.slot = int(slot)
	source := slices.IndexFunc(m.nodes, func(node *redis.Client) bool { return node.Exists(t.Context(), key).Err() == nil })
	require.GreaterOrEqual(t, source, 0)
	m.from, m.to = m.nodes[source], m.nodes[(source+1)%len(m.nodes)]
	m.target = m.id(m.to)
	m.setSlot(m.to, "IMPORTING", m.id(m.from))
	m.setSlot(m.from, "MIGRATING", m.target)
	return m
}

func (m *move) id(node *redis.Client) string {
	m.t.Helper()
	id, err := node.Do(m.t.Context(), "CLUSTER", "MYID").Text()
	require.NoError(m.t, err)
	return id
}

func (m *move) setSlot(node *redis.Client, state, id string) {
	m.t.Helper()
	require.NoError(m.t, node.Do(m.t.Context(), "CLUSTER", "SETSLOT", m.slot, state, id).Err())
}

// keys moves these keys.
func (m *move) keys(keys ...string) {
	m.t.Helper()
	host, port, err := net.SplitHostPort(m.to.Options().Addr)
	require.NoError(m.t, err)
	args := []any{"MIGRATE", host, port, "", 0, 5000, "KEYS"}
	for _, key := range keys {
		args = append(args, key)
	}
	require.NoError(m.t, m.from.Do(m.t.Context(), args...).Err())
}

// finish moves what is left, and has the target own the slot.
func (m *move) finish() {
	m.t.Helper()
	for {
		keys, err := m.from.ClusterGetKeysInSlot(m.t.Context(), m.slot, 100).Result()
		require.NoError(m.t, err)
		if len(keys) == 0 {
			break
		}
		m.keys(keys...)
	}
	m.setSlot(m.to, "NODE", m.target)
	m.setSlot(m.from, "NODE", m.target)
}

// A request that waits for its answer isn't forgotten while a part of its slot has moved: nobody
// knows then, so that a look takes nothing.
func TestClusterHalfMovedSlot(t *testing.T) {
	t.Parallel()
	c, rdb := startCluster(t)
	for i, half := range [][]string{{"entry:k"}, {"twin:t", "entry:m"}} {
		prefix := fmt.Sprint("half", i)
		l := redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{Prefix: prefix})
		takes(t, l, "k")
		takes(t, l, "m")
		m := startMove(t, c, "{"+prefix+"}:entry:k")
		for _, key := range half {
			m.keys("{" + prefix + "}:" + key)
		}
		_, err := l.Awaited(t.Context(), begun("m").Twin, "m")
		require.Error(t, err, "%v has moved", half)
		m.finish()
		require.True(t, isAwaited(t, l, "m"), "%v had moved", half)
		redisvoiceagent.Lapse(l, "k")
		require.NoError(t, l.Held(t.Context(), "k"))
		require.NoError(t, l.Finish(t.Context(), done("k", "call_1")))
		require.False(t, isAwaited(t, l, "m"), "%v had moved", half)
		require.NoError(t, l.Forget(t.Context(), "m"))
	}
}

// tally counts how often something was done under each key.
type tally struct {
	mu    sync.Mutex
	times map[string]int
}

func (c *tally) add(key string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.times == nil {
		c.times = make(map[string]int)
	}
	c.times[key] += n
}

func (c *tally) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.times)
}

// checkOnce reports what was done more than once.
func (c *tally) checkOnce(t *testing.T) {
	t.Helper()
	for key, times := range c.times {
		assert.LessOrEqual(t, times, 1, key)
	}
}

// insist repeats what fails while a cluster changes, until it returns nil or one of these errors.
func insist(t *testing.T, do func() error, ends ...error) error {
	t.Helper()
	for deadline := time.Now().Add(eventually); ; time.Sleep(time.Millisecond) {
		err := do()
		if err == nil || slices.ContainsFunc(ends, func(end error) bool { return errors.Is(err, end) }) {
			return err
		}
		if !assert.True(t, time.Now().Before(deadline), "%v", err) {
			return err
		}
	}
}

// place places the call of a row unless the other worker is at it or has done so.
func place(t *testing.T, l *redisvoiceagent.Ledger, key string, placed *tally) {
	t.Helper()
	var found bool
	err := insist(t, func() (err error) {
		_, found, err = l.Begin(t.Context(), begun(key))
		return err
	}, voiceagent.ErrLedgerBusy)
	if err != nil || found {
		placed.add(key, 0)
		return
	}
	placed.add(key, 1)
	_ = insist(t, func() error { return l.Finish(t.Context(), done(key, "call_"+key)) })
}

// handle handles an event unless the other receiver is at it or has done so.
func handle(t *testing.T, s *redisvoiceagent.WebhookStore, id string, handled *tally) {
	t.Helper()
	var claim webhook.Claim
	err := insist(t, func() (err error) {
		claim, err = s.Claim(t.Context(), id)
		return err
	}, webhook.ErrClaimed, webhook.ErrDone)
	if err != nil {
		handled.add(id, 0)
		return
	}
	handled.add(id, 1)
	assert.NoError(t, claim.Done(t.Context()))
}

// While slots move, and nodes are killed and come back, no attempt fails for the limiter, each call
// is placed once, and each event is handled once.
func TestClusterThatChanges(t *testing.T) {
	t.Parallel()
	c, rdb := startCluster(t)
	stop := make(chan struct{})
	var all sync.WaitGroup
	end := sync.OnceFunc(func() { close(stop); all.Wait() })
	defer end()
	repeat := func(do func(i int)) {
		all.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				case <-time.After(time.Millisecond):
					do(i)
				}
			}
		})
	}
	limiter := redisvoiceagent.NewLimiter(rdb, limiterParams(voiceagent.Plan{}))
	repeat(func(int) {
		if assert.NoError(t, limiter.Acquire(t.Context())) {
			limiter.Release(t.Context(), says(1_000_000, 900_000, time.Now().Add(time.Minute)))
		}
	})
	var placed, handled tally
	for range 2 { // with leases that last, however slow the machine is
		l := redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{Lease: time.Hour})
		s := redisvoiceagent.NewWebhookStore(rdb, redisvoiceagent.WebhookStoreParams{Lease: time.Hour})
		repeat(func(i int) { place(t, l, fmt.Sprint("row-", i), &placed) })
		repeat(func(i int) { handle(t, s, fmt.Sprint("event-", i), &handled) })
	}
	goOn := func() {
		t.Helper()
		rows, events := placed.len(), handled.len()
		require.Eventually(t, func() bool { return placed.len() > rows+10 && handled.len() > events+10 }, eventually, time.Millisecond)
	}
	goOn()
	for _, key := range []string{"{voiceagent:ledger}:x", "{voiceagent:webhook}:x", "{voiceagent:limit}:x"} {
		startMove(t, c, key).finish()
		goOn()
	}
	for _, node := range c.Nodes {
		require.NoError(t, node.Kill())
		require.NoError(t, node.Restart())
		require.NoError(t, c.Await())
		goOn()
	}
	end()
	l := redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{})
	placed.checkOnce(t)
	handled.checkOnce(t)
	for key, times := range placed.times {
		if standing, found := stands(t, l, key); assert.True(t, found, key) && times == 1 {
			assert.Equal(t, voiceagent.LedgerDone, standing.State, key)
		}
	}
	t.Logf("%d rows, %d events", placed.len(), handled.len())
}

// In a cluster a separate user needs a command more.
func TestClusterLeastUser(t *testing.T) {
	t.Parallel()
	c, rdb := startCluster(t)
	rules := append(leastUser(t), "+cluster|slots")
	require.NoError(t, rdb.ForEachMaster(t.Context(), func(ctx context.Context, node *redis.Client) error {
		return node.ACLSetUser(ctx, "least", append([]string{"reset", "on", ">secret"}, rules...)...).Err()
	}))
	least := redis.NewClusterClient(&redis.ClusterOptions{Addrs: c.Addrs(), Username: "least", Password: "secret"})
	defer least.Close()
	require.NoError(t, useEverything(t.Context(), least))
}
