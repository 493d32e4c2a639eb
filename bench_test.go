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
	"time"

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

// rawCall is what a hand-written client would decode into: the same fields, with the standard library's types.
type rawCall struct {
	ID              string         `json:"id"`
	SessionID       string         `json:"session_id"`
	AgentID         string         `json:"agent_id"`
	AgentType       string         `json:"agent_type"`
	PhoneNumber     string         `json:"phone_number"`
	SourceNumber    string         `json:"source_number"`
	Direction       string         `json:"direction"`
	Status          string         `json:"status"`
	StartedAt       *time.Time     `json:"started_at"`
	EndedAt         *time.Time     `json:"ended_at"`
	CreatedAt       *time.Time     `json:"created_at"`
	DurationSeconds *float64       `json:"duration_seconds"`
	DurationMinutes *float64       `json:"duration_minutes"`
	Sentiment       string         `json:"sentiment"`
	Summary         string         `json:"call_summary"`
	EndReason       string         `json:"call_end_reason"`
	EndedBy         string         `json:"ended_by"`
	Details         *rawDetails    `json:"details_collection"`
	Transcript      []rawUtterance `json:"transcript"`
	RecordingURL    string         `json:"recording_url"`
	Metadata        map[string]any `json:"metadata"`
	Variables       map[string]any `json:"variables"`
	AICost          *float64       `json:"ai_cost"`
	TelephonyCost   *float64       `json:"telephony_cost"`
	TotalCost       *float64       `json:"total_cost"`
	Handover        bool           `json:"handover"`
}

type rawDetails struct {
	Status           string         `json:"status"`
	Score            *float64       `json:"score"`
	CollectedDetails []string       `json:"collected_details"`
	CollectedValues  map[string]any `json:"collected_values"`
}

type rawUtterance struct {
	Role      string `json:"role"`
	Content   string `json:"content"`
	Timestamp string `json:"timestamp"`
}

type rawEnvelope[T any] struct {
	Success   *bool  `json:"success"`
	Data      T      `json:"data"`
	RequestID string `json:"request_id"`
	Timestamp string `json:"timestamp"`
}

// rawGet is a careful hand-written GET: no retries, no limiter.
func rawGet[T any](b *testing.B, client *http.Client, url string) T {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
	require.NoError(b, err)
	return rawDo[T](b, client, req)
}

func rawPost[T any](b *testing.B, client *http.Client, url string, body any) T {
	b.Helper()
	encoded, err := json.Marshal(body)
	require.NoError(b, err)
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, bytes.NewReader(encoded))
	require.NoError(b, err)
	req.Header.Set("Content-Type", "application/json")
	return rawDo[T](b, client, req)
}

func rawDo[T any](b *testing.B, client *http.Client, req *http.Request) T {
	b.Helper()
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
				rawGet[rawCall](b, plain, url+"/calls/call_1")
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
				rawPost[rawCall](b, plain, url+"/call", body)
			}
		})
	}
}

// benchContacts is a list of 2,000 contacts, about 2 MB as JSON.
func benchContacts() []voiceagent.Contact {
	contacts := make([]voiceagent.Contact, 2000)
	for i := range contacts {
		contacts[i] = voiceagent.Contact{"phone": fmt.Sprintf("+9198765%05d", i), "name": "Asha Rao", "notes": strings.Repeat("n", 950)}
	}
	return contacts
}

func BenchmarkPost2MB(b *testing.B) {
	params := voiceagent.CampaignCreateParams{Name: "January", AgentID: "agent_1", From: "+15550100000", Contacts: benchContacts()}
	body := map[string]any{"name": params.Name, "agent_id": params.AgentID, "phone_number": params.From, "phone_column": "phone", "contacts": params.Contacts}
	for _, where := range []string{"memory", "loopback"} {
		client, plain, url := benchClients(b, where, benchAnswer)
		b.Run("in="+where+"/by=client", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.Campaigns.Create(b.Context(), params); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("in="+where+"/by=hand", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rawPost[rawCall](b, plain, url+"/campaigns", body)
			}
		})
	}
}

// benchPage is a page of 100 calls with transcripts.
func benchPage(tb testing.TB) string {
	tb.Helper()
	var call map[string]any
	require.NoError(tb, json.Unmarshal([]byte(benchAnswer), &struct{ Data *map[string]any }{&call}))
	var transcript []map[string]any
	for i := range 20 {
		transcript = append(transcript, map[string]any{"role": []string{"agent", "user"}[i%2], "content": "I would like to know more about it.",
			"timestamp": fmt.Sprintf("10:27:%02d", i)})
	}
	call["transcript"] = transcript
	var calls []map[string]any
	for range 100 {
		calls = append(calls, call)
	}
	page, err := json.Marshal(map[string]any{"success": true, "data": calls, "total": 100, "page": 1, "page_size": 100, "has_more": false,
		"request_id": "req_1", "timestamp": "2025-01-01T12:00:00Z"})
	require.NoError(tb, err)
	return string(page)
}

// BenchmarkListPage reads a page of 100 calls with transcripts.
func BenchmarkListPage(b *testing.B) {
	page := benchPage(b)
	client, plain, url := benchClients(b, "memory", page)
	b.Run("by=client", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if got, err := client.Calls.List(b.Context(), voiceagent.CallListParams{}); err != nil || len(got.Data) != 100 {
				b.Fatal(err)
			}
		}
	})
	b.Run("by=hand", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if len(rawGet[[]rawCall](b, plain, url+"/calls")) != 100 {
				b.Fatal("calls are missing")
			}
		}
	})
}
