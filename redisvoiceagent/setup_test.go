package redisvoiceagent_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/redistest"
)

const (
	soon       = 5 * time.Second  // for what takes no time, on a machine that does much else
	eventually = 30 * time.Second // for what has to happen, on any machine
)

// startRedis runs a redis-server for a test, or skips the test where none is installed; in CI it
// fails.
func startRedis(tb testing.TB, args ...string) *redistest.Server {
	tb.Helper()
	srv, err := redistest.Start(args...)
	if errors.Is(err, redistest.ErrMissing) && os.Getenv("CI") == "" {
		tb.Skip(err)
	}
	require.NoError(tb, err)
	tb.Cleanup(func() { assert.NoError(tb, srv.Close()) })
	return srv
}

// connect returns a client of a server, with the client's defaults.
func connect(tb testing.TB, srv *redistest.Server) *redis.Client {
	tb.Helper()
	return connectWith(tb, srv, redis.Options{})
}

// heeding are the options that the limiter recommends.
var heeding = redis.Options{ContextTimeoutEnabled: true}

func connectWith(tb testing.TB, srv *redistest.Server, options redis.Options) *redis.Client {
	tb.Helper()
	options.Addr = cmp.Or(options.Addr, srv.Addr())
	rdb := redis.NewClient(&options)
	tb.Cleanup(func() { assert.NoError(tb, rdb.Close()) })
	return rdb
}

// cluster is the one that tests share which don't disturb it. Each has a prefix of its own there.
var (
	cluster = sync.OnceValues(func() (*redistest.Cluster, error) {
		c, err := redistest.StartCluster(3)
		if err == nil {
			closeCluster = func() { _ = c.Close() }
		}
		return c, err
	})
	closeCluster = func() {}
)

// everywhere runs a test on a server of its own, with the default prefix, and on the cluster.
func everywhere(t *testing.T, test func(t *testing.T, connect func() redis.UniversalClient, prefix string)) {
	t.Helper()
	t.Run("one server", func(t *testing.T) {
		t.Parallel()
		srv := startRedis(t)
		test(t, func() redis.UniversalClient { return connect(t, srv) }, "")
	})
	t.Run("a cluster", func(t *testing.T) {
		t.Parallel()
		test(t, func() redis.UniversalClient { return connectCluster(t) }, rand.Text())
	})
}

// connectCluster returns a client of the shared cluster.
func connectCluster(tb testing.TB) *redis.ClusterClient {
	tb.Helper()
	c, err := cluster()
	return connectTo(tb, c, err)
}

// connectTo returns a client of a cluster that was started, or not.
func connectTo(tb testing.TB, c *redistest.Cluster, err error) *redis.ClusterClient {
	tb.Helper()
	if errors.Is(err, redistest.ErrMissing) && os.Getenv("CI") == "" {
		tb.Skip(err)
	}
	require.NoError(tb, err)
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: c.Addrs(), ContextTimeoutEnabled: true})
	tb.Cleanup(func() { assert.NoError(tb, rdb.Close()) })
	return rdb
}

// hook is called instead of each command, which next sends.
type hook func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error

func (hook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { return h(ctx, cmd, next) }
}

func (hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// counter counts commands.
type counter struct{ atomic.Int64 }

func (c *counter) hook(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
	c.Add(1)
	return next(ctx, cmd)
}

// delay delays each command.
type delay struct{ atomic.Int64 }

func (d *delay) hook(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
	time.Sleep(time.Duration(d.Load()))
	return next(ctx, cmd)
}

// logged returns a logger and what it has written.
func logged() (*slog.Logger, *lines) {
	out := new(lines)
	return slog.New(slog.NewTextHandler(out, nil)), out
}

// lines keeps what is logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lines) count(word string) int { return strings.Count(l.String(), word) }
