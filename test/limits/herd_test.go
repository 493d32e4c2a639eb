package limits_test

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// everyLatency runs a herd at two latencies and checks how many requests it wasted on a 429.
func everyLatency(t *testing.T, requests, most int, fresh func() *server) {
	t.Helper()
	for _, latency := range []time.Duration{20 * time.Millisecond, 500 * time.Millisecond} {
		t.Run(latency.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(700 * time.Millisecond) // a window doesn't begin with the test
				s := fresh()
				s.latency = latency
				start := time.Now()
				assert.Zero(t, herd(t, testkit.NewPatient(t, s), requests), "failed calls")
				assert.LessOrEqual(t, s.wasted, most, "answers of 429")
				t.Logf("%d of %d wasted, %v", s.wasted, s.requests, time.Since(start).Round(time.Millisecond))
			})
		})
	}
}

// If the headers report enough, no request is wasted.
func TestHerdWithHeadersInEveryForm(t *testing.T) {
	t.Parallel()
	family := func(prefix string, reset func(a ans) string) func(*server, http.Header, ans) {
		return func(_ *server, h http.Header, a ans) {
			h.Set(prefix+"Limit", strconv.Itoa(a.limit))
			h.Set(prefix+"Remaining", strconv.Itoa(a.left))
			h.Set(prefix+"Reset", reset(a))
		}
	}
	seconds := func(a ans) int { return int(a.reset.Sub(a.now).Seconds()) }
	twice := func(joined string) func(*server, http.Header, ans) {
		return func(s *server, h http.Header, a ans) {
			documented(s, h, a)
			for name, v := range h {
				if name != "Date" {
					h.Set(name, v[0]+joined+v[0])
				}
			}
		}
	}
	for name, write := range map[string]func(*server, http.Header, ans){
		"documented":   documented,
		"X-Rate-Limit": family("X-Rate-Limit-", unix(0)),
		"RateLimit-*":  family("RateLimit-", func(a ans) string { return strconv.Itoa(seconds(a)) }),
		"draft 7": func(_ *server, h http.Header, a ans) {
			h.Set("RateLimit", fmt.Sprintf("limit=%d, remaining=%d, reset=%d", a.limit, a.left, seconds(a)))
		},
		"draft 8": func(_ *server, h http.Header, a ans) {
			h.Set("RateLimit", fmt.Sprintf(`"default";r=%d;t=%d`, a.left, seconds(a)))
		},
		"joined":          twice(", "),
		"with parameters": twice(";w=60, "),
		"decimals": func(s *server, h http.Header, a ans) {
			documented(s, h, a)
			h.Set("X-RateLimit-Remaining", fmt.Sprintf("%d.0", a.left))
		},
		"minus one for nothing": func(s *server, h http.Header, a ans) {
			if a.left == 0 {
				a.left = -1
			}
			documented(s, h, a)
		},
		"milliseconds":      resetAs(func(a ans) string { return fmt.Sprint(a.reset.UnixMilli()) }),
		"seconds from now":  resetAs(func(a ans) string { return strconv.Itoa(seconds(a)) }),
		"fraction":          resetAs(func(a ans) string { return fmt.Sprintf("%d.25", a.reset.Unix()) }),
		"duration":          resetAs(func(a ans) string { return a.reset.Sub(a.now).Truncate(time.Second).String() }),
		"RFC 3339":          resetAs(func(a ans) string { return a.reset.UTC().Format(time.RFC3339) }),
		"without an offset": resetAs(func(a ans) string { return a.reset.UTC().Format("2006-01-02T15:04:05.000000") }),
		"HTTP date":         resetAs(func(a ans) string { return a.reset.UTC().Format(http.TimeFormat) }),
		"no reset":          func(s *server, h http.Header, a ans) { documented(s, h, a); h.Del("X-RateLimit-Reset") },
		"a clock an hour ahead": func(s *server, h http.Header, a ans) {
			a.reset = a.reset.Add(time.Hour)
			documented(s, h, a)
			h.Set("Date", a.now.Add(time.Hour).UTC().Format(http.TimeFormat))
		},
		"a clock an hour behind": func(s *server, h http.Header, a ans) {
			a.reset = a.reset.Add(-time.Hour)
			documented(s, h, a)
			h.Set("Date", a.now.Add(-time.Hour).UTC().Format(http.TimeFormat))
		},
		"reset 70 s behind": resetAs(unix(-70 * time.Second)),
		"reset 90 s behind": resetAs(unix(-90 * time.Second)),
		"reset 30 s ahead":  resetAs(unix(30 * time.Second)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			everyLatency(t, 1000, 0, func() *server { return &server{write: write} })
		})
	}
}

// A reset on a clock that is behind Date's looks right until it is over. That is found out once, by
// one or two attempts where nothing was left, and else by as many as go before a first answer.
func TestHerdWithAResetOnAClockBehind(t *testing.T) {
	t.Parallel()
	for _, behind := range []time.Duration{5 * time.Second, 20 * time.Second, 45 * time.Second, 59 * time.Second} {
		t.Run(behind.String(), func(t *testing.T) {
			t.Parallel()
			everyLatency(t, 1000, 18, func() *server { return &server{write: resetAs(unix(-behind))} })
		})
	}
}

// What nobody can foresee costs little.
func TestHerdIsSurprised(t *testing.T) {
	t.Parallel()
	rare := func(tell func(s *server, a ans) bool) *server {
		return &server{write: func(s *server, h http.Header, a ans) {
			if tell(s, a) {
				documented(s, h, a)
			}
		}}
	}
	for name, fresh := range map[string]func() *server{
		"headers on a tenth":   func() *server { return rare(func(s *server, _ ans) bool { return s.requests%10 == 0 }) },
		"headers on a 429":     func() *server { return rare(func(_ *server, a ans) bool { return a.status == 429 }) },
		"another takes a half": func() *server { return &server{other: func(s *server) int { return min(s.own/2, 100) }} },
		"another at an even pace": func() *server {
			return &server{other: func(s *server) int { return int(time.Since(s.window).Seconds() * 100 / 60) }}
		},
		"another in the first seconds": func() *server {
			return &server{other: func(s *server) int { return min(100, int(time.Since(s.window).Seconds()*50)) }}
		},
		"another at once": func() *server {
			return &server{other: func(s *server) int { return s.own / 150 * 100 }}
		},
		"lowered in the middle": func() *server {
			return &server{limit: func(s *server) int {
				if s.ownBefore+s.own >= 450 {
					return 100
				}
				return 300
			}}
		},
		"lowered with a window": func() *server {
			return &server{limit: func(s *server) int {
				if s.ownBefore >= 500 {
					return 100
				}
				return 300
			}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			everyLatency(t, 1200, 20, fresh)
		})
	}
}

// Four processes on one key that don't see each other.
func TestFourClientsOnOneKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{latency: 80 * time.Millisecond}
		var all sync.WaitGroup
		for range 4 {
			client := testkit.NewPatient(t, s)
			all.Go(func() { assert.Zero(t, herd(t, client, 500), "failed calls") })
		}
		all.Wait()
		t.Logf("%d of %d wasted", s.wasted, s.requests)
		assert.LessOrEqual(t, s.wasted, 100, "answers of 429")
	})
}

// An address that is throttled without a word is left alone, and asked again once in 2 minutes.
func TestThrottledWithoutAWord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const minutes = 12
		s := &server{latency: 80 * time.Millisecond, limit: func(*server) int { return 0 }, write: func(*server, http.Header, ans) {}}
		client := testkit.NewPatient(t, s)
		start := time.Now()
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				for time.Since(start) < minutes*time.Minute {
					_, _ = client.Calls.Get(t.Context(), "call_1")
				}
			})
		}
		all.Go(func() {
			time.Sleep(minutes * time.Minute)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.limit = nil // or the callers would wait for hours
			for minute := 1; minute+1 < minutes; minute += 2 {
				asked := s.minutes[minute] + s.minutes[minute+1]
				assert.LessOrEqual(t, asked, 10, "minutes %d and %d", minute, minute+1)
				if minute > 4 {
					assert.Positive(t, asked, "minutes %d and %d", minute, minute+1)
				}
			}
			assert.LessOrEqual(t, s.minutes[0], 10, "the first four, and the growing waits")
			t.Log(s.minutes)
		})
		all.Wait()
	})
}

// The limiter is in front of every attempt.
func TestLimiterAllocatesNothing(t *testing.T) {
	l := voiceagent.NewLimiter(voiceagent.Plan{})
	o := voiceagent.Observation{Known: true, RateLimit: voiceagent.RateLimit{Limit: 300, Remaining: 200, Reset: time.Now().Add(time.Hour)}}
	ctx := t.Context()
	allocs := testing.AllocsPerRun(1000, func() {
		require.NoError(t, l.Acquire(ctx))
		l.Release(ctx, o)
	})
	assert.Zero(t, allocs)
}

func BenchmarkLimiter(b *testing.B) {
	l := voiceagent.NewLimiter(voiceagent.Plan{})
	o := voiceagent.Observation{Known: true, RateLimit: voiceagent.RateLimit{Limit: 300, Remaining: 200, Reset: time.Now().Add(time.Hour)}}
	b.ReportAllocs()
	for b.Loop() {
		_ = l.Acquire(b.Context())
		l.Release(b.Context(), o)
	}
}
