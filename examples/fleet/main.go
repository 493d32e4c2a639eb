// Fleet dials a list that is too long for one machine: the rows of a CSV file become tasks of a queue in Redis, and any number of worker processes, on
// any number of machines, place the calls. The workers share the rate limit and a ledger, so none of them may die at a wrong moment: each row
// ends exactly once, as placed, refused or unknown, and nobody's phone rings twice.
//
//	cd examples/fleet && go run .
//
// is a demonstration that needs redis-server and nothing else: it talks to a simulator in this program. README.md has the commands for a real list.
//
// The queue is github.com/hibiken/asynq. A task that it hands out stays in Redis under a lease, so what a worker held when it was killed is handed out again, a
// minute later; with machinery's Redis broker such a task is lost. A task's id is the row's, so that a file can be enqueued again after a crash. It is kept up (v0.26.0
// is of February 2026) and takes the Redis client that the limiter and the ledger use. What is handed out twice isn't dialled twice: that is the ledger's work, not the queue's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

// commands are what can be asked for; without a word it is the demonstration.
var commands = map[string]func(ctx context.Context, args []string) error{
	"demo":     demoCommand,
	"enqueue":  enqueueCommand,
	"worker":   workerCommand,
	"progress": progressCommand,
	"results":  resultsCommand,
}

func run(ctx context.Context, args []string) error {
	name := "demo"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	command, ok := commands[name]
	if !ok {
		return fmt.Errorf("there is no command %q: it is one of demo, enqueue, worker, progress and results", name)
	}
	redis.SetLogger(quiet{})
	return command(ctx, args)
}

// quiet drops what go-redis says of each connection that fails. Whoever needed the connection says so too.
type quiet struct{}

// Printf does nothing.
func (quiet) Printf(context.Context, string, ...any) {}

// place is where a list is kept. Every command but the demonstration has these two flags.
type place struct {
	redis string
	list  string
}

func (p *place) flags(set *flag.FlagSet) {
	redisFlag(set, &p.redis)
	set.StringVar(&p.list, "list", "calls", "`name` of the list: a file keeps the name under which it was enqueued")
}

func redisFlag(set *flag.FlagSet, addr *string) {
	set.StringVar(addr, "redis", os.Getenv("REDIS_ADDR"), "Redis, as `host:port` or a redis:// URL; REDIS_ADDR by default")
}

var listName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,80}$`)

// open returns the list. Whoever opens it closes list.rdb.
func (p *place) open() (*list, error) {
	if !listName.MatchString(p.list) {
		return nil, fmt.Errorf("-list %q: a name has letters, digits, dots, hyphens and underscores, 80 at most", p.list)
	}
	rdb, err := connect(p.redis)
	if err != nil {
		return nil, err
	}
	return &list{name: p.list, rdb: rdb}, nil
}

// connect doesn't wait for Redis: each command meets its absence in its own way.
func connect(addr string) (redis.UniversalClient, error) {
	options := &redis.Options{Addr: addr}
	if addr == "" {
		options.Addr = "127.0.0.1:6379"
	}
	if strings.Contains(addr, "://") {
		var err error
		if options, err = redis.ParseURL(addr); err != nil {
			return nil, fmt.Errorf("-redis: %w", err)
		}
	}
	return redis.NewClient(options), nil
}
