package boltledger_test

import (
	"net/http"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/boltledger"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// fillDisk keeps this process from writing to files beyond their first page. The returned function
// ends that.
func fillDisk(t *testing.T) (free func()) {
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	assert.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
	assert.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: pageSize, Max: before.Max}))
	return sync.OnceFunc(func() { assert.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before)) })
}

func TestFullDiskBeforeTheCall(t *testing.T) {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	agent := srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})
	path := filepath.Join(t.TempDir(), "l")
	l := open(t, path)
	free := fillDisk(t)
	defer free()
	_, err := call(t, srv, agent, l)
	requireNotSent(t, srv, path, err)
	require.ErrorIs(t, err, syscall.EFBIG)
	_, err = boltledger.Open(path + "2")
	require.ErrorContains(t, err, "can't be made")

	free()
	_, err = call(t, srv, agent, l)
	require.NoError(t, err, "nothing stands in the way of another try")
	assert.Len(t, srv.Dials(), 1)
}

// A call that was placed and could not be recorded is found when the program is started again.
func TestFullDiskAfterTheCall(t *testing.T) {
	var free func()
	var once sync.Once
	srv := voiceagenttest.NewServer(voiceagenttest.WithOnRequest(func(r voiceagenttest.Request) {
		if r.Method == http.MethodPost {
			once.Do(func() { free = fillDisk(t) })
		}
	}))
	defer srv.Close()
	agent := srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})
	path := filepath.Join(t.TempDir(), "l")
	l := open(t, path)
	first, err := call(t, srv, agent, l)
	free()
	require.NoError(t, err)
	require.NoError(t, l.Close())

	l = open(t, path)
	second, err := call(t, srv, agent, l)
	require.NoError(t, err)
	assert.Equal(t, first.Ref(), second.Ref())
	assert.Len(t, srv.Dials(), 1)
	e, _, err := l.Entry("row-1")
	require.NoError(t, err)
	assert.Contains(t, e.IDs, first.Ref())
}
