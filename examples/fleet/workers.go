package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// workers are worker processes on this machine, for the demonstration and the tests. On a real fleet this is the work of systemd or Kubernetes.
type workers struct {
	args []string // of the program, from "worker" on
	env  []string
	logs io.Writer

	mu      sync.Mutex
	running []*exec.Cmd
	kills   int
	ended   bool
	waits   sync.WaitGroup
	failed  error
}

// start starts n workers.
func (w *workers) start(n int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for range n {
		if err := w.startOne(); err != nil {
			return err
		}
	}
	return nil
}

func (w *workers) startOne() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, w.args...) //nolint:noctx // it ends by a signal of ours
	cmd.Env = append(append(os.Environ(), w.env...), fmt.Sprintf("%s=%d", parentEnv, os.Getpid()))
	cmd.Stderr = w.logs
	if err := cmd.Start(); err != nil {
		return err
	}
	w.running = append(w.running, cmd)
	w.waits.Go(func() { w.wait(cmd) })
	return nil
}

// wait notes when a worker ends that nobody has ended.
func (w *workers) wait(cmd *exec.Cmd) {
	_ = cmd.Wait() // ProcessState tells how it ended
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, c := range w.running {
		if c == cmd {
			w.running = append(w.running[:i:i], w.running[i+1:]...)
			if !w.ended {
				w.failed = errors.Join(w.failed, fmt.Errorf("worker %d ended by itself: %v", cmd.Process.Pid, cmd.ProcessState))
			}
		}
	}
}

// kill kills n workers, whatever they are doing, all at the same moment, and starts others in their place.
func (w *workers) kill(n int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for range min(n, len(w.running)) {
		i := rand.IntN(len(w.running))
		if err := w.running[i].Process.Kill(); err != nil { // SIGKILL
			return err
		}
		w.running = append(w.running[:i:i], w.running[i+1:]...)
		w.kills++
	}
	for range n {
		if err := w.startOne(); err != nil {
			return err
		}
	}
	return nil
}

// replace asks the worker that has run longest to end, and starts another in its place.
func (w *workers) replace() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.running) > 0 {
		if err := w.running[0].Process.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		w.running = w.running[1:]
	}
	return w.startOne()
}

// killEvery kills n workers in that rhythm until ctx ends.
func (w *workers) killEvery(ctx context.Context, rhythm time.Duration, n int) error {
	tick := time.NewTicker(rhythm)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := w.kill(n); err != nil {
				return err
			}
		}
	}
}

// stop asks the workers to end, waits until they have, and tells if one had ended by itself before.
func (w *workers) stop() error {
	w.mu.Lock()
	w.ended = true
	for _, cmd := range w.running {
		_ = cmd.Process.Signal(syscall.SIGTERM)
	}
	w.mu.Unlock()
	w.waits.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failed
}
