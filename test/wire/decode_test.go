package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// unreadable are the 2xx bodies that hold no agent, each as one object and as a list would have it.
var unreadable = map[string]string{
	"no data":              `{"success":true,"request_id":"req_1"}`,
	"null data":            `{"success":true,"data":null,"request_id":"req_1"}`,
	"data is a text":       `{"success":true,"data":"ag_1","request_id":"req_1"}`,
	"data is None":         `{"success":true,"data":"None","request_id":"req_1"}`,
	"data is a number":     `{"success":true,"data":7,"request_id":"req_1"}`,
	"data is true":         `{"success":true,"data":true,"request_id":"req_1"}`,
	"data is a wrong list": `{"success":true,"data":[["ag_1"]],"request_id":"req_1"}`,
	"no envelope":          `{"id":"ag_1","name":"Reception","request_id":"req_1"}`,
	"another envelope":     `{"result":{"id":"ag_1"},"request_id":"req_1"}`,
	"empty object":         `{}`,
	"empty":                ``,
	"spaces":               " \n",
	"null":                 `null`,
	"cut off":              `{"success":true,"request_id":"req_1","data":{"id":"ag_1","na`,
	"cut off at the end":   `{"success":true,"request_id":"req_1","data":{"id":"ag_1"}`,
	"html":                 `<html>Sign in to the wireless network</html>`,
	"list":                 `[{"id":"ag_1"}]`,
	"text":                 `"ag_1"`,
	"more after it":        `{"data":{"id":"ag_1"},"request_id":"req_1"}{"data":{"id":"ag_2"}}`,
}

// A 2xx without what is due is an error, and never an empty result.
func TestUnreadableAnswers(t *testing.T) {
	t.Parallel()
	bodies := map[string]string{
		"list: object":      `{"data":{"id":"ag_1"},"request_id":"req_1"}`,
		"single: list":      `{"data":[{"id":"ag_1"}],"request_id":"req_1"}`,
		"single: two ahead": `{"data":[[]],"request_id":"req_1"}`,
	}
	for name, body := range unreadable {
		bodies["single: "+name], bodies["list: "+name] = body, body
	}
	for name, body := range bodies {
		form, _, _ := strings.Cut(name, ":")
		for _, status := range []int{200, 201} {
			for _, m := range testkit.Methods {
				isList := m.Method == http.MethodGet && strings.HasSuffix(m.Name, "List") || strings.HasSuffix(m.Name, "All")
				due := strings.HasSuffix(m.Name, "Create") || strings.HasSuffix(m.Name, "Get") || strings.HasSuffix(m.Name, "Update") || isList
				if !due || isList != (form == "list") {
					continue
				}
				err := m.Call(t.Context(), testkit.NewAnswering(t, status, body))
				decode, ok := errors.AsType[*voiceagent.DecodeError](err)
				require.True(t, ok, "%s, %s: %T %v", m.Name, name, err, err)
				assert.Equal(t, status, decode.StatusCode)
				assert.Equal(t, body, string(decode.Body))
				assert.Equal(t, m.Route, decode.Route)
				assert.Len(t, decode.Attempts, 1)
				assert.Equal(t, m.Method == http.MethodPost, errors.Is(err, voiceagent.ErrOutcomeUnknown), "%s, %s", m.Name, name)
				if strings.Contains(body, "req_1") {
					assert.Equal(t, "req_1", decode.RequestID, "%s, %s", m.Name, name)
					assert.Equal(t, "req_1", decode.Attempts[0].RequestID)
				}
				assert.NotContains(t, err.Error(), "\n")
				_, isAPI := errors.AsType[*voiceagent.APIError](err)
				assert.False(t, isAPI)
			}
		}
	}
}

func TestDecodeErrorTellsTheResponse(t *testing.T) {
	t.Parallel()
	var response voiceagent.Response
	_, err := testkit.NewAnswering(t, 200, `{"request_id":"req_body"}`, "X-Request-Id", "req_head").
		Agents.Get(t.Context(), "ag_1", voiceagent.WithResponse(&response))
	decode, ok := errors.AsType[*voiceagent.DecodeError](err)
	require.True(t, ok)
	assert.Equal(t, "req_body", decode.RequestID)
	assert.Equal(t, "req_body", response.RequestID)
	assert.Equal(t, 200, response.StatusCode)
	assert.Equal(t, decode.Attempts, response.Attempts)

	_, err = testkit.NewAnswering(t, 200, `{`, "X-Request-Id", "req_head").Agents.Get(t.Context(), "ag_1")
	decode, _ = errors.AsType[*voiceagent.DecodeError](err)
	assert.Equal(t, "req_head", decode.RequestID)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

// A list that is empty is an answer.
func TestEmptyListIsNoError(t *testing.T) {
	t.Parallel()
	page, err := testkit.NewAnswering(t, 200, `{"data":[],"total":0}`).Agents.List(t.Context(), voiceagent.AgentListParams{})
	require.NoError(t, err)
	assert.Empty(t, page.Data)
	assert.False(t, page.HasMore)
}

func TestSuccessStatuses(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 201, 202, 203} {
		client := testkit.NewAnswering(t, status, `{"data":{"id":"x_1"}}`)
		agent, err := client.Agents.Create(t.Context(), testkit.ValidAgent())
		require.NoError(t, err)
		assert.Equal(t, "x_1", agent.ID)
		call, err := client.Calls.Create(t.Context(), testkit.ValidCall())
		require.NoError(t, err)
		assert.Equal(t, "x_1", call.ID)
	}
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"204":              {204, ""},
		"200 empty":        {200, ""},
		"200 message":      {200, `{"success":true,"message":"deleted"}`},
		"200 the agent":    {200, `{"data":{"id":"ag_1"}}`},
		"200 null":         {200, `null`},
		"200 success null": {200, `{"success":null,"data":null}`},
	} {
		require.NoError(t, testkit.NewAnswering(t, c.status, c.body).Agents.Delete(t.Context(), "ag_1"), name)
	}
	_, err := testkit.NewAnswering(t, 204, "").Agents.Get(t.Context(), "ag_1")
	_, ok := errors.AsType[*voiceagent.DecodeError](err)
	assert.True(t, ok, "204 where an agent is due")
}

// An action's answer may have anything from nothing to the campaign.
func TestActionAnswers(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]voiceagent.CampaignAction{
		``: {},
		`{"success":true,"message":"Campaign paused","request_id":"req_1"}`: {Message: "Campaign paused", RequestID: "req_1"},
		`{"message":"Campaign paused","data":{"id":"cmp_1"}}`:               {Message: "Campaign paused", Campaign: &voiceagent.Campaign{ID: "cmp_1"}},
		`{"data":null}`: {},
		`{"data":""}`:   {},
	} {
		action, err := testkit.NewAnswering(t, 200, body).Campaigns.Pause(t.Context(), "cmp_1")
		require.NoError(t, err, body)
		assert.Equal(t, &want, action)
	}
	_, err := testkit.NewAnswering(t, 200, `<html>`).Campaigns.Pause(t.Context(), "cmp_1")
	_, ok := errors.AsType[*voiceagent.DecodeError](err)
	assert.True(t, ok)
}

func TestMaxResponseBytes(t *testing.T) {
	t.Parallel()
	body := `{"data":{"id":"ag_1"},"request_id":"req_1","padding":"` + strings.Repeat("x", 1000) + `"}`
	for limit, fits := range map[int64]bool{
		1: false, int64(len(body)) - 1: false, int64(len(body)): true, int64(len(body)) + 1: true, math.MaxInt64 - 1: true, math.MaxInt64: true,
	} {
		client := testkit.NewAnswering(t, 200, body)
		agent, err := client.Agents.Get(t.Context(), "ag_1", voiceagent.WithMaxResponseBytes(limit))
		if fits {
			require.NoError(t, err, limit)
			assert.Equal(t, "ag_1", agent.ID)
			continue
		}
		decode, ok := errors.AsType[*voiceagent.DecodeError](err)
		require.True(t, ok, "%d: %v", limit, err)
		assert.Contains(t, err.Error(), "WithMaxResponseBytes")
		assert.LessOrEqual(t, len(decode.Body), 4<<10)
	}
}

// An endless success ends at the limit and isn't asked for again.
func TestEndlessAnswer(t *testing.T) {
	t.Parallel()
	body := &testkit.EndlessBody{Prefix: strings.NewReader(`{"data":{"id":"`)}
	client := testkit.NewClient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
		resp, err := testkit.Answer(200, "")(req)
		resp.Body = body
		return resp, err
	}), voiceagent.WithMaxResponseBytes(1<<20))
	_, err := client.Agents.Get(t.Context(), "ag_1")
	decode, ok := errors.AsType[*voiceagent.DecodeError](err)
	require.True(t, ok)
	assert.Len(t, decode.Attempts, 1)
	assert.Len(t, decode.Body, 4<<10)
	assert.LessOrEqual(t, body.Bytes, 1<<20+1)
	assert.True(t, body.Closed)
}

// A length that isn't true, as after a middleware that unpacks, doesn't lift the limit.
func TestWrongLength(t *testing.T) {
	t.Parallel()
	for length, want := range map[int64]bool{1: true, 5: true, 100: false, 200: false} {
		body := &testkit.EndlessBody{Prefix: strings.NewReader(`{"data":{"id":"`)}
		client := testkit.NewClient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
			resp, err := testkit.Answer(200, "")(req)
			resp.Body, resp.ContentLength = body, length
			return resp, err
		}), voiceagent.WithMaxResponseBytes(99))
		_, err := client.Agents.Get(t.Context(), "ag_1")
		decode, ok := errors.AsType[*voiceagent.DecodeError](err)
		require.True(t, ok)
		assert.Contains(t, decode.Error(), "WithMaxResponseBytes")
		assert.LessOrEqual(t, body.Bytes, 100)
		assert.Equal(t, want, body.Bytes > 0, "what is too long by its own account isn't read")
		assert.True(t, body.Closed)
	}
}

// The buffers that answers are read into are reused. Decoded values must not change then.
func TestBuffersNeverLeak(t *testing.T) {
	t.Parallel()
	client := testkit.NewClient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
		id := req.URL.Path[strings.LastIndexByte(req.URL.Path, '/')+1:]
		if strings.HasPrefix(id, "bad") {
			return testkit.Answer(400, `{"detail":"`+strings.Repeat(id, 50)+`"}`)(req)
		}
		return testkit.Answer(200, fmt.Sprintf(`{"data":{"id":%q,"name":"%[2]s","new":"%[2]s","list":["%[2]s",{"deep":"%[2]s"}],`+
			`"webhook_config":{"url":"%[2]s"}},"request_id":%[1]q}`, id, strings.Repeat(id, 50)))(req)
	}))
	type kept struct {
		id    string
		agent *voiceagent.Agent
		extra string
	}
	const goroutines, rounds = 8, 40
	keep := make([][]kept, goroutines)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range rounds {
				id := fmt.Sprintf("ag_%d_%d", g, i)
				agent, err := client.Agents.Get(context.WithoutCancel(t.Context()), id)
				if !assert.NoError(t, err) {
					return
				}
				extra, _ := json.Marshal(agent.Extra)
				keep[g] = append(keep[g], kept{id, agent, string(extra)})
				_, err = client.Agents.Get(context.WithoutCancel(t.Context()), "bad"+id)
				api, ok := errors.AsType[*voiceagent.APIError](err)
				if assert.True(t, ok) {
					assert.Equal(t, strings.Repeat("bad"+id, 50), api.Message)
					assert.Equal(t, `{"detail":"`+strings.Repeat("bad"+id, 50)+`"}`, string(api.Body))
				}
			}
		})
	}
	wg.Wait()
	for _, agents := range keep {
		require.Len(t, agents, rounds)
		for _, k := range agents {
			text := strings.Repeat(k.id, 50)
			assert.Equal(t, k.id, k.agent.ID)
			assert.Equal(t, text, k.agent.Name)
			assert.Equal(t, text, k.agent.Webhook.URL)
			now, err := json.Marshal(k.agent.Extra)
			require.NoError(t, err)
			assert.Equal(t, k.extra, string(now))
			assert.JSONEq(t, fmt.Sprintf(`{"new":"%[1]s","list":["%[1]s",{"deep":"%[1]s"}]}`, text), string(now))
		}
	}
}

// An answer's keys must not reach the next attempt's result.
func TestAttemptsDoNotMix(t *testing.T) {
	t.Parallel()
	n := 0
	client := testkit.NewClient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
		if n++; n == 1 {
			return testkit.Answer(200, `{"data":{"id":"old","name":"old","stale":1,"webhook_config":{"url":"old","secret":"old"},"voice":[]}}`)(req)
		}
		return testkit.Answer(200, `{"data":{"id":"new","webhook_config":{"url":"new"}}}`)(req)
	}), voiceagent.WithRetryPolicy(again{}))
	agent, err := client.Agents.Get(t.Context(), "ag_1")
	require.NoError(t, err)
	assert.Equal(t, &voiceagent.Agent{ID: "new", Webhook: &voiceagent.WebhookConfig{URL: "new"}}, agent)
}

// again is a policy that tries again at once, whatever happened.
type again struct{}

func (again) Decide(voiceagent.Failure) voiceagent.Decision {
	return voiceagent.Decision{Retry: true, Reason: "always"}
}
