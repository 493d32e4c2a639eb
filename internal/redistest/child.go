package redistest

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// startChild starts the process, and locks a thread for it until it has ended. Linux sends the
// signal of [dieWithParent] when the thread that started a process ends, not when the parent
// process ends.
func startChild(log *os.File, args []string) (*child, error) {
	cmd := exec.Command("redis-server", args...) //nolint:noctx // it outlives the call
	c := &child{cmd: cmd, done: make(chan struct{})}
	c.cmd.Stdout, c.cmd.Stderr = log, log
	dieWithParent(c.cmd)
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.cmd.Start()
		started <- err
		if err == nil {
			_ = c.cmd.Wait()
		}
		close(c.done)
	}()
	return c, <-started
}

// await returns when the server answers a PING with PONG. Before that it isn't up, or is loading
// its data.
func (c *child) await(addr string) error {
	deadline := time.Now().Add(startTimeout)
	for {
		err := c.ping(addr)
		if err == nil || errors.Is(err, errPortTaken) {
			return err
		}
		select {
		case <-c.done:
			return fmt.Errorf("redistest: redis-server ended: %v", c.cmd.ProcessState)
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("redistest: redis-server did not answer for %v: %w", startTimeout, err)
		}
	}
}

// ping checks that the server is ready, and that no other server has taken its port.
func (c *child) ping(addr string) error {
	conn, err := net.DialTimeout("tcp", addr, time.Second) //nolint:noctx // it has a timeout
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("PING\r\nINFO server\r\n")); err != nil {
		return err
	}
	answers := bufio.NewReader(conn)
	pong, err := answers.ReadString('\n')
	if err != nil {
		return err
	}
	if pong != "+PONG\r\n" {
		return fmt.Errorf("it answered %q", pong)
	}
	for {
		line, err := answers.ReadString('\n')
		if err != nil {
			return err
		}
		if pid, ok := strings.CutPrefix(line, "process_id:"); ok {
			if strings.TrimSpace(pid) != strconv.Itoa(c.cmd.Process.Pid) {
				return errPortTaken
			}
			return nil
		}
	}
}
