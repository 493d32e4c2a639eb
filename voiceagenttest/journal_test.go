package voiceagenttest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestJournal(t *testing.T) {
	for door, open := range doors {
		t.Run(door, func(t *testing.T) {
			var mu sync.Mutex
			var noted []Request
			a := open(t, config{onRequest: func(r Request) {
				mu.Lock()
				defer mu.Unlock()
				noted = append(noted, r)
			}})
			a.key = "lev_secret_key_9876"
			created := a.post("/agents", `{"name":"A","start_flow":"a","end_flow":"b"}`).is(200)
			a.get("/calls?status=completed&page=2").is(200)
			a.srv.Fail(Fault{Kind: DropBefore})
			_, err := a.try("POST", "/call", object{})
			require.Error(t, err)
			a.get("/calls/nothing").is(404)

			list := a.srv.Requests()
			require.Len(t, list, 4)
			first := list[0]
			assert.Equal(t, []any{"POST", "/v1/agents", "/agents", 200, Kind("")}, []any{first.Method, first.Path, first.Route, first.Status, first.Fault})
			assert.Equal(t, created.json()["request_id"], first.ID)
			assert.JSONEq(t, `{"name":"A","start_flow":"a","end_flow":"b"}`, string(first.Body))
			assert.WithinDuration(t, time.Now(), first.Time, time.Minute)
			assert.Equal(t, "completed", list[1].Query.Get("status"))
			assert.Equal(t, []any{0, DropBefore}, []any{list[2].Status, list[2].Fault})
			assert.Equal(t, []any{"/calls/{call_id}", 404}, []any{list[3].Route, list[3].Status})
			for _, r := range list {
				assert.Equal(t, "...9876", r.Header.Get("Authorization"))
				assert.NotContains(t, fmt.Sprint(r), "secret")
			}
			mu.Lock()
			defer mu.Unlock()
			assert.Equal(t, list, noted)
			assert.Equal(t, 4, a.srv.RequestCount())
		})
	}
}

func TestJournalIsBounded(t *testing.T) {
	for keep, want := range map[int][]string{
		0:  {"/v1/agents/0", "/v1/agents/1", "/v1/agents/2", "/v1/agents/3", "/v1/agents/4"},
		3:  {"/v1/agents/2", "/v1/agents/3", "/v1/agents/4"},
		9:  {"/v1/agents/0", "/v1/agents/1", "/v1/agents/2", "/v1/agents/3", "/v1/agents/4"},
		-1: nil,
	} {
		a := inMemory(t, config{keepRequests: keep})
		for i := range 5 {
			a.get(fmt.Sprint("/agents/", i))
		}
		var paths []string
		for _, r := range a.srv.Requests() {
			paths = append(paths, r.Path)
		}
		assert.Equal(t, want, paths)
		assert.Equal(t, 5, a.srv.RequestCount())
	}
}
