package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// seen is a request that reached the server.
type seen struct {
	method, path, contentType, auth string
	body                            []byte
}

// All sides do the same work: they send the same requests with the same bodies, and decode the
// answers.
func TestSidesDoTheSameWork(t *testing.T) {
	for _, s := range sides() {
		t.Run(s.name, func(t *testing.T) {
			service := newService()
			var got []seen
			url, stop, err := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				assert.NoError(t, err)
				got = append(got, seen{r.Method, r.URL.Path[len("/v1"):], r.Header.Get("Content-Type"), r.Header.Get("Authorization"), body})
				r.Body = io.NopCloser(bytes.NewReader(body))
				service.ServeHTTP(w, r)
			}))
			require.NoError(t, err)
			defer stop()
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			c, err := s.open(config{url: url, transport: transport})
			require.NoError(t, err)

			require.NoError(t, c.get(t.Context()))
			require.NoError(t, c.create(t.Context()))
			require.NoError(t, c.list(t.Context()))
			require.NoError(t, c.campaign(t.Context()))

			require.Len(t, got, 4)
			for i, want := range []struct {
				method, path string
				body         any
			}{{"GET", "/calls/call_1", nil}, {"POST", "/call", callBody}, {"GET", "/calls", nil}, {"POST", "/campaigns", campaignBody}} {
				assert.Equal(t, want.method, got[i].method)
				assert.Equal(t, want.path, got[i].path)
				assert.Equal(t, "Bearer "+key, got[i].auth)
				if want.body == nil {
					assert.Empty(t, got[i].body)
					continue
				}
				assert.Contains(t, got[i].contentType, "application/json")
				encoded, err := json.Marshal(want.body)
				require.NoError(t, err)
				assert.JSONEq(t, string(encoded), string(got[i].body))
			}
		})
	}
}

// An answer that wasn't decoded would be quick, and no work.
func TestWorkThatIsNotDoneIsAnError(t *testing.T) {
	for _, s := range sides() {
		t.Run(s.name, func(t *testing.T) {
			empty := newService()
			empty.record, empty.page = `{"data":{}}`, `{"data":[]}`
			c, err := s.open(config{url: "https://memory.test", transport: empty})
			require.NoError(t, err)
			require.ErrorIs(t, c.get(t.Context()), errIncomplete)
			require.ErrorIs(t, c.list(t.Context()), errIncomplete)
		})
	}
}

func TestThreeAttempts(t *testing.T) {
	for _, s := range sides() {
		t.Run(s.name, func(t *testing.T) {
			failing := newService()
			failing.failures = retries
			c, err := s.open(config{url: "https://memory.test", transport: failing, atOnce: true})
			require.NoError(t, err)
			err = c.campaign(t.Context())
			if s.oneAttempt != "" {
				require.Error(t, err)
				require.EqualValues(t, 1, failing.requests.Load())
				return
			}
			require.NoError(t, err)
			require.EqualValues(t, 1+retries, failing.requests.Load())
		})
	}
}

func TestSizes(t *testing.T) {
	encoded, err := json.Marshal(callBody)
	require.NoError(t, err)
	assert.InDelta(t, 1024, len(encoded), 100)
	assert.InDelta(t, 2_000_000, campaignSize, 100_000)
	assert.True(t, json.Valid([]byte(recordAnswer())))
	assert.True(t, json.Valid([]byte(pageAnswer())))
}
