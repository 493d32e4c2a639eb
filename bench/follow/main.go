// Follow measures what it takes to place calls and to know when each has ended: with Watch, with
// Watch and webhooks, and with the loop that one writes first, a Get every two seconds.
//
//	go -C bench run ./follow          # prints the table, in a minute
//	go -C bench run ./follow -write   # writes docs/follow.md and its plot, too
//
// It runs on virtual time, so its figures don't depend on the machine.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/voiceagent-go/voiceagent"
)

const docPage = "../docs/follow"

// way is how the ends of calls become known.
type way string

const (
	watch   way = "`Watch`"
	deliver way = "`Watch` and `Deliver`"
	later   way = "the same, later" // the client has been told of five ends
	naive   way = "a `Get` every 2 s"
)

// outcome is what it took.
type outcome struct {
	plan voiceagent.Plan
	how  way

	calls, requests, bytes, refused int
	placing                         time.Duration
	late                            []time.Duration // sorted
}

func (o *outcome) each() float64 { return float64(o.requests) / float64(o.calls) }

func (o *outcome) mean() (mean time.Duration) {
	for _, late := range o.late {
		mean += late / time.Duration(len(o.late))
	}
	return mean
}

func main() {
	write := flag.Bool("write", false, "write "+docPage+".md and its plot, from the directory bench")
	testing.Init()
	flag.Parse()
	// A bubble of virtual time needs a test. Main doesn't return.
	testing.Main(func(_, _ string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "follow", F: func(t *testing.T) {
		all := measureAll(t)
		fmt.Fprint(os.Stdout, table(all))
		if !*write {
			return
		}
		if err := os.WriteFile(docPage+".md", []byte(page(all)), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(docPage+".svg", []byte(plot(all)), 0o644); err != nil {
			t.Fatal(err)
		}
	}}}, nil, nil)
}

func measureAll(t *testing.T) (all []outcome) {
	for _, plan := range []voiceagent.Plan{voiceagent.PlanFree, voiceagent.PlanPro} {
		for _, n := range []int{1, 50, 200, 1000, 5000} {
			for _, how := range []way{watch, deliver, later, naive} {
				synctest.Test(t, func(t *testing.T) { all = append(all, measure(t, n, plan, how)) })
			}
		}
	}
	return all
}

// measure measures n calls.
func measure(t *testing.T, n int, plan voiceagent.Plan, how way) outcome {
	a := newAPI(plan.PerMinute())
	client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_bench"), voiceagent.WithBaseURL("https://api.test/v1"),
		voiceagent.WithHTTPClient(&http.Client{Transport: a}), voiceagent.WithMaxElapsed(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if how == later {
		placeAll(t, a, client, 5, deliver)
		a.requests, a.bytes, a.refused = 0, 0, 0
	}
	o := placeAll(t, a, client, n, how)
	o.plan, o.how, o.requests, o.bytes, o.refused = plan, how, a.requests, a.bytes, a.refused
	return o
}

// placeAll places n calls at once and follows each to its end.
func placeAll(t *testing.T, a *api, client *voiceagent.Client, n int, how way) outcome {
	o := outcome{calls: n}
	start := time.Now()
	var mu sync.Mutex
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			placed, err := client.Calls.Create(t.Context(), voiceagent.CallCreateParams{AgentID: "agent_1", From: "+15550100000", To: "+919876543210"})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			o.placing = max(o.placing, time.Since(start))
			mu.Unlock()
			a.mu.Lock()
			ends := a.named[placed.ID].ended
			a.mu.Unlock()
			if how == deliver || how == later {
				time.AfterFunc(time.Until(ends), func() {
					client.Calls.Deliver(&voiceagent.Call{SessionID: placed.SessionID, Status: voiceagent.CallCompleted})
				})
			}
			if err := await(t.Context(), client, placed, how); err != nil {
				t.Error(err)
			}
			mu.Lock()
			o.late = append(o.late, time.Since(ends))
			mu.Unlock()
		})
	}
	all.Wait()
	slices.Sort(o.late)
	return o
}

// await returns when the end of a call is known.
func await(ctx context.Context, client *voiceagent.Client, placed *voiceagent.Call, how way) error {
	if how != naive {
		for _, err := range client.Calls.Watch(ctx, placed.Ref(), voiceagent.WatchParams{}) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	for {
		now, err := client.Calls.Get(ctx, placed.ID)
		if err != nil || now.Ended() {
			return err
		}
		time.Sleep(2 * time.Second)
	}
}
