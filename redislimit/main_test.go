package redislimit_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/voiceagent-go/voiceagent/internal/redistest"
)

func TestMain(m *testing.M) {
	if settings := os.Getenv(envChild); settings != "" {
		os.Exit(runMember(settings))
	}
	redis.SetLogger(silent{}) // it reports each connection that fails
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil { // most tests mostly wait
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// startRedis runs a redis-server for a test, or skips the test where none is installed; in CI it fails.
func startRedis(tb testing.TB, args ...string) *redistest.Server {
	tb.Helper()
	srv, err := redistest.Start(args...)
	if errors.Is(err, redistest.ErrMissing) && os.Getenv("CI") == "" {
		tb.Skip(err)
	}
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, srv.Close()) })
	return srv
}

// connect is what a program would do: with the client's defaults, or with the option that the package recommends.
func connect(tb testing.TB, srv *redistest.Server) *redis.Client {
	tb.Helper()
	return client(tb, srv, false)
}

func connectHeeding(tb testing.TB, srv *redistest.Server) *redis.Client {
	tb.Helper()
	return client(tb, srv, true)
}

func client(tb testing.TB, srv *redistest.Server, heeding bool) *redis.Client {
	tb.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: srv.Addr(), ContextTimeoutEnabled: heeding})
	tb.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}
