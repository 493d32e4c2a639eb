package redistest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

const slots = 16384 // of a cluster

// Cluster is a Redis Cluster on loopback ports. Its nodes share the slots evenly, and have no
// replicas. Each can be killed, paused and started again by itself.
type Cluster struct{ Nodes []*Server }

// StartCluster runs a cluster of so many nodes, each with args as [Start] has them, and returns
// when every node serves its slots. It needs Redis 7. The caller must [Cluster.Close] it.
func StartCluster(nodes int, args ...string) (*Cluster, error) {
	c := new(Cluster)
	for range nodes {
		s, err := start(2, args)
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		c.Nodes = append(c.Nodes, s)
	}
	if err := errors.Join(c.form(), c.Await()); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Addrs returns the host:port of each node.
func (c *Cluster) Addrs() []string {
	addrs := make([]string, len(c.Nodes))
	for i, s := range c.Nodes {
		addrs[i] = s.Addr()
	}
	return addrs
}

// Await waits until every node serves its slots, and knows all others.
func (c *Cluster) Await() error {
	deadline := time.Now().Add(startTimeout)
	for _, s := range c.Nodes {
		for !c.isServedBy(s) {
			if time.Now().After(deadline) {
				return fmt.Errorf("redistest: the cluster is not ready after %v", startTimeout)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	return nil
}

func (c *Cluster) isServedBy(s *Server) bool {
	info, err := command(s.Addr(), "CLUSTER", "INFO")
	return err == nil && strings.Contains(info, "cluster_state:ok\r\n") &&
		strings.Contains(info, fmt.Sprintf("cluster_slots_ok:%d\r\n", slots)) &&
		strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d\r\n", len(c.Nodes)))
}

// Close ends all nodes.
func (c *Cluster) Close() error {
	var errs []error
	for _, s := range c.Nodes {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// form gives each node its slots, and makes all known to the first.
func (c *Cluster) form() error {
	for i, s := range c.Nodes {
		from, to := i*slots/len(c.Nodes), (i+1)*slots/len(c.Nodes)-1
		for _, words := range [][]string{
			{"SET-CONFIG-EPOCH", strconv.Itoa(i + 1)},
			{"ADDSLOTSRANGE", strconv.Itoa(from), strconv.Itoa(to)},
			{"MEET", "127.0.0.1", strconv.Itoa(c.Nodes[0].ports[0]), strconv.Itoa(c.Nodes[0].ports[1])},
		} {
			if _, err := command(s.Addr(), append([]string{"CLUSTER"}, words...)...); err != nil {
				return fmt.Errorf("redistest: CLUSTER %s: %w", words[0], err)
			}
		}
	}
	return nil
}

// command sends a command, whose words need no quotes, and returns its answer, which must not be an
// array.
func command(addr string, words ...string) (string, error) {
	conn, err := net.DialTimeout("tcp", addr, time.Second) //nolint:noctx // it has a timeout
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(startTimeout)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(conn, strings.Join(words, " ")+"\r\n"); err != nil {
		return "", err
	}
	answer := bufio.NewReader(conn)
	line, err := answer.ReadString('\n')
	if err != nil {
		return "", err
	}
	kind, text := line[0], strings.TrimSpace(line[1:])
	switch kind {
	case '-':
		return "", errors.New(text)
	case '$':
		size, err := strconv.Atoi(text)
		if err != nil {
			return "", err
		}
		body := make([]byte, max(size, 0))
		_, err = io.ReadFull(answer, body)
		return string(body), err
	}
	return text, nil
}
