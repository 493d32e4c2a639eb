package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/redistest"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// demoLimit is generous, so that the demonstration is quick, and still what decides how quick it is.
var demoLimit = voiceagenttest.Limits{Requests: 100, Window: time.Second}

const demoTime = 24 * time.Second // unless workers are killed: the queue takes a minute to hand out what those held

func demoCommand(ctx context.Context, args []string) error {
	var (
		at    place
		d     demo
		set   = flag.NewFlagSet("fleet", flag.ContinueOnError)
		calls = set.Int("calls", 600, "rows of the list")
		crew  = set.Int("workers", 4, "worker processes")
	)
	redisFlag(set, &at.redis)
	set.DurationVar(&d.killEvery, "kill", 0, "kill a worker with SIGKILL in this `rhythm` and start another; 0 kills none")
	if err := set.Parse(args); err != nil {
		return err
	}
	given := at.redis != ""
	if !given {
		server, err := redistest.Start("--appendonly", "yes")
		if errors.Is(err, redistest.ErrMissing) {
			return errors.New("there is no redis-server on the PATH: install Redis (apt install redis-server, brew install redis), " +
				"or give one with -redis host:port")
		}
		if err != nil {
			return err
		}
		defer server.Close()
		at.redis = server.Addr()
	}
	at.list = fmt.Sprintf("demo-%d", time.Now().UnixNano()) // a Redis that was given may have others
	l, err := at.open()
	if err != nil {
		return err
	}
	defer l.rdb.Close()
	d.list, d.redis = l, at.redis
	err = d.run(ctx, *calls, *crew)
	if given {
		err = errors.Join(err, l.erase(context.WithoutCancel(ctx)))
	}
	return err
}

// demo is the whole fleet on one machine, with a simulator instead of the API.
type demo struct {
	list      *list
	redis     string
	killEvery time.Duration
}

func (d *demo) run(ctx context.Context, calls, crew int) error {
	limit := demoTime
	if d.killEvery > 0 {
		limit = 30 * time.Minute
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done after %v", limit))
	defer cancel()
	server := voiceagenttest.NewServer(voiceagenttest.WithLimits(demoLimit), voiceagenttest.WithKeptRequests(-1))
	defer server.Close()
	server.Fail(
		voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.DropAfter, Rate: 0.01},
		voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.DropBefore, Every: 250},
		voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.StatusAfter, Status: 504, Rate: 0.01},
		voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.StatusBefore, Status: 500, Rate: 0.01},
	)
	agent := server.AddAgent(voiceagenttest.NewAgent{Name: "Acme Reminders"})

	file, numbers := madeUpFile(calls)
	sum, err := enqueue(ctx, d.list, file, source{phone: "mobile", id: "id", agentID: agent, from: "+15550100000"}, os.Stdout)
	if err != nil {
		return err
	}
	fmt.Printf("%d rows enqueued, %d left out; %d workers, at most %d requests a second for all of them\n", sum.added, sum.bad, crew, demoLimit.Requests)

	fleet := &workers{args: []string{"worker", "-redis", d.redis, "-list", d.list.name}, logs: os.Stderr,
		env: []string{"VOICEAGENT_BASE_URL=" + server.URL, "VOICEAGENT_API_KEY=" + voiceagenttest.DefaultKey}}
	start := time.Now()
	if err := fleet.start(crew); err != nil {
		return errors.Join(err, fleet.stop())
	}
	killing, stopKilling := context.WithCancel(ctx)
	killed := make(chan error, 1)
	go func() { killed <- d.kill(killing, fleet) }()
	err = watch(ctx, d.list, os.Stdout)
	stopKilling()
	took := time.Since(start)
	if err := errors.Join(err, <-killed, fleet.stop()); err != nil {
		return err
	}
	v, err := d.verdict(ctx, numbers, server.Dials())
	if err != nil {
		return err
	}
	fmt.Printf("%v\n%.1f s, %d workers killed, %d requests, %d phones rang\n", &v, took.Seconds(), fleet.kills, server.RequestCount(), len(server.Dials()))
	return v.err()
}

func (d *demo) kill(ctx context.Context, fleet *workers) error {
	if d.killEvery <= 0 {
		return nil
	}
	return fleet.killEvery(ctx, d.killEvery, 1)
}

// verdict reads the outcomes from Redis, which is where somebody else would find them.
func (d *demo) verdict(ctx context.Context, numbers map[string]string, dials []voiceagenttest.Dial) (verdict, error) {
	outcomes := map[string]outcome{}
	err := d.list.outcomes(ctx, func(row string, o outcome) error {
		outcomes[row] = o
		return nil
	})
	return compare(numbers, outcomes, dials), err
}

// madeUpFile is a list with the numbers of its rows. One row more has no number, and each 200th a number that the API doesn't take.
func madeUpFile(rows int) (file *bytes.Buffer, numbers map[string]string) {
	file, numbers = &bytes.Buffer{}, make(map[string]string, rows)
	fmt.Fprintln(file, "id,mobile,name")
	fmt.Fprintln(file, "r0,ask the office,Nobody")
	for i := 1; i <= rows; i++ {
		row, number := fmt.Sprintf("r%d", i), fmt.Sprintf("+1555%07d", i)
		if i%200 == 0 {
			number = number[1:] // no plus
		}
		numbers[row] = number
		fmt.Fprintf(file, "%s,%s,Contact %d\n", row, number, i)
	}
	return file, numbers
}
