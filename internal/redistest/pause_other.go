//go:build !unix

package redistest

import "errors"

// Pause stops the server, which this system can't.
func (s *Server) Pause() error { return errors.ErrUnsupported }

// Resume lets a server that was paused go on, which this system can't.
func (s *Server) Resume() error { return errors.ErrUnsupported }
