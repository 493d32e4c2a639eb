package main

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

const (
	barCount    = 60 // bars of a key: together five windows, or a minute if that is longer
	barWindow   = 12 // bars in a window
	shortestBar = time.Second
	keysKept    = 16
)

// Where a bar counts an answer.
const (
	fine       = iota // 2xx and 3xx
	refused           // 4xx other than 429
	throttled         // 429
	broken            // 5xx
	unanswered        // the connection was lost, or the caller gave up
	classes
)

// bar counts the requests of a few seconds by their answers.
type bar [classes]int

// traffic counts answers: all of them, and for each key those of the last windows.
type traffic struct {
	length time.Duration // of a bar

	mu        sync.Mutex
	faults    int
	throttled int
	keys      map[string]*series
}

// series is the traffic of a key, its bars in a ring.
type series struct {
	last int64 // the number of the newest bar
	bars [barCount]bar
}

func newTraffic(window time.Duration) *traffic {
	return &traffic{length: max(window/barWindow, shortestBar), keys: make(map[string]*series)}
}

// note counts a request that is over.
func (t *traffic) note(r voiceagenttest.Request) {
	class := classOf(r.Status)
	t.mu.Lock()
	defer t.mu.Unlock()
	if r.Fault != "" {
		t.faults++
	}
	if class == throttled {
		t.throttled++
	}
	number := t.number(r.Time)
	key := r.Header.Get("Authorization")
	s := t.keys[key]
	if s == nil {
		t.makeRoom()
		s = &series{last: number}
		t.keys[key] = s
	}
	s.advance(number)
	if number > s.last-barCount { // a request that hung for long has no bar any more
		s.bars[number%barCount][class]++
	}
}

// makeRoom forgets the key that has been silent for the longest time if there are too many.
func (t *traffic) makeRoom() {
	if len(t.keys) < keysKept {
		return
	}
	silent := slices.MinFunc(slices.Collect(maps.Keys(t.keys)), func(a, b string) int {
		return cmp.Compare(t.keys[a].last, t.keys[b].last)
	})
	delete(t.keys, silent)
}

func (t *traffic) number(at time.Time) int64 { return at.UnixNano() / int64(t.length) }

// advance empties the bars between the newest and number, which becomes the newest.
func (s *series) advance(number int64) {
	for s.last < number {
		if number-s.last > barCount {
			s.last = number - barCount
		}
		s.last++
		s.bars[s.last%barCount] = bar{}
	}
}

// chart is the traffic of one key at a moment, oldest first; the last bar ends at end.
type chart struct {
	key  string
	bars []bar
	end  time.Time
}

// charts returns the traffic of every key, by key.
func (t *traffic) charts(now time.Time) []chart {
	t.mu.Lock()
	defer t.mu.Unlock()
	number := t.number(now)
	list := make([]chart, 0, len(t.keys))
	for _, key := range slices.Sorted(maps.Keys(t.keys)) {
		s := t.keys[key]
		s.advance(number)
		bars := make([]bar, barCount)
		for i := range bars {
			bars[i] = s.bars[(s.last+1+int64(i))%barCount]
		}
		list = append(list, chart{key: key, bars: bars, end: time.Unix(0, (s.last+1)*int64(t.length)).UTC()})
	}
	return list
}

// totals are since the start of the program.
func (t *traffic) totals() (throttled, faults int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.throttled, t.faults
}

func classOf(status int) int {
	switch {
	case status == 0:
		return unanswered
	case status == http.StatusTooManyRequests:
		return throttled
	case status >= 500:
		return broken
	case status >= 400:
		return refused
	default:
		return fine
	}
}
