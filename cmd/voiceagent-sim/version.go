package main

import (
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/voiceagent-go/voiceagent"
)

// versionOf is a line for -version, from a program's build information, which may be nil. An
// installed program has the version of its module. One that was built in a checkout has that of the
// library, and the checkout's revision if it is known: Go's own version for it would say nothing.
// The command line, which is another module, does the same.
func versionOf(info *debug.BuildInfo) string {
	version, revision, dirty := voiceagent.Version, "", ""
	if info != nil {
		for _, setting := range info.Settings {
			switch {
			case setting.Key == "vcs.revision":
				revision = setting.Value
			case setting.Key == "vcs.modified" && setting.Value == "true":
				dirty = ", modified"
			}
		}
		if released := info.Main.Version; revision == "" && released != "" && released != "(devel)" {
			version = strings.TrimPrefix(released, "v")
		}
	}
	if revision != "" {
		version += " (" + revision + dirty + ")"
	}
	return "voiceagent-sim " + version + ", " + runtime.Version()
}
