package cost_test

import (
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

// The benchmarks are for profiles of the client. The module bench compares it with other clients on
// the same work.

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

// benchClient has a transport in memory, or over loopback.
func benchClient(b *testing.B, where, answer string) *voiceagent.Client {
	b.Helper()
	url := "https://api.test/v1"
	var transport http.RoundTripper = answering{answer}
	if where == "loopback" {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header()["Content-Type"] = []string{"application/json"}
			_, _ = io.WriteString(w, answer)
		}))
		b.Cleanup(server.Close)
		url = server.URL
		own := http.DefaultTransport.(*http.Transport).Clone()
		own.MaxIdleConnsPerHost = 100
		b.Cleanup(own.CloseIdleConnections)
		transport = own
	}
	client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_bench"), voiceagent.WithBaseURL(url),
		voiceagent.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(b, err)
	return client
}

func BenchmarkGet(b *testing.B) {
	for _, where := range []string{"memory", "loopback"} {
		client := benchClient(b, where, benchAnswer)
		b.Run("in="+where, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.Calls.Get(b.Context(), "call_1"); err != nil {
					b.Fatal(err)
				}
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

func BenchmarkPost1KB(b *testing.B) {
	params := benchCall()
	for _, where := range []string{"memory", "loopback"} {
		client := benchClient(b, where, benchAnswer)
		b.Run("in="+where, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.Calls.Create(b.Context(), params); err != nil {
					b.Fatal(err)
				}
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
	for _, where := range []string{"memory", "loopback"} {
		client := benchClient(b, where, benchAnswer)
		b.Run("in="+where, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.Campaigns.Create(b.Context(), params); err != nil {
					b.Fatal(err)
				}
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
	client := benchClient(b, "memory", benchPage(b))
	b.ReportAllocs()
	for b.Loop() {
		if got, err := client.Calls.List(b.Context(), voiceagent.CallListParams{}); err != nil || len(got.Data) != 100 {
			b.Fatal(err)
		}
	}
}
