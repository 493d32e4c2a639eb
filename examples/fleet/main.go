// Fleet dials a list with several processes: a producer puts the rows of a CSV file into a queue in
// Redis, and workers place the calls. They share the rate limit and a ledger, so a worker may die:
// each row ends as placed, refused or unknown, and nobody's phone rings twice.
//
//	cd examples/fleet && go run .
//
// is a demonstration: three workers against a simulator, one of which is killed. It needs
// redis-server. README.md has the commands for a real list.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/redis/go-redis/v9"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	command := demo
	if len(os.Args) > 1 {
		command = chosen(os.Args[1], os.Args[2:])
	}
	if err := command(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

// chosen returns the command of that name.
func chosen(name string, args []string) func(context.Context) error {
	set := flag.NewFlagSet("fleet "+name, flag.ExitOnError)
	addr := set.String("redis", "127.0.0.1:6379", "`host:port` of Redis")
	list := set.String("list", "calls", "`name` of the list")
	agent := set.String("agent", "", "produce: `id` of the agent that talks")
	from := set.String("from", "", "produce: `number` to call from")
	child := set.Bool("child", false, "worker: end when the standard input does")
	_ = set.Parse(args) // or exit
	q := &queue{rdb: redis.NewClient(&redis.Options{Addr: *addr}), list: *list}
	return func(ctx context.Context) error {
		switch name {
		case "produce":
			return produce(ctx, q, os.Stdin, *agent, *from)
		case "worker":
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			if *child {
				go func() {
					_, _ = io.Copy(io.Discard, os.Stdin)
					cancel()
				}()
			}
			return work(ctx, q)
		}
		return fmt.Errorf("there is no command %q: it is produce or worker, or none for a demonstration", name)
	}
}
