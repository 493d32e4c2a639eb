package webhook_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/webhook"
)

func TestShutdownDrains(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := consumer{then: takes(20 * time.Second)}
		h := receiver(t, &c, func(p *webhook.HandlerParams) { p.Workers, p.Queue = 1, 1 })
		a, b := send(h, "a"), send(h, "b")
		synctest.Wait()
		waiting := send(h, "c")
		synctest.Wait()
		time.Sleep(time.Second)
		start := time.Now()
		down := make(chan error, 1)
		go func() { down <- h.Shutdown(t.Context()) }()
		synctest.Wait()
		res := answer(h, request(ended("d")))
		assert.Equal(t, 503, res.StatusCode)
		assert.Equal(t, "1", res.Header.Get("Retry-After"))
		for _, r := range []reply{<-a, <-b, <-waiting} {
			assert.Equal(t, 503, r.status)
		}
		require.NoError(t, <-down)
		assert.Equal(t, 39*time.Second, time.Since(start), "both that had a place were handled")
		events, most := c.total()
		assert.Equal(t, []int{2, 1}, []int{events, most})
		require.NoError(t, h.Shutdown(t.Context()), "again")
		for i := range 20 {
			assert.Equal(t, reply{503, 0}, <-send(h, string(rune('e'+i))))
		}
		events, _ = c.total()
		assert.Equal(t, 2, events)
	})
}

// At its deadline Shutdown ends the context of the events that are being handled, and gives back
// the others. Neither are answered 200.
func TestShutdownAtItsDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := webhook.NewMemoryStore(0, 0)
		c := consumer{then: func(ctx context.Context, _ string, _ int) error { <-ctx.Done(); return ctx.Err() }}
		h := webhook.NewHandler(webhook.HandlerParams{Secrets: []string{secret}, Handle: c.handle, Store: store, Workers: 1})
		first := send(h, "a")
		synctest.Wait()
		second := send(h, "b")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		require.ErrorIs(t, h.Shutdown(ctx), context.DeadlineExceeded)
		assert.Equal(t, 5*time.Second, time.Since(start))
		assert.Equal(t, reply{500, 5 * time.Second}, <-first)
		assert.Equal(t, reply{503, 5 * time.Second}, <-second)
		require.NoError(t, h.Shutdown(t.Context()))
		assert.Zero(t, c.times("b"))

		// The next process gets both.
		var next consumer
		h = receiver(t, &next, func(p *webhook.HandlerParams) { p.Store = store })
		assert.Equal(t, []int{200, 200}, []int{status(h, ended("a")), status(h, ended("b"))})
		assert.Equal(t, []int{1, 1}, []int{next.times("a"), next.times("b")})
	})
}

// While another process handles the event, Shutdown doesn't wait for it.
func TestShutdownWhileAnotherHandles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := webhook.NewMemoryStore(0, 0)
		_, err := store.Claim(t.Context(), "CALL_ENDED:a")
		require.NoError(t, err)
		var c consumer
		h := receiver(t, &c, func(p *webhook.HandlerParams) { p.Store = store })
		r := send(h, "a")
		time.Sleep(2 * time.Second)
		require.NoError(t, h.Shutdown(t.Context()))
		assert.Equal(t, reply{503, 2 * time.Second}, <-r)
	})
}

// As documented, the server is shut down first and then the handler. Requests under way get their
// answers.
func TestShutdownOfAServer(t *testing.T) {
	t.Parallel()
	begun, goOn := make(chan struct{}), make(chan struct{})
	c := consumer{then: func(context.Context, string, int) error { close(begun); <-goOn; return nil }}
	h := webhook.NewHandler(webhook.HandlerParams{Secrets: []string{secret}, Handle: c.handle})
	srv := httptest.NewServer(h)
	got := make(chan int, 1)
	go func() {
		r := request(ended("a"))
		req, _ := http.NewRequest(http.MethodPost, srv.URL, r.Body)
		req.Header = r.Header
		res, err := srv.Client().Do(req)
		if err != nil {
			got <- 0
			return
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		got <- res.StatusCode
	}()
	<-begun
	down := make(chan error, 1)
	go func() {
		err := srv.Config.Shutdown(context.Background())
		if err == nil {
			err = h.Shutdown(context.Background())
		}
		down <- err
	}()
	close(goOn)
	require.NoError(t, <-down)
	assert.Equal(t, 200, <-got)
	srv.Close()
}
