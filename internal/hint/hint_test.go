package hint_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent/internal/hint"
)

func TestFor(t *testing.T) {
	t.Parallel()
	for want, answers := range map[string][]hint.Answer{
		"credits":       {{Status: 402, Code: "quota_exceeded"}, {Status: 429, Code: "quota_exceeded"}, {Status: 500, Code: "quota_exceeded", Unknown: true}},
		"unique":        {{Status: 409, Message: "Name ALREADY in use"}},
		"country code":  {{Status: 422, Message: "must be E.164"}},
		"malformed":     {{Status: 400}},
		"API_KEY":       {{Status: 401}, {Status: 200, Code: "authentication_error"}},
		"isn't allowed": {{Status: 403}},
		"check the id":  {{Status: 404}, {Status: 200, Code: "not_found"}},
		"exists":        {{Status: 409}},
		"one Client":    {{Status: 429}},
		"maintenance":   {{Status: 503}},
		"gateway":       {{Status: 504}},
		"has a problem": {{Status: 500}, {Status: 502}},
		"if this goes on": {
			{Status: 500, Unknown: true}, {Status: 503, Unknown: true}, {Status: 504, Unknown: true}, {Status: 599, Unknown: true},
		},
		"refuses": {{Status: 422}, {Status: 200, Code: "validation_error"}},
	} {
		for _, a := range answers {
			assert.Contains(t, hint.For(a), want, "%+v", a)
		}
	}
	for _, a := range []hint.Answer{{Status: 418}, {Status: 501}, {Status: 499, Unknown: true}, {Status: 200, Code: "new_code"}} {
		assert.Empty(t, hint.For(a), "%+v", a)
	}
}

func TestConnection(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	assert.Contains(t, hint.ForConnection(hint.Connection{Err: fmt.Errorf("wrapped: %w", dial), Host: "api.test:443"}), "api.test:443")
	assert.Contains(t, hint.ForConnection(hint.Connection{Err: &net.OpError{Op: "proxyconnect", Err: errors.New("refused")}}), "proxy")
	assert.Empty(t, hint.ForConnection(hint.Connection{Err: &net.OpError{Op: "read", Err: errors.New("reset")}}))
	assert.Empty(t, hint.ForConnection(hint.Connection{Err: &net.OpError{Op: "dial", Err: context.Canceled}}))
	assert.Empty(t, hint.ForConnection(hint.Connection{Err: errors.New("lost")}))
}
