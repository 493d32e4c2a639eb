package errors_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// errorTypes are the typed errors by name, each with what errors.As says of it.
var errorTypes = map[string]func(error) (*voiceagent.APIError, bool){
	"BadRequest":     embedded(func(e *voiceagent.BadRequestError) *voiceagent.APIError { return e.APIError }),
	"Authentication": embedded(func(e *voiceagent.AuthenticationError) *voiceagent.APIError { return e.APIError }),
	"Permission":     embedded(func(e *voiceagent.PermissionError) *voiceagent.APIError { return e.APIError }),
	"NotFound":       embedded(func(e *voiceagent.NotFoundError) *voiceagent.APIError { return e.APIError }),
	"Conflict":       embedded(func(e *voiceagent.ConflictError) *voiceagent.APIError { return e.APIError }),
	"Validation":     embedded(func(e *voiceagent.ValidationError) *voiceagent.APIError { return e.APIError }),
	"RateLimit":      embedded(func(e *voiceagent.RateLimitError) *voiceagent.APIError { return e.APIError }),
	"QuotaExceeded":  embedded(func(e *voiceagent.QuotaExceededError) *voiceagent.APIError { return e.APIError }),
	"Server":         embedded(func(e *voiceagent.ServerError) *voiceagent.APIError { return e.APIError }),
}

func embedded[T error](inner func(T) *voiceagent.APIError) func(error) (*voiceagent.APIError, bool) {
	return func(err error) (*voiceagent.APIError, bool) {
		var target T
		if !errors.As(err, &target) {
			return nil, false
		}
		if found, ok := errors.AsType[T](err); !ok || inner(found) != inner(target) {
			return nil, false
		}
		return inner(target), true
	}
}

// typesOf returns the names of the error types that errors.As finds in err, and checks that each is
// the same error.
func typesOf(t *testing.T, err error) []string {
	t.Helper()
	api, ok := errors.AsType[*voiceagent.APIError](err)
	require.True(t, ok, "%T is no *APIError", err)
	names := []string{}
	for name, as := range errorTypes {
		if inner, ok := as(err); ok {
			assert.Same(t, api, inner, name)
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func TestErrorTypes(t *testing.T) {
	t.Parallel()
	coded := func(code string) string {
		return `{"success":false,"error":{"code":"` + code + `","message":"No."},"request_id":"req_1"}`
	}
	for _, c := range []struct {
		status   int
		body     string
		want     []string
		concrete error
		code     voiceagent.ErrorCode
	}{
		{400, coded(""), []string{"BadRequest"}, &voiceagent.BadRequestError{}, ""},
		{401, coded(""), []string{"Authentication"}, &voiceagent.AuthenticationError{}, voiceagent.CodeAuthenticationError},
		{402, coded(""), []string{}, &voiceagent.APIError{}, ""},
		{403, coded(""), []string{"Permission"}, &voiceagent.PermissionError{}, ""},
		{404, coded(""), []string{"NotFound"}, &voiceagent.NotFoundError{}, voiceagent.CodeNotFound},
		{409, coded(""), []string{"Conflict"}, &voiceagent.ConflictError{}, ""},
		{422, coded(""), []string{"Validation"}, &voiceagent.ValidationError{}, voiceagent.CodeValidationError},
		{429, coded(""), []string{"RateLimit"}, &voiceagent.RateLimitError{}, ""},
		{500, coded(""), []string{"Server"}, &voiceagent.ServerError{}, ""},
		{502, coded(""), []string{"Server"}, &voiceagent.ServerError{}, ""},
		{503, coded(""), []string{"Server"}, &voiceagent.ServerError{}, ""},
		{504, coded(""), []string{"Server"}, &voiceagent.ServerError{}, ""},
		{599, coded(""), []string{"Server"}, &voiceagent.ServerError{}, ""},
		{418, coded(""), []string{}, &voiceagent.APIError{}, ""},
		// Two at once: the vendor reuses codes across statuses.
		{409, coded("validation_error"), []string{"Conflict", "Validation"}, &voiceagent.ConflictError{}, "validation_error"},
		{400, coded("validation_error"), []string{"BadRequest", "Validation"}, &voiceagent.BadRequestError{}, "validation_error"},
		{401, `{"detail":"Invalid or expired API key"}`, []string{"Authentication"}, &voiceagent.AuthenticationError{}, "authentication_error"},
		{403, coded("authentication_error"), []string{"Authentication", "Permission"}, &voiceagent.PermissionError{}, "authentication_error"},
		{400, coded("not_found"), []string{"BadRequest", "NotFound"}, &voiceagent.BadRequestError{}, "not_found"},
		{402, coded("quota_exceeded"), []string{"QuotaExceeded"}, &voiceagent.QuotaExceededError{}, "quota_exceeded"},
		{403, coded("quota_exceeded"), []string{"Permission", "QuotaExceeded"}, &voiceagent.PermissionError{}, "quota_exceeded"},
		{429, coded("quota_exceeded"), []string{"QuotaExceeded", "RateLimit"}, &voiceagent.RateLimitError{}, "quota_exceeded"},
		{500, coded("quota_exceeded"), []string{"QuotaExceeded", "Server"}, &voiceagent.ServerError{}, "quota_exceeded"},
		// Success by its status, failure by its body.
		{200, coded("quota_exceeded"), []string{"QuotaExceeded"}, &voiceagent.QuotaExceededError{}, "quota_exceeded"},
		{200, coded("validation_error"), []string{"Validation"}, &voiceagent.ValidationError{}, "validation_error"},
		{200, coded("not_found"), []string{"NotFound"}, &voiceagent.NotFoundError{}, "not_found"},
		{201, coded("authentication_error"), []string{"Authentication"}, &voiceagent.AuthenticationError{}, "authentication_error"},
		{200, `{"success":false,"data":{"id":"ag_1"}}`, []string{}, &voiceagent.APIError{}, ""},
		{200, coded("something_new"), []string{}, &voiceagent.APIError{}, "something_new"},
	} {
		t.Run(fmt.Sprintf("%d %s", c.status, c.code), func(t *testing.T) {
			t.Parallel()
			client := testkit.NewAnswering(t, c.status, c.body)
			agent, err := client.Agents.Get(t.Context(), "ag_1")
			assert.Nil(t, agent)
			assert.Equal(t, c.want, typesOf(t, err))
			assert.IsType(t, c.concrete, err)
			api, _ := errors.AsType[*voiceagent.APIError](fmt.Errorf("wrapped: %w", err))
			assert.Equal(t, c.want, typesOf(t, api), "of the error that all of them hold")
			assert.Equal(t, c.status, api.StatusCode)
			assert.Equal(t, c.code, api.Code)
			assert.Equal(t, "GET", api.Method)
			assert.Equal(t, "/agents/{agent_id}", api.Route)
			assert.Len(t, api.Attempts, 1)
			_, connection := errors.AsType[*voiceagent.ConnectionError](err)
			_, decode := errors.AsType[*voiceagent.DecodeError](err)
			assert.False(t, connection || decode)

			_, err = client.Agents.List(t.Context(), voiceagent.AgentListParams{})
			assert.Equal(t, c.want, typesOf(t, err))
			err = client.Agents.Delete(t.Context(), "ag_1")
			assert.Equal(t, c.want, typesOf(t, err))
		})
	}
}

// A local refusal is a ValidationError and nothing else.
func TestLocalRefusalType(t *testing.T) {
	t.Parallel()
	_, err := testkit.NewUnsendable(t).Agents.Get(t.Context(), "")
	assert.Equal(t, []string{"Validation"}, typesOf(t, err))
	assert.IsType(t, &voiceagent.ValidationError{}, err)
	api, _ := errors.AsType[*voiceagent.APIError](err)
	assert.Zero(t, api.StatusCode)
	assert.Equal(t, voiceagent.CodeValidationError, api.Code)
	assert.Empty(t, api.Hint())
	assert.Equal(t, "voiceagent: GET /agents/{agent_id}: refused before sending (validation_error): agent_id: is required", err.Error())
}

func TestRetryAt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header []string
		want   time.Duration // from now; negative for none
	}{
		"reset":              {[]string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "{now+40}"}, 40 * time.Second},
		"retry after":        {[]string{"Retry-After", "17"}, 17 * time.Second},
		"the later of both":  {[]string{"X-RateLimit-Reset", "{now+40}", "Retry-After", "55"}, 55 * time.Second},
		"the later, swapped": {[]string{"X-RateLimit-Reset", "{now+40}", "Retry-After", "5"}, 40 * time.Second},
		"none":               {nil, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				header := slices.Clone(c.header)
				for i, value := range header {
					header[i] = strings.ReplaceAll(value, "{now+40}", strconv.FormatInt(time.Now().Add(40*time.Second).Unix(), 10))
				}
				_, err := testkit.NewAnswering(t, 429, `{}`, header...).Agents.Get(t.Context(), "ag_1")
				limited, ok := errors.AsType[*voiceagent.RateLimitError](err)
				require.True(t, ok)
				if c.want < 0 {
					assert.Zero(t, limited.RetryAt)
					return
				}
				assert.WithinDuration(t, time.Now().Add(c.want), limited.RetryAt, time.Second)
				assert.Equal(t, 429, limited.StatusCode)
				found, _ := errors.AsType[*voiceagent.RateLimitError](error(limited.APIError))
				assert.Equal(t, limited.RetryAt, found.RetryAt, "through the embedded error too")
			})
		})
	}
}

func TestAttemptsAreTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		statuses []int
		wantErr  bool
	}{
		"success at last": {[]int{500, 502, 200}, false},
		"failure at last": {[]int{500, 502, 503}, true},
		"first success":   {[]int{200}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := 0
				client := testkit.NewClient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
					n++
					return testkit.Answer(c.statuses[n-1], fmt.Sprintf(`{"data":{"id":"ag_1"},"request_id":"req_%d","timestamp":"2025-01-01T12:00:00Z"}`, n),
						"X-RateLimit-Remaining", "7", "X-RateLimit-Limit", "60", "X-Other", "yes")(req)
				}), voiceagent.WithMaxRetries(2))
				var response voiceagent.Response
				_, err := client.Agents.Get(t.Context(), "ag_1", voiceagent.WithResponse(&response))
				require.Equal(t, c.wantErr, err != nil)
				last := c.statuses[len(c.statuses)-1]
				assert.Equal(t, last, response.StatusCode)
				assert.Equal(t, fmt.Sprintf("req_%d", n), response.RequestID)
				assert.Equal(t, time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC), response.Timestamp)
				assert.Equal(t, "yes", response.Header.Get("X-Other"))
				assert.Equal(t, 7, response.RateLimit.Remaining)
				assert.Equal(t, 60, response.RateLimit.Limit)
				require.Len(t, response.Attempts, len(c.statuses))
				for i, attempt := range response.Attempts {
					assert.Equal(t, c.statuses[i], attempt.StatusCode)
					assert.Equal(t, fmt.Sprintf("req_%d", i+1), attempt.RequestID)
					assert.Equal(t, c.statuses[i] != 200, attempt.Err != nil)
					assert.True(t, attempt.Sent)
					assert.Equal(t, i > 0, attempt.Wait > 0)
				}
				if c.wantErr {
					api, _ := errors.AsType[*voiceagent.APIError](err)
					assert.Equal(t, response.Attempts, api.Attempts)
					assert.Contains(t, err.Error(), "after 3 attempts")
				}
			})
		})
	}
}

func TestErrorKeepsItsCauses(t *testing.T) {
	t.Parallel()
	t.Run("deadline before the wait ends", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			client := testkit.NewClient(t, testkit.RoundTrip(testkit.Answer(503, `{}`)))
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			_, err := client.Agents.Get(ctx, "ag_1")
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, []string{"Server"}, typesOf(t, err))
			assert.NotErrorIs(t, err, context.Canceled)
			assert.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		})
	})
	t.Run("cancelled while waiting", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			client := testkit.NewClient(t, testkit.RoundTrip(testkit.Answer(503, `{}`)))
			why := errors.New("the user hung up")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(why) })
			_, err := client.Agents.Get(ctx, "ag_1")
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, why)
			assert.Equal(t, []string{"Server"}, typesOf(t, err))
		})
	})
	t.Run("unknown outcome", func(t *testing.T) {
		t.Parallel()
		client := testkit.NewClient(t, testkit.RoundTrip(testkit.Answer(504, `{}`)), voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
		_, err := client.Calls.Create(t.Context(), testkit.ValidCall(), voiceagent.WithIdempotencyKey("order-17"))
		require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		assert.Equal(t, []string{"Server"}, typesOf(t, err))
		api, _ := errors.AsType[*voiceagent.APIError](err)
		assert.Equal(t, "order-17", api.IdempotencyKey)
		assert.Contains(t, err.Error(), "idempotency key order-17")
	})
}
