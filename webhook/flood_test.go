package webhook_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/webhook"
)

// 10,000 deliveries of 100 events come in any order, on many connections at once. 1,000 of them are
// forged.
func TestFlood(t *testing.T) {
	t.Parallel()
	const events, copies, forged = 100, 100, 1000
	c := consumer{}
	h := receiver(t, &c, nil)
	srv := httptest.NewServer(h)
	defer srv.Close()
	srv.Client().Transport.(*http.Transport).MaxIdleConnsPerHost = 32

	requests := make([]*http.Request, 0, events*copies+forged)
	for i := range events * copies {
		requests = append(requests, request(ended(fmt.Sprint("call-", i%events))))
	}
	for i := range forged {
		requests = append(requests, forge(i))
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(requests), func(i, j int) { requests[i], requests[j] = requests[j], requests[i] })

	var next, ok, refused, other atomic.Int64
	var senders sync.WaitGroup
	for range 32 {
		senders.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(requests)); i = next.Add(1) - 1 {
				r := requests[i]
				req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, r.Body)
				req.Header, req.ContentLength = r.Header, r.ContentLength
				res, err := srv.Client().Do(req)
				if err != nil {
					other.Add(1)
					continue
				}
				res.Body.Close()
				switch res.StatusCode {
				case http.StatusOK:
					ok.Add(1)
				case http.StatusUnauthorized:
					refused.Add(1)
				default:
					other.Add(1)
				}
			}
		})
	}
	senders.Wait()
	assert.Equal(t, []int64{events * copies, forged, 0}, []int64{ok.Load(), refused.Load(), other.Load()})
	got, most := c.total()
	assert.Equal(t, []int{events, 1}, []int{got, most})
}

// forge is a delivery that nobody with the secret has signed.
func forge(i int) *http.Request {
	body := ended(fmt.Sprint("forged-", i))
	r := request(body)
	switch good := r.Header.Get(webhook.SignatureHeader); i % 6 {
	case 0:
		r.Header.Del(webhook.SignatureHeader)
	case 1:
		r.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(body), fmt.Sprint("whsec_test_other_", i)))
	case 2:
		r.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(body), ""))
	case 3: // that of another event
		r.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(ended("call-1")), secret))
	case 4: // one digit changed
		digit := map[bool]string{true: "1", false: "0"}[good[i%64] == '0']
		r.Header.Set(webhook.SignatureHeader, good[:i%64]+digit+good[i%64+1:])
	case 5: // cut off
		r.Header.Set(webhook.SignatureHeader, good[:i%64])
	}
	return r
}

// A consumer is slower than the events come in. Memory stays within its bounds, and each event that
// was answered 200 was handled.
func TestASlowConsumer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const events = 2000
		c := consumer{then: takes(100 * time.Millisecond)} // 80 a second
		h := receiver(t, &c, func(p *webhook.HandlerParams) { p.Workers, p.Queue, p.Requests = 8, 100, 400 })
		var mu sync.Mutex
		answered := make(map[string]int)
		mostWork, mostRequests := 0, 0
		var senders sync.WaitGroup
		for i := range events { // 200 a second
			session := fmt.Sprint("call-", i)
			senders.Go(func() {
				for try := 0; ; try++ { // a vendor that never gives up, to see the end of it
					got := status(h, ended(session))
					mu.Lock()
					answered[session] = got
					mu.Unlock()
					if got == 200 {
						return
					}
					time.Sleep(time.Duration(1<<min(try, 5)) * time.Second)
				}
			})
			time.Sleep(5 * time.Millisecond)
			work, requests := webhook.UnderWay(h)
			mostWork, mostRequests = max(mostWork, work), max(mostRequests, requests)
		}
		senders.Wait()
		assert.Equal(t, 108, mostWork)
		assert.Equal(t, 400, mostRequests)
		got, most := c.total()
		assert.Equal(t, []int{events, 1}, []int{got, most})
		assert.Len(t, answered, events)
	})
}

// Nothing is kept of a request that is over.
func TestNothingIsKept(t *testing.T) {
	c := consumer{}
	h := receiver(t, &c, func(p *webhook.HandlerParams) {
		p.Store = webhook.NewMemoryStore(10, 0)
		p.Handle = func(context.Context, webhook.Event) error { return nil }
	})
	round := func(from int) uint64 {
		for i := range 2000 {
			require.Equal(t, 200, status(h, ended(fmt.Sprint(from+i))))
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	first := round(0)
	assert.Less(t, round(10_000), first+1<<20)
	work, requests := webhook.UnderWay(h)
	assert.Equal(t, []int{0, 0}, []int{work, requests})
}
