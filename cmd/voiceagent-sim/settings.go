package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// settings are what the command line asks for.
type settings struct {
	addr   string
	limits voiceagenttest.Limits
	seed   uint64
	speed  float64
	skew   time.Duration
	agents []voiceagenttest.NewAgent
	faults []voiceagenttest.Fault
	// dashboard reports whether there is a page to look at.
	dashboard bool
	// version reports whether only the version was asked for.
	version bool
}

// rates are the flags for faults at random.
var rates = []struct {
	flag, usage string
	fault       voiceagenttest.Fault
}{
	{"error-rate", "answer 500 instead of doing the work", voiceagenttest.Fault{Status: 500}},
	{"unavailable-rate", "answer 503 instead of doing the work", voiceagenttest.Fault{Status: 503}},
	{"timeout-rate", "answer 504 after the work was done", voiceagenttest.Fault{Kind: voiceagenttest.StatusAfter, Status: 504}},
	{"throttle-rate", "answer 429 with the rate-limit headers", voiceagenttest.Fault{Kind: voiceagenttest.Throttle}},
	{"html-rate", "answer a gateway's 502 in HTML", voiceagenttest.Fault{Kind: voiceagenttest.HTML}},
	{"drop-rate", "close the connection instead of doing the work", voiceagenttest.Fault{Kind: voiceagenttest.DropBefore}},
	{"drop-after-rate", "do the work and close the connection", voiceagenttest.Fault{Kind: voiceagenttest.DropAfter}},
	{"hang-rate", "never answer nor do the work", voiceagenttest.Fault{Kind: voiceagenttest.HangBefore}},
	{"slow-rate", "answer after 3 seconds", voiceagenttest.Fault{Kind: voiceagenttest.Slow, Delay: 3 * time.Second}},
	{"truncate-rate", "do the work and send half of the JSON", voiceagenttest.Fault{Kind: voiceagenttest.TruncatedJSON}},
}

func parse(args []string, output io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("voiceagent-sim", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.BoolVar(&s.dashboard, "dashboard", true, "serve a page to look at, at "+dashboardPath)
	flags.BoolVar(&s.version, "version", false, "show the version of this program, and end")
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8484", "`address` to listen on")
	flags.Func("plan", "rate limit: free, pro, none or a `number` of requests a window (default none)", func(text string) (err error) {
		s.limits.Requests, err = parsePlan(text)
		return err
	})
	flags.DurationVar(&s.limits.Window, "window", time.Minute, "length of a rate-limit window")
	flags.Uint64Var(&s.seed, "seed", 0, "decides what happens to each call")
	flags.Float64Var(&s.speed, "speed", 1, "how fast calls and campaigns go; windows and the times in answers don't follow")
	flags.DurationVar(&s.skew, "skew", 0, "how far the server's clock is ahead")
	flags.Func("agent", "add an agent `NAME[/ID]`; may be repeated", func(text string) error {
		name, id, _ := strings.Cut(text, "/")
		if name == "" {
			return errors.New("an agent needs a name")
		}
		for _, a := range s.agents {
			if a.Name == name || id != "" && a.ID == id {
				return errors.New("there is such an agent already")
			}
		}
		s.agents = append(s.agents, voiceagenttest.NewAgent{Name: name, ID: id})
		return nil
	})
	flags.Func("fail", "make requests fail: `[METHOD ][ROUTE]:WHAT[xTIMES]`; may be repeated.\nWHAT is a status, a status followed by -after, or one of\n"+kindList(), func(text string) error {
		f, err := parseFault(text)
		s.faults = append(s.faults, f)
		return err
	})
	for _, r := range rates {
		flags.Func(r.flag, "`share` of requests, 0 to 1, that "+r.usage, func(text string) error {
			f := r.fault
			var err error
			if f.Rate, err = strconv.ParseFloat(text, 64); err != nil || !(f.Rate >= 0 && f.Rate <= 1) {
				return errors.New("not a share from 0 to 1")
			}
			if f.Rate > 0 {
				s.faults = append(s.faults, f)
			}
			return nil
		})
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return s, err
		}
		return s, errUsage
	}
	if problem := s.check(flags); problem != "" {
		fmt.Fprintln(output, problem)
		flags.Usage()
		return s, errUsage
	}
	return s, nil
}

// options returns the options of the server, which calls onRequest after each request.
func (s settings) options(onRequest func(voiceagenttest.Request)) []voiceagenttest.Option {
	kept := -1 // a program that runs for days must not remember every request
	if s.dashboard {
		kept = requestsKept
	}
	return []voiceagenttest.Option{
		voiceagenttest.WithoutSocket(), voiceagenttest.WithLimits(s.limits),
		voiceagenttest.WithSeed(s.seed), voiceagenttest.WithSpeed(s.speed),
		voiceagenttest.WithClockSkew(s.skew), voiceagenttest.WithKeptRequests(kept),
		voiceagenttest.WithOnRequest(onRequest),
	}
}

// check says what is wrong with flags that are well formed each by itself.
func (s settings) check(flags *flag.FlagSet) string {
	switch {
	case flags.NArg() > 0:
		return fmt.Sprintf("unexpected argument: %s", flags.Arg(0))
	case s.limits.Window <= 0:
		return "-window must be longer than nothing"
	case !(s.speed > 0):
		return "-speed must be more than 0"
	default:
		return ""
	}
}

func parsePlan(text string) (int, error) {
	switch text {
	case "free":
		return voiceagenttest.Free.Requests, nil
	case "pro":
		return voiceagenttest.Pro.Requests, nil
	case "none":
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, errors.New("not free, pro, none or a number")
	}
	return n, nil
}

func kindList() string {
	var names []string
	for _, k := range voiceagenttest.Kinds() {
		if k != voiceagenttest.StatusBefore && k != voiceagenttest.StatusAfter {
			names = append(names, string(k))
		}
	}
	return strings.Join(names, ", ")
}
