// Package redistest runs a redis-server for tests: a real one, with a port and a directory of its own, which can be killed, paused and
// started again. It imports neither testing nor a Redis client.
package redistest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// ErrMissing is why [Start] fails where there is no redis-server.
var ErrMissing = errors.New("redistest: redis-server is not on the PATH: install Redis 7 or newer " +
	"(apt install redis-server, brew install redis)")

const (
	startTimeout = 30 * time.Second // until a server answers
	portTries    = 10
	logName      = "redis.log"
)

// Server is a redis-server on a loopback port. It is safe for concurrent use.
type Server struct {
	dir  string
	args []string
	port int

	mu     sync.Mutex
	child  *child // nil when it doesn't run
	closed bool
}

// child is one run of the server's process.
type child struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
}

// Start runs a server and returns when it answers. Its command line is
//
//	redis-server --port PORT --bind 127.0.0.1 --dir DIR --save "" --appendonly no ARGS...
//
// in a directory of its own: without args it keeps nothing on the disk. Whoever starts a server has to [Server.Close] it; on Linux it
// also dies with the process that started it. It is [ErrMissing] where no redis-server is installed.
func Start(args ...string) (*Server, error) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return nil, ErrMissing
	}
	dir, err := os.MkdirTemp("", "redistest-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, args: slices.Clone(args)}
	for range portTries { // another process may take the port before the server does
		if s.port, err = freePort(); err != nil {
			break
		}
		if err = s.run(); !errors.Is(err, errPortTaken) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

// Addr is the server's host:port, the same for its whole life.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Kill ends the server with SIGKILL, as a crash would, and waits until it is gone. It does nothing to one that doesn't run.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kill()
}

// Restart starts the server again, with the same port, directory and arguments, and returns when it has loaded what the directory
// holds and answers. One that runs is killed first.
func (s *Server) Restart() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errors.New("redistest: the server is closed")
	}
	if err := s.kill(); err != nil {
		return err
	}
	return s.run()
}

// Close ends the server and removes its directory. It can be called twice.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return errors.Join(s.kill(), os.RemoveAll(s.dir))
}

// run starts the process and waits until it answers.
func (s *Server) run() error {
	log, err := os.OpenFile(filepath.Join(s.dir, logName), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	from, err := log.Seek(0, 2)
	if err != nil {
		return err
	}
	args := append([]string{"--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--dir", s.dir, "--daemonize", "no",
		"--save", "", "--appendonly", "no"}, s.args...)
	c, err := startChild(log, args)
	if err != nil {
		return err
	}
	s.child = c
	if err := c.await(s.Addr()); err != nil {
		_ = s.kill()
		return s.explain(err, from)
	}
	return nil
}

// errPortTaken is why a server ended at once when something else listens on its port.
var errPortTaken = errors.New("redistest: the port is taken")

// explain adds what the server has logged since it began.
func (s *Server) explain(err error, from int64) error {
	logged, readErr := os.ReadFile(filepath.Join(s.dir, logName))
	if readErr != nil || int64(len(logged)) < from {
		return err
	}
	logged = logged[from:]
	if bytes.Contains(logged, []byte("Address already in use")) {
		return errPortTaken
	}
	return fmt.Errorf("%w; it logged:\n%s", err, logged)
}

func (s *Server) kill() error {
	c := s.child
	s.child = nil
	if c == nil {
		return nil
	}
	err := c.cmd.Process.Signal(syscall.SIGKILL) // which also ends one that is paused
	<-c.done
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	return err
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it doesn't wait
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
