package redisvoiceagent_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
	"github.com/voiceagent-go/voiceagent/webhook"
)

const shortClaim = time.Second

func init() { programs["receive and hang"] = receiveAndHang }

// receiveAndHang is a receiver that is to be killed in the middle of an event.
func receiveAndHang(settings []byte) error {
	var addr string
	if err := json.Unmarshal(settings, &addr); err != nil {
		return err
	}
	rdb := redis.NewClient(&redis.Options{Addr: addr})
	h := webhook.NewHandler(webhook.HandlerParams{
		Secrets: []string{secret},
		Store:   redisvoiceagent.NewWebhookStore(rdb, redisvoiceagent.WebhookStoreParams{Lease: shortClaim}),
		Handle: func(context.Context, webhook.Event) error {
			fmt.Println("handling")
			select {}
		},
		AnswerWithin: time.Hour,
	})
	return fmt.Errorf("answered %d", status(h, "a"))
}

// A process is killed while it handles an event. The process that gets the vendor's repetition
// handles it when the lease is over, and not before.
func TestWebhookAKilledProcess(t *testing.T) {
	t.Parallel()
	srv := startRedis(t)
	process := child(t, "receive and hang", srv.Addr())
	out, err := process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())
	said, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "handling\n", said)

	handled := 0
	store := redisvoiceagent.NewWebhookStore(connect(t, srv), redisvoiceagent.WebhookStoreParams{Lease: shortClaim})
	h := receiver(t, store, func(context.Context, webhook.Event) error { handled++; return nil },
		func(p *webhook.HandlerParams) { p.AnswerWithin = 2 * shortClaim })
	assert.Equal(t, http.StatusServiceUnavailable, status(h, "a"), "as long as it lives its lease is renewed")
	require.NoError(t, process.Process.Kill())
	require.Error(t, process.Wait())
	deadline := time.Now().Add(eventually)
	for status(h, "a") != http.StatusOK { // once, unless the machine is very busy
		require.True(t, time.Now().Before(deadline))
	}
	assert.Equal(t, 1, handled)
}
