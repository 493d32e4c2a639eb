package dial_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
)

// Where several columns could be the called numbers, those of the last run are meant.
func TestTheLastRunOfResultsTellsWhoWasCalled(t *testing.T) {
	for name, list := range map[string]string{
		"results of results of results": "phone,called_number,not_called_because,call_called_number,call_not_called_because,call_call_called_number,call_call_not_called_because\n" +
			",,it isn't a number,,it isn't a number,9876543210,\n" + "9876543211,9876543211,,9876543211,,,it is excluded\n",
		"no column of reasons": "Call Called Number,status\n9876543210,completed\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				d.write("contacts.csv", "phone\n9876543210\n9876543211\n")
				_, err := d.run(t.Context(), d.excluding(list))
				require.NoError(t, err)
				assert.Equal(t, []string{"+919876543211"}, d.srv.Dialed())
			})
		})
	}
}

// A list that has a column of that name without being results isn't read as keeping out nobody.
func TestAnEmptyCalledNumberWithoutAReasonIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", "phone\n9876543210\n9876543211\n")
		_, err := d.run(t.Context(), d.excluding("phone,called_number\n9876543210,\n9876543211,9876543211\n"))
		require.ErrorContains(t, err, "1 of 2 rows can't be read, and somebody who is to be kept out might be called")
		assert.Empty(t, d.srv.Dialed())
	})
}

// What an agent collects can't be taken for the called numbers.
func TestACollectedKeyIsNoResultColumn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(2))
		_, err := d.run(t.Context(), d.listing(func(call map[string]any) {
			call["details_collection"] = map[string]any{"collected_values": map[string]any{"Call Called Number": "", "call_not_called_because": "no"}}
		}))
		require.NoError(t, err)
		row := d.readCSV("contacts.results.csv")[0]
		assert.Contains(t, row, "collected.Call Called Number")
		assert.Contains(t, row, "collected.call_not_called_because")
		d.write("contacts.csv", contacts(3))
		_, err = d.run(t.Context(), func(o *dial.Options) {
			o.Exclude, o.Results = []string{d.path("contacts.results.csv")}, d.path("more.csv")
		})
		require.NoError(t, err)
		assert.Len(t, d.srv.Dialed(), 3)
		d.nobodyTwice()
	})
}
