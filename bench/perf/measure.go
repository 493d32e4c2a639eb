package main

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// sample is what one operation costs, on the average of a turn.
type sample struct{ nanoseconds, bytes, allocations float64 }

func timeOf(s sample) float64        { return s.nanoseconds }
func rateOf(s sample) float64        { return 1e9 / s.nanoseconds }
func bytesOf(s sample) float64       { return s.bytes }
func allocationsOf(s sample) float64 { return s.allocations }

// result is what was measured of a work.
type result struct {
	work
	sides   []side
	samples [][]sample // by side, then by round; none for a side that can't do it
}

// measureAll measures all sides in each round, so that a temporary slowdown of the machine affects
// all of them.
func measureAll(ctx context.Context, works []work, sides []side, how effort) ([]result, error) {
	var results []result
	for _, w := range works {
		r, err := measureWork(ctx, w, sides, how)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		results = append(results, r)
	}
	return results, nil
}

func measureWork(ctx context.Context, w work, sides []side, how effort) (result, error) {
	r := result{work: w, sides: sides, samples: make([][]sample, len(sides))}
	service := newService()
	service.failures = w.attempts - 1
	base := config{url: "https://memory.test", transport: service, atOnce: w.attempts > 1}
	if w.loopback {
		url, stop, err := serve(service)
		if err != nil {
			return r, err
		}
		defer stop()
		base.url = url
	}
	tuned := &http.Transport{MaxIdleConns: 2 * callers, MaxIdleConnsPerHost: callers}
	defer tuned.CloseIdleConnections()
	clients := make([]client, len(sides))
	for i, s := range sides {
		if w.attempts > 1 && s.oneAttempt != "" {
			continue
		}
		c := base
		if w.loopback {
			c.transport = tuned
		}
		if w.goroutines > 1 && i == ours {
			c.transport = nil // the one that it comes with
		}
		var err error
		if clients[i], err = s.open(c); err != nil {
			return r, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	began := time.Now()
	for round := 0; round < how.least || time.Since(began) < how.budget; round++ {
		for turn := range sides {
			i := (turn + round) % len(sides) // nobody always comes after the same one's garbage
			if clients[i] == nil {
				continue
			}
			s, err := takeTurn(ctx, w, clients[i], how.turn)
			if err != nil {
				return r, fmt.Errorf("%s: %w", sides[i].name, err)
			}
			r.samples[i] = append(r.samples[i], s)
		}
	}
	return r, nil
}

// takeTurn warms up, settles the garbage collector, and does the work for a while.
func takeTurn(ctx context.Context, w work, c client, turn time.Duration) (sample, error) {
	if _, err := repeat(ctx, w, c, turn/10); err != nil {
		return sample{}, err
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	n, err := repeat(ctx, w, c, turn)
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	return sample{
		nanoseconds: float64(took.Nanoseconds()) / float64(n),
		bytes:       float64(after.TotalAlloc-before.TotalAlloc) / float64(n),
		allocations: float64(after.Mallocs-before.Mallocs) / float64(n),
	}, err
}

// repeat does the work until the time is over, at least once in each goroutine, and returns how
// often.
func repeat(ctx context.Context, w work, c client, turn time.Duration) (int64, error) {
	end := time.Now().Add(turn)
	loop := func() (n int64, err error) {
		for {
			if err := w.op(c, ctx); err != nil {
				return n, err
			}
			n++
			if !time.Now().Before(end) {
				return n, nil
			}
		}
	}
	if w.goroutines == 1 {
		return loop()
	}
	var all sync.WaitGroup
	var total atomic.Int64
	errs := make([]error, w.goroutines)
	for i := range w.goroutines {
		all.Go(func() {
			n, err := loop()
			total.Add(n)
			errs[i] = err
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return total.Load(), err
		}
	}
	return total.Load(), nil
}

// numbers has one for each round.
type numbers []float64

// of returns what was measured of a side.
func (r result) of(i int, what func(sample) float64) numbers {
	var all numbers
	for _, s := range r.samples[i] {
		all = append(all, what(s))
	}
	return all
}

// comparison is the ratio of two medians. The ratios of half of the rounds lie between low and
// high.
type comparison struct{ ratio, low, high float64 }

// against compares a side with the hand-written one.
func (r result) against(i int, what func(sample) float64) comparison {
	return compare(r.of(i, what), r.of(hand, what))
}

// perByte is the number of bytes allocated for each byte of the 2 MB.
func (r result) perByte(i int) comparison {
	all := r.of(i, bytesOf)
	return compare(all, slices.Repeat(numbers{float64(campaignSize)}, len(all)))
}

func compare(all, base numbers) comparison {
	var rounds numbers
	for round := range all {
		rounds = append(rounds, all[round]/base[round])
	}
	return comparison{all.median() / base.median(), rounds.at(0.25), rounds.at(0.75)}
}

// at is the number below which that part of all lies: the median for 0.5.
func (n numbers) at(part float64) float64 {
	sorted := slices.Sorted(slices.Values(n))
	place := part * float64(len(sorted)-1)
	below := int(place)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (place-float64(below))*(sorted[above]-sorted[below])
}

func (n numbers) median() float64 { return n.at(0.5) }
