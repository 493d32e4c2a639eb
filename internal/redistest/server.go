// Package redistest runs a redis-server for tests, or a cluster of them: real ones, each with a
// port and a directory of its own, which can be killed, paused and started again. It imports
// neither testing nor a Redis client.
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
	dir   string
	args  []string
	ports []int // of clients, and in a cluster that of the other nodes

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
// in a directory of its own. Without args it keeps nothing on disk. The caller must [Server.Close]
// the server; on Linux it also dies with the process that started it. The error is [ErrMissing] if
// no redis-server is installed.
func Start(args ...string) (*Server, error) { return start(1, args) }

// start is Start with so many ports; a server with two is a node of a cluster.
func start(ports int, args []string) (*Server, error) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return nil, ErrMissing
	}
	dir, err := os.MkdirTemp("", "redistest-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, args: slices.Clone(args)}
	for range portTries { // another process may take the port before the server does
		if s.ports, err = freePorts(ports); err != nil {
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
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.ports[0])) }

// Kill ends the server with SIGKILL, as a crash would, and waits for its end. It does nothing if
// the server isn't running.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kill()
}

// Restart starts the server again, with the same port, directory and arguments, and returns when it
// has loaded its data and answers. A running server is killed first.
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
	args := []string{"--port", strconv.Itoa(s.ports[0]), "--bind", "127.0.0.1", "--dir", s.dir, "--daemonize", "no",
		"--save", "", "--appendonly", "no"}
	if len(s.ports) > 1 {
		args = append(args, "--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(s.ports[1]))
	}
	c, err := startChild(log, append(args, s.args...))
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

// freePorts returns n ports that nobody uses.
func freePorts(n int) ([]int, error) {
	if n == 0 {
		return nil, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it doesn't wait
	if err != nil {
		return nil, err
	}
	defer l.Close() // when the others are found, so that all differ
	others, err := freePorts(n - 1)
	return append(others, l.Addr().(*net.TCPAddr).Port), err
}
