package voiceagenttest

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func BenchmarkTransport(b *testing.B) {
	cases := map[string]struct{ method, path, body string }{
		"health":  {"GET", "/health", ""},
		"call":    {"POST", "/call", `{"agent_id":"a","source_number":"+919240018601","phone_number":"+919876543210"}`},
		"page":    {"GET", "/calls?page_size=100&page=500", ""},
		"filter":  {"GET", "/calls?agent_id=a&from_date=2100-01-01", ""},
		"filter2": {"GET", "/calls?status=completed&page_size=1", ""},
	}
	for name, c := range cases {
		b.Run(name, func(b *testing.B) {
			s := newServer(config{keepRequests: -1})
			defer s.Close()
			s.AddAgent(NewAgent{ID: "a", Name: "A"})
			s.SeedCalls(100_000, CallSeed{AgentID: "a"})
			tr := s.Transport()
			b.ReportAllocs()
			for b.Loop() {
				req, err := http.NewRequest(c.method, "https://api.test/v1"+c.path, strings.NewReader(c.body))
				if err != nil {
					b.Fatal(err)
				}
				req.Header.Set("Authorization", "Bearer lev_bench")
				res, err := tr.RoundTrip(req)
				if err != nil {
					b.Fatal(err)
				}
				if res.StatusCode != http.StatusOK {
					b.Fatal(res.Status)
				}
				if _, err := io.Copy(io.Discard, res.Body); err != nil {
					b.Fatal(err)
				}
				res.Body.Close()
			}
		})
	}
}

func BenchmarkSeedCalls(b *testing.B) {
	for b.Loop() {
		s := newServer(config{})
		s.SeedCalls(100_000, CallSeed{})
		s.Close()
	}
}
