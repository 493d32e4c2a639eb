package dial_test

import (
	"flag"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

var killRounds = flag.Int("kill.rounds", 1, "rounds of the kill test")

// A process is killed with SIGKILL again and again, each time when the server has done a request
// and hasn't answered it. It is started again with the same command. It calls each of 4,100 people
// once.
func TestKilledProcessCallsNobodyTwice(t *testing.T) {
	for seed := range *killRounds {
		random := rand.New(rand.NewPCG(uint64(seed), 0))
		var requests, killAt atomic.Int64
		kill := make(chan struct{}, 1)
		d := newDesk(t, voiceagenttest.WithOnRequest(func(voiceagenttest.Request) {
			if requests.Add(1) == killAt.Load() {
				kill <- struct{}{}
				time.Sleep(50 * time.Millisecond) // so that the answer comes too late
			}
		}))
		d.srv.Fail(voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.DropAfter, Rate: 0.2})
		d.write("contacts.csv", contacts(4100))

		kills := 0
		for ; kills < 5; kills++ {
			killAt.Store(requests.Load() + 1 + random.Int64N(2))
			process, done, out := d.startChild(t)
			select {
			case <-kill:
				require.NoError(t, process.Kill())
				require.Error(t, <-done)
			case err := <-done:
				require.FailNow(t, "it ended before it was killed", "%v\n%s", err, out)
			}
		}
		killAt.Store(0)
		_, done, out := d.startChild(t)
		for ended := false; !ended; {
			select {
			case err := <-done:
				require.NoError(t, err, out)
				ended = true
			case <-time.After(20 * time.Millisecond):
				d.srv.Advance(time.Minute)
			}
		}
		assert.Len(t, d.srv.Dialed(), 4100)
		d.nobodyTwice()
		rows := d.readCSV("contacts.results.csv")
		require.Len(t, rows, 4100)
		for i, row := range rows {
			assert.Equal(t, number(i), row["called_number"])
			assert.Equal(t, "1", row["attempts"])
		}
		t.Logf("seed %d: %d kills, %d requests\n%s", seed, kills, requests.Load(), out)
	}
}
