package lists_test

import (
	"fmt"
	"iter"
	"math"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// callServer takes 100 ms for each call, and counts them.
type callServer struct{ begun, ended atomic.Int64 }

func (s *callServer) RoundTrip(req *http.Request) (*http.Response, error) {
	n := s.begun.Add(1)
	time.Sleep(100 * time.Millisecond)
	s.ended.Add(1)
	return testkit.Answer(http.StatusOK, fmt.Sprintf(`{"data":{"id":"call_%d"}}`, n))(req)
}

// each runs a test in a bubble, which no goroutine may outlive.
func each(t *testing.T, test func(t *testing.T, server *callServer, calls *voiceagent.CallsService)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := &callServer{}
		test(t, server, testkit.NewPatient(t, server).Calls)
	})
}

func someCalls(n int) iter.Seq[voiceagent.CallCreateParams] {
	return func(yield func(voiceagent.CallCreateParams) bool) {
		for i := range n {
			call := testkit.ValidCall()
			call.To = fmt.Sprintf("+1555%07d", i)
			if !yield(call) {
				return
			}
		}
	}
}

// However a loop is left, nothing new is begun, and all that is under way has ended.
func TestCreateEachStopsWithItsLoop(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func() (goOn bool){
		"break":  func() bool { return false },
		"panic":  func() bool { panic("the body") },
		"Goexit": func() bool { runtime.Goexit(); return true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, server *callServer, calls *voiceagent.CallsService) {
				left := make(chan int64)
				go func() {
					defer func() {
						ended := server.ended.Load()
						_ = recover()
						left <- ended
					}()
					for range calls.CreateEach(t.Context(), someCalls(1000), voiceagent.CreateEachParams{Concurrency: 2}) {
						if !leave() {
							break
						}
					}
				}()
				ended := <-left
				time.Sleep(time.Minute)
				assert.Equal(t, ended, server.begun.Load())
				assert.LessOrEqual(t, ended, int64(1+2))
			})
		})
	}
}

// The sequence has no end, and is read no faster than its results are taken.
func TestCreateEachWaitsForASlowLoop(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, server *callServer, calls *voiceagent.CallsService) {
		const concurrency, last = 4, 20
		taken := 0
		for _, result := range calls.CreateEach(t.Context(), someCalls(math.MaxInt), voiceagent.CreateEachParams{Concurrency: concurrency}) {
			require.NoError(t, result.Err)
			taken++
			time.Sleep(time.Second)
			require.EqualValues(t, taken+concurrency, server.begun.Load())
			if taken == last {
				break
			}
		}
		assert.EqualValues(t, last+concurrency, server.begun.Load())
	})
}

// A result is yielded when its call has ended, even if the sequence has no next call yet.
func TestCreateEachYieldsWhileTheSequenceWaits(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ *callServer, calls *voiceagent.CallsService) {
		results := make(chan struct{})
		asResultsCome := func(yield func(voiceagent.CallCreateParams) bool) {
			for call := range someCalls(5) {
				if !yield(call) {
					return
				}
				<-results
			}
		}
		n := 0
		for _, result := range calls.CreateEach(t.Context(), asResultsCome, voiceagent.CreateEachParams{}) {
			require.NoError(t, result.Err)
			n++
			results <- struct{}{}
		}
		assert.Equal(t, 5, n)
	})
}

// A panic of the caller's own functions comes back to the caller, after the results of all that was
// placed.
func TestCreateEachPassesOnPanics(t *testing.T) {
	t.Parallel()
	bad := func(yield func(voiceagent.CallCreateParams) bool) {
		someCalls(3)(yield)
		panic("row 3")
	}
	badToClose := func(yield func(voiceagent.CallCreateParams) bool) {
		defer panic("row 3")
		someCalls(1000)(yield)
	}
	badKey := func(i int, _ voiceagent.CallCreateParams) string {
		if i == 3 {
			panic("row 3")
		}
		return fmt.Sprint("row-", i)
	}
	for name, test := range map[string]struct {
		calls   iter.Seq[voiceagent.CallCreateParams]
		key     func(int, voiceagent.CallCreateParams) string
		breakAt int
		results int
	}{
		"sequence":               {calls: bad, results: 3},
		"sequence after a break": {calls: badToClose, breakAt: 2, results: 2},
		"key":                    {calls: someCalls(1000), key: badKey, results: 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, server *callServer, calls *voiceagent.CallsService) {
				results := 0
				assert.PanicsWithValue(t, "row 3", func() {
					for _, result := range calls.CreateEach(t.Context(), test.calls, voiceagent.CreateEachParams{Concurrency: 2, Key: test.key}) {
						assert.NoError(t, result.Err)
						if results++; results == test.breakAt {
							break
						}
					}
				})
				assert.Equal(t, test.results, results)
				assert.Equal(t, server.begun.Load(), server.ended.Load())
			})
		})
	}
}

func TestCreateEachWithoutASequence(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, server *callServer, calls *voiceagent.CallsService) {
		var errs []error
		for _, result := range calls.CreateEach(t.Context(), nil, voiceagent.CreateEachParams{}) {
			errs = append(errs, result.Err)
		}
		require.Len(t, errs, 1)
		require.ErrorAs(t, errs[0], new(*voiceagent.ValidationError))
		assert.ErrorContains(t, errs[0], "POST /call: refused before sending (validation_error): calls: the sequence is nil")
		assert.Zero(t, server.begun.Load())
	})
}

// Nothing is allocated by it, so any number will do.
func TestCreateEachOfAnyConcurrency(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ *callServer, calls *voiceagent.CallsService) {
		n := 0
		for _, result := range calls.CreateEach(t.Context(), someCalls(10), voiceagent.CreateEachParams{Concurrency: math.MaxInt}) {
			require.NoError(t, result.Err)
			n++
		}
		assert.Equal(t, 10, n)
	})
}
