package dial_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// What is said at the question of a run whose first campaign was made before.
func TestWhoStopsAtTheQuestionHearsWhatGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(2100))
		d.srv.Fail(voiceagenttest.Fault{Method: "POST", Route: "/campaigns", Status: 402, Code: "quota_exceeded", Every: 2, Times: 1})
		_, err := d.run(t.Context())
		require.Error(t, err)
		asked := ""
		stop := func(answer error, timeout bool) error {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			_, err := d.run(ctx, func(o *dial.Options) {
				o.Yes, o.Ask = false, func(question string) error {
					asked = question
					if timeout {
						cancel(context.DeadlineExceeded)
					}
					return answer
				}
			})
			return err
		}
		err = stop(errNo, false)
		require.ErrorIs(t, err, errNo)
		assert.Equal(t, "Go on with 100 contacts from +15550100000, 50 at a time?", asked)
		assert.EqualError(t, err, "the answer was no; nothing more was sent. The campaigns that were made before go on")
		err = stop(nil, true)
		stopped := &dial.Interrupted{}
		require.ErrorAs(t, err, &stopped)
		require.ErrorIs(t, err, context.DeadlineExceeded, "the time was over")
		assert.EqualError(t, err, "Interrupted: nothing more was sent. The campaigns that were made before go on.")
	})
}

func TestInterruptedTellsWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(10))
		_, err := d.run(after(t, 3*time.Second))
		stopped := &dial.Interrupted{}
		require.ErrorAs(t, err, &stopped)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		_, err = d.run(ctx)
		require.ErrorAs(t, err, &stopped)
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
	})
}

// lookedAt ends when it is looked at for the second time.
type lookedAt struct {
	context.Context
	cancel context.CancelFunc
	times  int
}

func (c *lookedAt) Err() error {
	if c.times++; c.times == 2 {
		c.cancel()
	}
	return c.Context.Err()
}

func TestCtrlCEndsTheCheckOfALongFile(t *testing.T) {
	d := newDesk(t)
	path := d.write("contacts.csv", contacts(2500)+"nobody\n")
	ctx, cancel := context.WithCancel(t.Context())
	summary, err := d.run(&lookedAt{Context: ctx, cancel: cancel})
	stopped := &dial.Interrupted{}
	require.ErrorAs(t, err, &stopped)
	require.ErrorIs(t, err, context.Canceled)
	assert.EqualError(t, err, "Interrupted: "+path+" was being checked, and this command has sent nothing.")
	assert.Equal(t, "checking "+path+"\n", d.screen.String(), "which was said before")
	assert.Zero(t, summary.Contacts)
	assert.NoFileExists(t, d.path("contacts.rejects.csv"))
}
