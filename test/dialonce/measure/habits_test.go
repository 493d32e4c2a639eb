package measure_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// habit is a server that does one thing in another way, and a network that loses answers.
type habit struct {
	name    string
	dialect voiceagenttest.Dialect
	server  []voiceagenttest.Option
	faults  []voiceagenttest.Fault // mixed when nil
	client  []voiceagent.ClientOption
	first   bool // the faults befall the first attempts of half of the calls alone
	beyond  bool // later than the settle time: nothing is promised
}

func (h habit) options() []voiceagenttest.Option {
	return append([]voiceagenttest.Option{voiceagenttest.WithDialect(h.dialect)}, h.server...)
}

// measure places n calls, one a person, on a server of this habit.
func (h habit) measure(t *testing.T, n int) (sum tally) {
	t.Helper()
	inWorld(t, func(t *testing.T, w *world) {
		opts := h.client
		if h.first {
			opts = append(slices.Clip(opts), voiceagent.WithMiddleware(w.failFirst(h.faults)))
		}
		client := w.Client(opts...)
		w.goodCalls(t, client, 8)
		switch {
		case h.first:
		case h.faults != nil:
			w.Fail(h.faults...)
		default:
			w.Fail(mixed()...)
		}
		all := teller{}
		for _, result := range client.Calls.CreateEach(t.Context(), w.callsTo(n, 1), voiceagent.CreateEachParams{Concurrency: 16}) {
			all.noteCall(result)
		}
		time.Sleep(settled)
		sum = all.count(w.Dials(), w.seen)
	}, h.options()...)
	return sum
}

// failFirst makes one of the faults, in turn, befall the first attempt of every other call to a
// person. The faults must answer at once.
func (w *world) failFirst(faults []voiceagenttest.Fault) func(http.RoundTripper) http.RoundTripper {
	var mu sync.Mutex
	seen := map[string]bool{}
	dice := rand.New(rand.NewPCG(1, 1))
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(req *http.Request) (*http.Response, error) {
			if req.Method != http.MethodPost {
				return next.RoundTrip(req)
			}
			mu.Lock()
			defer mu.Unlock()
			key := req.Header.Get("Idempotency-Key")
			if !seen[key] && len(seen) >= 8 && dice.IntN(2) == 0 {
				f := faults[dice.IntN(len(faults))]
				f.Rate, f.Every, f.Times = 0, 0, 1
				w.Fail(f)
			}
			seen[key] = true
			return next.RoundTrip(req)
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// measureAll runs each habit and asserts what is promised of it.
func measureAll(t *testing.T, title string, habits []habit) {
	t.Helper()
	tb := newTable(title)
	for _, h := range habits {
		tb.expect(h.name)
	}
	t.Run("each", func(t *testing.T) {
		for _, h := range habits {
			t.Run(h.name, func(t *testing.T) {
				t.Parallel()
				sum := h.measure(t, *manyCalls)
				tb.put(h.name, sum)
				if !h.beyond {
					sum.isRight(t)
				}
			})
		}
	})
	tb.write(t)
}

// No habit of a list makes a phone ring twice.
func TestHabitsOfLists(t *testing.T) {
	measureAll(t, fmt.Sprintf("Habits of lists and records, %d calls, half of the answers lost or 504", *manyCalls), habitsOfLists())
}

// No answer after the work makes a phone ring twice.
func TestStatusesAfterTheWork(t *testing.T) {
	measureAll(t, fmt.Sprintf("Statuses after the work, %d calls, half of them", *manyCalls), statusesAfterTheWork())
}

// On a list that shows every call at once, only those calls stay unknown that weren't made.
func TestPlainListLeavesLittleUnknown(t *testing.T) {
	t.Parallel()
	sum := habit{}.measure(t, *manyCalls)
	sum.isRight(t)
	assert.LessOrEqual(t, sum.unknownRang, sum.lost/100, "calls that a look should have found")
}
