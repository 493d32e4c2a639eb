package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/simulator"
)

// settings are what the command line asks for.
type settings struct {
	addr   string
	config simulator.Config
	agents []simulator.NewAgent
	faults []simulator.Fault
	// dashboard says whether there is a page to look at.
	dashboard bool
}

// rates are the flags for faults at random.
var rates = []struct {
	flag, usage string
	fault       simulator.Fault
}{
	{"error-rate", "answer 500 instead of doing the work", simulator.Fault{Status: 500}},
	{"unavailable-rate", "answer 503 instead of doing the work", simulator.Fault{Status: 503}},
	{"timeout-rate", "answer 504 after the work was done", simulator.Fault{Kind: simulator.StatusAfter, Status: 504}},
	{"throttle-rate", "answer 429 with the rate-limit headers", simulator.Fault{Kind: simulator.Throttle}},
	{"html-rate", "answer a gateway's 502 in HTML", simulator.Fault{Kind: simulator.HTML}},
	{"drop-rate", "close the connection instead of doing the work", simulator.Fault{Kind: simulator.DropBefore}},
	{"drop-after-rate", "do the work and close the connection", simulator.Fault{Kind: simulator.DropAfter}},
	{"hang-rate", "never answer nor do the work", simulator.Fault{Kind: simulator.HangBefore}},
	{"slow-rate", "answer after 3 seconds", simulator.Fault{Kind: simulator.Slow, Delay: 3 * time.Second}},
	{"truncate-rate", "do the work and send half of the JSON", simulator.Fault{Kind: simulator.TruncatedJSON}},
}

func parse(args []string, output io.Writer) (settings, error) {
	// A program that runs for days must not remember every request.
	s := settings{config: simulator.Config{KeepRequests: -1}}
	flags := flag.NewFlagSet("voiceagent-sim", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.BoolVar(&s.dashboard, "dashboard", true, "serve a page to look at, at "+dashboardPath)
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8484", "`address` to listen on")
	flags.Func("plan", "rate limit: free, pro, none or a `number` of requests a window (default none)", func(text string) (err error) {
		s.config.Limits.Requests, err = parsePlan(text)
		return err
	})
	flags.DurationVar(&s.config.Limits.Window, "window", time.Minute, "length of a rate-limit window")
	flags.Uint64Var(&s.config.Seed, "seed", 0, "decides what happens to each call")
	flags.Float64Var(&s.config.Speed, "speed", 1, "how fast calls and campaigns go; windows and the times in answers don't follow")
	flags.DurationVar(&s.config.Skew, "skew", 0, "how far the server's clock is ahead")
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
		s.agents = append(s.agents, simulator.NewAgent{Name: name, ID: id})
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
	if s.dashboard {
		s.config.KeepRequests = requestsKept
	}
	return s, nil
}

// check says what is wrong with flags that are well formed each by itself.
func (s settings) check(flags *flag.FlagSet) string {
	switch {
	case flags.NArg() > 0:
		return fmt.Sprintf("unexpected argument: %s", flags.Arg(0))
	case s.config.Limits.Window <= 0:
		return "-window must be longer than nothing"
	case !(s.config.Speed > 0):
		return "-speed must be more than 0"
	default:
		return ""
	}
}

func parsePlan(text string) (int, error) {
	switch text {
	case "free":
		return simulator.Free.Requests, nil
	case "pro":
		return simulator.Pro.Requests, nil
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
	for _, k := range simulator.Kinds {
		if k != simulator.StatusBefore && k != simulator.StatusAfter {
			names = append(names, string(k))
		}
	}
	return strings.Join(names, ", ")
}
