// Command voiceagent-sim serves the voice-agent API from memory, to try a
// program against it without an account and without ringing anybody's phone.
//
//	voiceagent-sim -agent "Demo" -speed 10 -fail "POST /call:503x2"
//
// It prints the two environment variables that point a client at it, and one
// line per request. It never prints a key, and of a phone number only the last
// four digits. Under /_sim/ it serves a page that shows calls, campaigns, the
// rate limit and requests as they come, with buttons for faults;
// -dashboard=false switches that off.
//
// Faults are scripted with -fail, which may be given more than once, each as
//
//	[METHOD ][ROUTE]:WHAT[xTIMES]
//
// where WHAT is a status (503), a status after the work was done (504-after) or
// one of the kinds that -help lists, and TIMES is a number or * for ever:
//
//	-fail "POST /call:503x2"              the first two calls get a 503
//	-fail "POST /call:drop-after"         the phone rings, the answer is lost
//	-fail "GET /calls/{call_id}:hangx*"   never answers
//	-fail ":429x3"                        the first three requests, whatever they are
//
// The -...-rate flags make faults happen at random, drawn from -seed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage): // parse has said what is wrong
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "voiceagent-sim:", err)
		os.Exit(1)
	}
}

// errUsage is a command line that isn't right.
var errUsage = errors.New("usage")

// run serves until ctx ends, unless only the version is asked for.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if s.version {
		info, _ := debug.ReadBuildInfo()
		fmt.Fprintln(stdout, versionOf(info))
		return nil
	}
	log := requestLog{w: stderr}
	counted := newTraffic(s.limits.Window)
	sim := voiceagenttest.NewServer(s.options(func(r voiceagenttest.Request) {
		log.write(r)
		counted.note(r)
	})...)
	defer sim.Close()
	sim.Fail(s.faults...)

	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "export VOICEAGENT_BASE_URL=http://%s/v1\n", listener.Addr())
	fmt.Fprintf(stdout, "export VOICEAGENT_API_KEY=lev_sim_0000\n")
	handler := sim.Handler()
	if s.dashboard {
		handler = newDashboard(sim, counted).handler()
		fmt.Fprintf(stdout, "# dashboard: http://%s%s\n", listener.Addr(), dashboardPath)
	}
	for _, a := range s.agents {
		fmt.Fprintf(stdout, "# agent %q: %s\n", a.Name, sim.AddAgent(a))
	}
	return serve(ctx, listener, handler, sim)
}

// shutdownTime is what requests under way get when the program gets a signal to stop.
const shutdownTime = 5 * time.Second

func serve(ctx context.Context, listener net.Listener, handler http.Handler, sim *voiceagenttest.Server) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	sim.Close() // lets go of requests that hang
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		return server.Close()
	}
	return nil
}
