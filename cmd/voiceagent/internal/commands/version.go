package commands

import (
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
)

// built says what a program was built of.
type built struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"` // of the checkout that it was built in
	Go       string `json:"go"`
}

var builtColumns = []cli.Column[built]{
	{Name: "version", Value: func(b built) string { return b.Version }},
	{Name: "revision", Value: func(b built) string { return b.Revision }},
	{Name: "go", Value: func(b built) string { return b.Go }},
}

func version(p *cli.Program) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Show the version of this program", Args: cli.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return cli.Show(p, builtColumns)(thisBuild(), nil)
		},
	}
}

func thisBuild() built {
	info, _ := debug.ReadBuildInfo()
	return builtOf(info)
}

// builtOf reads a program's build information, which may be nil. An installed program has the
// version of its module. One that was built in a checkout has that of the library, and the
// checkout's revision if it is known: Go's own version for it would say nothing.
func builtOf(info *debug.BuildInfo) built {
	b := built{Version: voiceagent.Version, Go: runtime.Version()}
	if info == nil {
		return b
	}
	dirty := ""
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision":
			b.Revision = setting.Value
		case setting.Key == "vcs.modified" && setting.Value == "true":
			dirty = ", modified"
		}
	}
	if b.Revision != "" {
		b.Revision += dirty
	} else if released := info.Main.Version; released != "" && released != "(devel)" {
		b.Version = strings.TrimPrefix(released, "v")
	}
	return b
}
