package redisvoiceagent_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// The first makes this test program one of programs, the second has its settings.
const (
	envProgram  = "REDISVOICEAGENT_PROGRAM"
	envSettings = "REDISVOICEAGENT_SETTINGS"
)

// programs are what tests run as processes of their own. settings is JSON.
var programs = map[string]func(settings []byte) error{}

func TestMain(m *testing.M) {
	redis.SetLogger(silent{}) // it reports each connection that fails
	if program := programs[os.Getenv(envProgram)]; program != nil {
		if err := program([]byte(os.Getenv(envSettings))); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	flag.Parse()
	_ = flag.Set("test.parallel", "8") // most tests mostly wait
	goleak.VerifyTestMain(tests{m})
}

// tests are all tests, and what they share.
type tests struct{ *testing.M }

func (t tests) Run() int {
	defer func() { closeCluster() }()
	return t.M.Run()
}

// child returns the command that runs one of programs. It ends with the test.
func child(t *testing.T, program string, settings any, env ...string) *exec.Cmd {
	t.Helper()
	encoded, err := json.Marshal(settings)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), append(env, envProgram+"="+program, envSettings+"="+string(encoded))...)
	cmd.Stderr = os.Stderr
	return cmd
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}
