package webhook_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/voiceagent-go/voiceagent/webhook"
)

// The vendor's example with a conversation of 20 turns, about 3 KB, a session of its own each time.
func deliveries(tb testing.TB) func() (body []byte, signature string) {
	tb.Helper()
	turns := strings.Repeat(`{"role":"agent","content":"Do you have a minute to talk about your loan?","timestamp":"10:27:01"},`, 20)
	text := strings.Replace(documented, `"transcript":[`, `"transcript":[`+turns, 1)
	before, after, _ := strings.Cut(text, "call_uuid")
	var n atomic.Int64
	return func() ([]byte, string) {
		body := fmt.Appendf(nil, "%scall-%d%s", before, n.Add(1), after)
		return body, webhook.Sign(body, secret)
	}
}

func benchHandler(tb testing.TB) *webhook.Handler {
	tb.Helper()
	h := webhook.NewHandler(webhook.HandlerParams{
		Secrets: []string{secret},
		Handle:  func(context.Context, webhook.Event) error { return nil },
	})
	tb.Cleanup(func() { _ = h.Shutdown(context.Background()) })
	return h
}

func perSecond(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkServeHTTP serves each event once: it is read, verified, parsed, claimed, handled and
// recorded. The figure includes making and signing it.
func BenchmarkServeHTTP(b *testing.B) {
	h, next := benchHandler(b), deliveries(b)
	b.ReportAllocs()
	for b.Loop() {
		body, signature := next()
		req := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set(webhook.SignatureHeader, signature)
		rec := httptest.NewRecorder()
		if h.ServeHTTP(rec, req); rec.Code != http.StatusOK {
			b.Fatal(rec.Code)
		}
	}
	perSecond(b)
}

// BenchmarkHTTP is the same over loopback. The senders share the processor with the receiver.
func BenchmarkHTTP(b *testing.B) {
	h, next := benchHandler(b), deliveries(b)
	srv := httptest.NewServer(h)
	defer srv.Close()
	client := srv.Client()
	client.Transport.(*http.Transport).MaxIdleConnsPerHost = 64
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			body, signature := next()
			req, _ := http.NewRequest(http.MethodPost, srv.URL, bytes.NewReader(body))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set(webhook.SignatureHeader, signature)
			res, err := client.Do(req)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, res.Body)
			if res.Body.Close(); res.StatusCode != http.StatusOK {
				b.Error(res.Status)
				return
			}
		}
	})
	perSecond(b)
}

func BenchmarkVerify(b *testing.B) {
	body, signature := deliveries(b)()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if err := webhook.Verify(body, signature, secret); err != nil {
			b.Fatal(err)
		}
	}
}
