package voiceagent_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// The benchmarks put the client beside hand-written net/http with encoding/json, on the same work in the same run. Compare the pairs,
// not runs: go test -run '^$' -bench . -benchmem -count 6 | benchstat -col /by -

const benchAnswer = `{"success":true,"data":{"id":"call_1","session_id":"sess_1","agent_id":"9b2f3c1e-0000-4000-8000-000000000001",` +
	`"agent_type":"sales","phone_number":"+919876543210","direction":"outbound","status":"completed","duration_seconds":180,` +
	`"duration_minutes":3.0,"started_at":"2025-01-15T10:27:00Z","ended_at":"2025-01-15T10:30:00Z","sentiment":"positive",` +
	`"call_summary":"The customer asked for a callback on Monday and wants the offer by mail.","call_end_reason":"agent_ended",` +
	`"ended_by":"agent","details_collection":{"status":"partial","score":0.75,"collected_details":["full_name","email"],` +
	`"collected_values":{"full_name":"Rahul Sharma","email":"rahul@example.com"}},` +
	`"recording_url":"https://storage.example.com/recordings/call_1.wav","metadata":{"customer_name":"Rahul"},` +
	`"ai_cost":0.02,"telephony_cost":0.05,"total_cost":0.07},"request_id":"req_abc123","timestamp":"2025-01-01T12:00:00Z"}`

// answering is a transport in memory that always gives the same answer, as cheaply as it can.
type answering struct{ body string }

var benchHeader = http.Header{
	"Content-Type":          {"application/json"},
	"Date":                  {"Wed, 01 Jan 2025 12:00:00 GMT"},
	"X-Ratelimit-Limit":     {"1000000"},
	"X-Ratelimit-Remaining": {"999999"},
	"X-Ratelimit-Reset":     {"1735732860"},
}

func (a answering) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_, _ = io.Copy(io.Discard, req.Body)
		_ = req.Body.Close()
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: benchHeader, Body: io.NopCloser(strings.NewReader(a.body)), ContentLength: int64(len(a.body)), Request: req,
	}, nil
}

// rawCall is the struct that a hand-written client would decode into.
type rawEnvelope[T any] struct {
	Success   *bool  `json:"success"`
	Data      T      `json:"data"`
	RequestID string `json:"request_id"`
	Timestamp string `json:"timestamp"`
}

// rawGet is a careful hand-written GET: no retries, no limiter.
func rawGet[T any](b *testing.B, client *http.Client, url string) T {
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
	require.NoError(b, err)
	return rawDo[T](b, client, req)
}

func rawPost[T any](b *testing.B, client *http.Client, url string, body any) T {
	encoded, err := json.Marshal(body)
	require.NoError(b, err)
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, bytes.NewReader(encoded))
	require.NoError(b, err)
	req.Header.Set("Content-Type", "application/json")
	return rawDo[T](b, client, req)
}

func rawDo[T any](b *testing.B, client *http.Client, req *http.Request) T {
	req.Header.Set("Authorization", "Bearer lev_bench")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "bench")
	resp, err := client.Do(req)
	require.NoError(b, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(b, err)
	if resp.StatusCode != http.StatusOK {
		b.Fatal(resp.Status)
	}
	var env rawEnvelope[T]
	require.NoError(b, json.Unmarshal(body, &env))
	return env.Data
}

// benchClients gives both sides a transport of the same kind: in memory, or over loopback.
func benchClients(b *testing.B, where, answer string) (*voiceagent.Client, *http.Client, string) {
	b.Helper()
	url := "https://api.test/v1"
	var ours, theirs http.RoundTripper = answering{answer}, answering{answer}
	if where == "loopback" {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header()["Content-Type"] = []string{"application/json"}
			_, _ = io.WriteString(w, answer)
		}))
		b.Cleanup(server.Close)
		url = server.URL
		own, other := http.DefaultTransport.(*http.Transport).Clone(), http.DefaultTransport.(*http.Transport).Clone()
		own.MaxIdleConnsPerHost, other.MaxIdleConnsPerHost = 100, 100
		b.Cleanup(own.CloseIdleConnections)
		b.Cleanup(other.CloseIdleConnections)
		ours, theirs = own, other
	}
	client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_bench"), voiceagent.WithBaseURL(url),
		voiceagent.WithHTTPClient(&http.Client{Transport: ours}))
	require.NoError(b, err)
	return client, &http.Client{Transport: theirs}, url
}

func BenchmarkGet(b *testing.B) {
	for _, where := range []string{"memory", "loopback"} {
		client, plain, url := benchClients(b, where, benchAnswer)
		b.Run("in="+where+"/by=client", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.Calls.Get(b.Context(), "call_1"); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("in="+where+"/by=hand", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rawGet[voiceagent.Call](b, plain, url+"/calls/call_1")
			}
		})
	}
}

// benchCall is about 1 KB as JSON.
func benchCall() voiceagent.CallCreateParams {
	metadata := make(map[string]any)
	for i := range 16 {
		metadata[fmt.Sprintf("field_%02d", i)] = strings.Repeat("x", 40)
	}
	return voiceagent.CallCreateParams{
		AgentID: "9b2f3c1e-0000-4000-8000-000000000001", From: "+15550100000", To: "+919876543210", Metadata: metadata,
	}
}

type rawCallBody struct {
	AgentID  string         `json:"agent_id"`
	From     string         `json:"source_number"`
	To       string         `json:"phone_number"`
	Metadata map[string]any `json:"metadata,omitempty"`
}

func BenchmarkPost1KB(b *testing.B) {
	params := benchCall()
	body := rawCallBody{params.AgentID, params.From, params.To, params.Metadata}
	for _, where := range []string{"memory", "loopback"} {
		client, plain, url := benchClients(b, where, benchAnswer)
		b.Run("in="+where+"/by=client", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.Calls.Create(b.Context(), params); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("in="+where+"/by=hand", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rawPost[voiceagent.Call](b, plain, url+"/call", body)
			}
		})
	}
}
