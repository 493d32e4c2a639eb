package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/voiceagent-go/voiceagent/internal/redistest"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

const demoRows = 150

// demo is a fleet on this machine, with a simulator instead of the API. A third through the list a
// worker is killed, and the others place what it had in hand.
func demo(ctx context.Context) error {
	server, err := redistest.Start()
	if err != nil {
		return fmt.Errorf("a redis-server is needed: %w", err)
	}
	defer server.Close()
	q := &queue{rdb: redis.NewClient(&redis.Options{Addr: server.Addr()}), list: "demo"}
	defer q.rdb.Close()
	api := voiceagenttest.NewServer(voiceagenttest.WithLimits(voiceagenttest.Limits{Requests: 30, Window: time.Second}))
	defer api.Close()
	api.Fail(voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.DropAfter, Rate: 0.02}) // the phone rings, and the answer is lost
	ctx, cancel := context.WithTimeout(ctx, 28*time.Second)
	defer cancel() // which kills the workers

	agent := api.AddAgent(voiceagenttest.NewAgent{Name: "Acme Reminders"})
	if err := produce(ctx, q, madeUp(demoRows), agent, "+15550100000"); err != nil {
		return err
	}
	workers := make([]*exec.Cmd, 3)
	for i := range workers {
		if workers[i], err = startWorker(ctx, q, server.Addr(), api.URL); err != nil {
			return err
		}
	}
	fmt.Printf("%d rows, %d workers, 30 requests a second for all of them\n", demoRows, len(workers))

	if err := q.await(ctx, demoRows/3); err != nil {
		return err
	}
	dead := workers[0].Process
	if err := dead.Kill(); err != nil { // SIGKILL
		return err
	}
	held := q.rdb.XPendingExt(ctx, &redis.XPendingExtArgs{Stream: q.rows(), Group: group, Consumer: workerName(dead.Pid), Start: "-", End: "+", Count: hands})
	fmt.Printf("worker %d is dead; it had %d rows in hand\n", dead.Pid, len(held.Val()))
	if err := q.await(ctx, demoRows); err != nil {
		return err
	}
	rang := make(map[string]bool)
	for _, number := range api.Dialed() {
		if rang[number] {
			return fmt.Errorf("%s was called twice", number)
		}
		rang[number] = true
	}
	fmt.Printf("every row is settled: %d phones rang, each once\n", len(rang))
	return nil
}

// startWorker starts a worker. It is killed when ctx ends, and ends by itself if this process dies.
func startWorker(ctx context.Context, q *queue, redisAddr, apiURL string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "worker", "-redis", redisAddr, "-list", q.list, "-child")
	cmd.Env = append(os.Environ(), "VOICEAGENT_BASE_URL="+apiURL, "VOICEAGENT_API_KEY="+voiceagenttest.DefaultKey)
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		return nil, err
	}
	err = cmd.Start()
	return cmd, err
}

// madeUp returns a file.
func madeUp(rows int) *strings.Reader {
	var file strings.Builder
	fmt.Fprintln(&file, "id,phone,name")
	for i := 1; i <= rows; i++ {
		fmt.Fprintf(&file, "%d,+1555%07d,Contact %d\n", i, i, i)
	}
	return strings.NewReader(file.String())
}
