package redisvoiceagent_test

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// lossyLine is a proxy between a client and Redis. It passes the next scripts on, and closes the
// connection instead of passing on their answers.
type lossyLine struct {
	addr   string
	listen net.Listener
	lose   atomic.Int32 // scripts whose answers get lost
	lost   atomic.Int32
	all    sync.WaitGroup
}

func newLossyLine(t *testing.T, addr string) *lossyLine {
	t.Helper()
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &lossyLine{addr: addr, listen: listen}
	p.all.Go(func() {
		for {
			conn, err := listen.Accept()
			if err != nil {
				return
			}
			p.all.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listen.Close()
		p.all.Wait()
	})
	return p
}

func (p *lossyLine) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.addr)
	if err != nil {
		return
	}
	defer server.Close()
	var lose atomic.Bool
	var answers sync.WaitGroup
	defer answers.Wait()
	answers.Go(func() {
		defer client.Close()
		buf := make([]byte, 64<<10)
		for {
			n, err := server.Read(buf)
			if err != nil || lose.Load() { // Redis has done it
				return
			}
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
	})
	defer server.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if bytes.Contains(bytes.ToLower(buf[:n]), []byte("evalsha")) && p.lose.Add(-1) >= 0 {
			p.lost.Add(1)
			lose.Store(true)
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

// through returns a ledger behind a lossy line, a ledger with a direct connection, and the line.
// The scripts are loaded.
func through(t *testing.T, lease time.Duration) (l, direct *redisvoiceagent.Ledger, line *lossyLine) {
	t.Helper()
	srv := startRedis(t)
	line = newLossyLine(t, srv.Addr())
	rdb := redis.NewClient(&redis.Options{Addr: line.listen.Addr().String(), MaxRetries: 3})
	t.Cleanup(func() { assert.NoError(t, rdb.Close()) })
	direct = redisvoiceagent.NewLedger(connect(t, srv), redisvoiceagent.LedgerParams{Lease: lease})
	takes(t, direct, "load")
	require.NoError(t, direct.Finish(t.Context(), unknown("load")))
	takes(t, direct, "load")
	redisvoiceagent.Lapse(direct, "load")
	require.NoError(t, direct.Held(t.Context(), "load"))
	require.NoError(t, direct.Await(t.Context(), "load", true))
	require.NoError(t, direct.Forget(t.Context(), "load"))
	return redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{Lease: lease}), direct, line
}

// go-redis repeats a script whose answer was lost. It then says the same as the first time.
func TestLedgerLostAnswers(t *testing.T) {
	l, direct, line := through(t, time.Hour)
	ctx := t.Context()
	losing := func(n int32) func() {
		line.lost.Store(0)
		line.lose.Store(n)
		return func() { t.Helper(); require.Equal(t, n, line.lost.Load(), "as many were lost") }
	}
	check := losing(2)
	standing, found, err := l.Begin(ctx, begun("a"))
	require.NoError(t, err)
	assert.False(t, found, "its own entry isn't one that was found")
	assert.Equal(t, begun("a"), standing)
	check()
	require.True(t, isBusy(t, direct, "a"))

	check = losing(2)
	redisvoiceagent.Lapse(l, "a")
	require.NoError(t, l.Held(ctx, "a"))
	check()

	for _, waits := range []bool{false, true} {
		check = losing(2)
		require.NoError(t, l.Await(ctx, "a", waits))
		check()
		require.Equal(t, waits, isAwaited(t, direct, "b"))
	}

	check = losing(2)
	require.NoError(t, l.Finish(ctx, unknown("a")))
	check()
	check = losing(2)
	standing, found, err = l.Begin(ctx, begun("a"))
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, unknown("a"), standing)
	check()
	require.True(t, isBusy(t, direct, "a"))

	check = losing(2)
	require.NoError(t, l.Finish(ctx, done("a", "call_1", "session_1")))
	check()
	standing, _ = stands(t, direct, "a")
	assert.Equal(t, done("a", "call_1", "session_1"), standing)

	takes(t, l, "b")
	check = losing(2)
	require.NoError(t, l.Forget(ctx, "b"))
	check()
	assert.False(t, takes(t, direct, "b"))
	require.NoError(t, direct.Forget(ctx, "b"))
}

// When every answer to a Begin is lost nothing is sent, and the key isn't busy for ever.
func TestLedgerLostBegin(t *testing.T) {
	l, direct, line := through(t, shortLease)
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	agent := srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})
	client := srv.Client(voiceagent.WithLedger(l), voiceagent.WithSettleTime(time.Second))
	create := func(key, to string) (*voiceagent.Call, error) {
		return client.Calls.Create(t.Context(), voiceagent.CallCreateParams{AgentID: agent, From: "+15550100000", To: to},
			voiceagent.WithIdempotencyKey(key))
	}
	_, err := create("row-0", "+15550100002") // so that a list can prove something
	require.NoError(t, err)
	line.lose.Store(4)
	_, err = create("row-1", "+15550100001")
	require.ErrorContains(t, err, "not sent, as the ledger did not take it down")
	require.EqualValues(t, 4, line.lost.Load())
	assert.Len(t, srv.Dials(), 1)
	assert.False(t, redisvoiceagent.Renewing(l))
	_, found := stands(t, direct, "row-1")
	require.True(t, found, "Redis has taken it down")

	var made *voiceagent.Call
	require.Eventually(t, func() bool {
		made, err = create("row-1", "+15550100001")
		if err != nil {
			assert.ErrorIs(t, err, voiceagent.ErrLedgerBusy)
		}
		return err == nil
	}, eventually, 10*time.Millisecond)
	assert.Len(t, srv.Dials(), 2)
	entry, _ := stands(t, direct, "row-1")
	assert.Contains(t, entry.IDs, made.Ref())
}

// If every answer to a Finish is lost, the caller and the ledger still have the call.
func TestLedgerLostFinish(t *testing.T) {
	l, direct, line := through(t, time.Hour)
	takes(t, l, "a")
	line.lose.Store(4)
	require.ErrorContains(t, l.Finish(t.Context(), done("a", "call_1")), `Finish of key "a"`)
	standing, _ := stands(t, direct, "a")
	assert.Equal(t, done("a", "call_1"), standing)
	require.NoError(t, l.Finish(t.Context(), unknown("a")), "what a client does then")
	standing, _ = stands(t, direct, "a")
	assert.Equal(t, done("a", "call_1"), standing, "it is still what was made")
}

// A repetition of an old script that comes late changes nothing that matters.
func TestLedgerRedisThatStoppedForAMoment(t *testing.T) {
	srv := startRedis(t)
	rdb := redis.NewClient(&redis.Options{Addr: srv.Addr(), ReadTimeout: 100 * time.Millisecond, MaxRetries: 2})
	defer rdb.Close()
	l, direct := redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{Lease: shortLease}), redisvoiceagent.NewLedger(connect(t, srv), redisvoiceagent.LedgerParams{})
	require.NoError(t, rdb.Ping(t.Context()).Err())
	require.NoError(t, srv.Pause())
	_, _, err := l.Begin(t.Context(), begun("a"))
	require.Error(t, err, "nothing is sent")
	require.NoError(t, srv.Resume())
	eventuallyTakes(t, direct, "a") // whatever of it arrived
	require.NoError(t, direct.Finish(t.Context(), done("a", "call_1")))
	entry, _ := stands(t, direct, "a")
	assert.Equal(t, done("a", "call_1"), entry)
}

// Recorded entries survive the death of Redis. With everysec they may not: Redis delays its writes
// while a sync is under way.
func TestLedgerRedisKilled(t *testing.T) {
	srv := startRedis(t, "--appendonly", "yes", "--appendfsync", "always")
	l := redisvoiceagent.NewLedger(connect(t, srv), redisvoiceagent.LedgerParams{})
	for i := range 5 {
		name := string(rune('a' + i))
		takes(t, l, name)
		takes(t, l, "open "+name)
		require.NoError(t, l.Finish(t.Context(), done(name, "call_"+name)))
		require.NoError(t, srv.Kill())
		require.NoError(t, srv.Restart())
	}
	for i := range 5 {
		name := string(rune('a' + i))
		standing, found := stands(t, l, name)
		assert.True(t, found)
		assert.Equal(t, done(name, "call_"+name), standing)
		require.ErrorIs(t, l.Finish(t.Context(), done("other", "call_"+name)), voiceagent.ErrLedgerTaken)
		redisvoiceagent.Lapse(l, "open "+name)
		require.NoError(t, l.Held(t.Context(), "open "+name), "so does who holds it")
		require.NoError(t, l.Forget(t.Context(), "open "+name))
	}
}
