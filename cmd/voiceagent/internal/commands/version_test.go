package commands

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	checkout := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: "87c8b8b"}, {Key: "vcs.modified", Value: modified}}
	}
	for name, test := range map[string]struct {
		info *debug.BuildInfo
		want built
	}{
		"installed":           {&debug.BuildInfo{Main: debug.Module{Version: "v0.7.2"}}, built{Version: "0.7.2"}},
		"a checkout":          {&debug.BuildInfo{Main: debug.Module{Version: "v0.0.0-20261126102123-87c8b8b"}, Settings: checkout("false")}, built{Version: voiceagent.Version, Revision: "87c8b8b"}},
		"a changed checkout":  {&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: checkout("true")}, built{Version: voiceagent.Version, Revision: "87c8b8b, modified"}},
		"without a revision":  {&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, built{Version: voiceagent.Version}},
		"without a version":   {&debug.BuildInfo{}, built{Version: voiceagent.Version}},
		"without information": {nil, built{Version: voiceagent.Version}},
	} {
		test.want.Go = runtime.Version()
		assert.Equal(t, test.want, builtOf(test.info), name)
	}
}
