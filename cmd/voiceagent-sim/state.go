package main

import (
	"time"

	"github.com/voiceagent-go/voiceagent/internal/simulator/view"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// How many of each kind the page receives. The simulator remembers requestsKept requests, from
// which the attempts are derived.
const (
	requestsKept  = 500
	requestsShown = 60
	callsShown    = 40
	keysShown     = 6
	faultsShown   = 30
)

// state is what the page shows.
type state struct {
	view.Snapshot
	Requests []requestView `json:"requests"` // newest first
	Received int           `json:"received"` // how many requests ever
	Throttle int           `json:"throttled"`
	Faulty   int           `json:"faulty"` // requests that a fault befell
	Keys     []keyView     `json:"keys"`
	BarMS    int64         `json:"bar_ms"`
	Faults   []faultView   `json:"faults"` // in force
	InForce  int           `json:"in_force"`
	Opened   opened        `json:"opened"`
}

// requestView is a request in the list of all, which has no paths: see [openRequest].
type requestView struct {
	ID      string              `json:"id"`
	Time    time.Time           `json:"time"`
	Method  string              `json:"method"`
	Route   string              `json:"route"`  // "" when there is no such endpoint
	Status  int                 `json:"status"` // 0 for none
	Pending bool                `json:"pending"`
	Fault   voiceagenttest.Kind `json:"fault"`
	MS      float64             `json:"ms"`
	Attempt int                 `json:"attempt"`
}

// keyView is the rate-limit window of a key, when there is one, and its traffic.
type keyView struct {
	Key    string       `json:"key"` // "" for requests without one
	Window *view.Window `json:"window"`
	Bars   []bar        `json:"bars"`
	End    time.Time    `json:"end"` // of the last bar
}

// faultView is a fault in force.
type faultView struct {
	Method string              `json:"method"` // "" for any
	Route  string              `json:"route"`  // "" for any
	Kind   voiceagenttest.Kind `json:"kind"`
	Status int                 `json:"status"`
	Times  int                 `json:"times"` // below zero for ever
	Share  float64             `json:"share"` // of the matching requests; 0 for all
}

// state is what the page shows when it has opened a request and a call, by their ids, or none: "".
func (d *dashboard) state(request, call string) state {
	v := state{Snapshot: d.inside.Snapshot(callsShown), Received: d.sim.RequestCount(), BarMS: d.traffic.length.Milliseconds()}
	v.Throttle, v.Faulty = d.traffic.totals()
	requests := d.sim.Requests()
	numbered := attempts(requests)
	v.Requests = latestRequests(requests, numbered)
	v.Opened = opened{d.openRequest(request, requests, numbered), d.openCall(call)}
	v.Keys = byKey(v.Windows, d.traffic.charts(v.ServerTime))
	v.Windows = nil
	faults := d.inside.Faults()
	v.InForce = len(faults)
	v.Faults = make([]faultView, 0, faultsShown)
	for _, f := range faults[:min(len(faults), faultsShown)] {
		v.Faults = append(v.Faults, viewFault(f))
	}
	return v
}

func latestRequests(list []voiceagenttest.Request, numbered []attempt) []requestView {
	shown := make([]requestView, 0, requestsShown)
	for i := len(list) - 1; i >= 0 && len(shown) < requestsShown; i-- {
		shown = append(shown, viewRequest(list[i], numbered[i]))
	}
	return shown
}

func viewRequest(r voiceagenttest.Request, a attempt) requestView {
	return requestView{
		ID: r.ID, Time: r.Time, Method: r.Method[:min(len(r.Method), 12)], Route: r.Route, Status: r.Status, Pending: pending(r),
		Fault: r.Fault, MS: float64(r.Duration.Microseconds()) / 1000, Attempt: a.number,
	}
}

// byKey brings together what the limiter and the traffic know of each key: first the keys with a
// window.
func byKey(windows []view.Window, charts []chart) []keyView {
	list := []keyView{}
	seen := make(map[string]bool)
	for _, w := range windows {
		v := keyView{Key: w.Key, Window: &w}
		for _, c := range charts {
			if c.key == w.Key {
				v.Bars, v.End = c.bars, c.end
			}
		}
		seen[w.Key] = true
		list = append(list, v)
	}
	for _, c := range charts {
		if !seen[c.key] {
			list = append(list, keyView{Key: c.key, Bars: c.bars, End: c.end})
		}
	}
	return list[:min(len(list), keysShown)]
}
