package main

import (
	"bytes"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		require.NoError(t, run(&out))
		for _, want := range []string{
			`the API is slow +0\.400 s\n  voiceagent GET /agents/\{agent_id\} +0\.400 s  ok, 200\n`,
			`    GET /agents/\{agent_id\} +0\.000 s  500\n    wait +0\.[234]\d\d s  backoff: 500: .*\n    GET /agents/\{agent_id\} +0\.000 s  200, resent: 1\n`,
			`    POST /call +0\.000 s  connection_error\n    wait .* lookup: .*\n    voiceagent GET /calls +.* the look for the lost answer\n      GET /calls `,
			`    wait +\d\.\d\d\d s  throttle: rate limit\n`,
			`GET /agents throttle +1 x `,
			`voiceagent.client.rate_limit.limit\n .* 2\n`,
			`why were calls slow\? of \d\.\d s .* 0\.4 s in the API\n$`,
		} {
			assert.Regexp(t, want, out.String())
		}
	})
}
