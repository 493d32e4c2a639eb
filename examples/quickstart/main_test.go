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
	t.Setenv("VOICEAGENT_API_KEY", "")
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		require.NoError(t, run(t.Context(), &out, "", "", false))
		assert.Regexp(t, `completed: \d+ of 25 contacts completed\n`, out.String())
		assert.Regexp(t, `completed +\d+ calls  \d+m`, out.String())
	})
}

func TestRealPeopleNeedAYes(t *testing.T) {
	t.Setenv("VOICEAGENT_API_KEY", "lev_made_up")
	t.Setenv("VOICEAGENT_BASE_URL", "http://127.0.0.1:1/v1") // where nobody listens
	for _, args := range []struct {
		file, from string
		yes        bool
	}{
		{"contacts.csv", "+15550100000", false}, {"contacts.csv", "", true}, {"", "+15550100000", true},
	} {
		assert.ErrorContains(t, run(t.Context(), &bytes.Buffer{}, args.file, args.from, args.yes), "real people")
	}
}
