package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/voiceagent-go/voiceagent/internal/redistest"
)

func TestMain(m *testing.M) {
	if os.Getenv(parentEnv) != "" { // a worker is this test program, started by it
		main()
		return
	}
	redis.SetLogger(quiet{})
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil { // the tests mostly wait
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// startRedis starts a Redis that keeps what it is told on the disk.
func startRedis(t *testing.T) *redistest.Server {
	t.Helper()
	server, err := redistest.Start("--appendonly", "yes")
	if errors.Is(err, redistest.ErrMissing) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	return server
}

// newList returns an empty list in a Redis of its own.
func newList(t *testing.T) *list {
	t.Helper()
	return openList(t, startRedis(t).Addr())
}

func openList(t *testing.T, addr string) *list {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { _ = rdb.Close() })
	return &list{name: "test", rdb: rdb}
}

// allOutcomes reads what became of each row.
func allOutcomes(t *testing.T, l *list) map[string]outcome {
	t.Helper()
	outcomes := map[string]outcome{}
	require.NoError(t, l.outcomes(t.Context(), func(row string, o outcome) error {
		outcomes[row] = o
		return nil
	}))
	return outcomes
}

func mustTally(t *testing.T, l *list) tally {
	t.Helper()
	got, err := l.tally(t.Context())
	require.NoError(t, err)
	return got
}

// logWriter shows a display's lines under the test's name.
type logWriter struct{ t *testing.T }

func (w logWriter) Write(p []byte) (int, error) {
	if testing.Verbose() {
		fmt.Fprintf(os.Stderr, "%s: %s", w.t.Name(), p)
	}
	return len(p), nil
}
