//go:build unix

package redistest

import (
	"errors"
	"syscall"
)

// Pause stops the server with SIGSTOP, so that it keeps its connections and answers nothing.
func (s *Server) Pause() error { return s.signal(syscall.SIGSTOP) }

// Resume lets a server that was paused go on.
func (s *Server) Resume() error { return s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child == nil {
		return errors.New("redistest: the server does not run")
	}
	return s.child.cmd.Process.Signal(sig)
}
