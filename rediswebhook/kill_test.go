package rediswebhook_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/rediswebhook"
	"github.com/voiceagent-go/voiceagent/webhook"
)

// envRedis makes this test program a receiver that is killed in the middle of an event.
const envRedis = "REDISWEBHOOK_REDIS"

const shortLease = time.Second

func receiveAndHang() error {
	rdb := redis.NewClient(&redis.Options{Addr: os.Getenv(envRedis)})
	h := webhook.NewHandler(webhook.HandlerParams{
		Secrets: []string{secret},
		Store:   rediswebhook.New(rdb, rediswebhook.Params{Lease: shortLease}),
		Handle: func(context.Context, webhook.Event) error {
			fmt.Println("handling")
			select {}
		},
		AnswerWithin: time.Hour,
	})
	return fmt.Errorf("answered %d", status(h, "a"))
}

// A process that is killed in the middle of an event leaves it to whoever gets the vendor's repetition, as soon as its lease is over, and not before.
func TestAKilledProcess(t *testing.T) {
	t.Parallel()
	srv := startRedis(t)
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), envRedis+"="+srv.Addr())
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	said, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "handling\n", said)

	handled := 0
	store := rediswebhook.New(dial(t, srv.Addr()), rediswebhook.Params{Lease: shortLease})
	h := receiver(t, store, func(context.Context, webhook.Event) error { handled++; return nil },
		func(p *webhook.HandlerParams) { p.AnswerWithin = 2 * shortLease })
	assert.Equal(t, http.StatusServiceUnavailable, status(h, "a"), "as long as it lives its lease is renewed")
	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait())
	deadline := time.Now().Add(soon)
	for status(h, "a") != http.StatusOK { // once, unless the machine is very busy
		require.True(t, time.Now().Before(deadline))
	}
	assert.Equal(t, 1, handled)
}
