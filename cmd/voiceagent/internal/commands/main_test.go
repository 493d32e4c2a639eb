package commands

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

// TestMain lets the test binary serve as the program too: a copy of it called voiceagent comes
// first in PATH.
func TestMain(m *testing.M) {
	testscript.Main(leakChecked{m}, map[string]func(){"voiceagent": func() { os.Exit(Main()) }})
}

type leakChecked struct{ m *testing.M }

func (l leakChecked) Run() int {
	// What this machine's owner has set up must not change the outcome.
	for _, name := range []string{keyVariable, keyVariable + "_FILE", secretVariable, "VOICEAGENT_BASE_URL", "NO_COLOR"} {
		os.Unsetenv(name)
	}
	home, err := os.MkdirTemp("", "voiceagent-test-home-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(home)
	os.Setenv("HOME", home)
	os.Setenv("XDG_CONFIG_HOME", home)
	time.Local = time.FixedZone("", 5*60*60+30*60) // what is written down must not depend on where the tests run
	os.Setenv("TZ", "UTC")                         // of the program where it is a process of its own
	code := l.m.Run()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}
