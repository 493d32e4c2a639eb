package main

import (
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

func TestVersion(t *testing.T) {
	checkout := []debug.BuildSetting{{Key: "vcs.revision", Value: "87c8b8b"}, {Key: "vcs.modified", Value: "true"}}
	made := debug.Module{Version: "v0.0.0-20261126102123-87c8b8b"}
	for want, info := range map[string]*debug.BuildInfo{
		"0.7.2":                           {Main: debug.Module{Version: "v0.7.2"}},
		voiceagent.Version:                {Main: debug.Module{Version: "(devel)"}},
		voiceagent.Version + " (87c8b8b)": {Main: made, Settings: checkout[:1]},
		voiceagent.Version + " (87c8b8b, modified)": {Main: made, Settings: checkout},
	} {
		assert.Equal(t, "voiceagent-sim "+want+", "+runtime.Version(), versionOf(info))
	}
	assert.Contains(t, versionOf(nil), voiceagent.Version)

	var out, errOut strings.Builder
	require.NoError(t, run(t.Context(), []string{"-version"}, &out, &errOut), "it serves nothing")
	assert.Regexp(t, `^voiceagent-sim \S+.*, go1.*\n$`, out.String())
	assert.Empty(t, errOut.String())
}
