package dial

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/contactfile"
)

// outcome is what became of a contact, over all calls to it. The texts are of the last call.
type outcome struct {
	Status    string    `json:"status"`
	Attempts  int       `json:"attempts"`
	Duration  *float64  `json:"duration"`
	Sentiment string    `json:"sentiment"`
	Cost      *float64  `json:"cost"` // of all calls
	Started   string    `json:"started"`
	Ended     string    `json:"ended"`
	Session   string    `json:"session"`
	Reason    string    `json:"reason"`
	EndedBy   string    `json:"ended_by"`
	Summary   string    `json:"summary"`
	Recording string    `json:"recording"`
	Campaign  string    `json:"campaign"` // "" when the call didn't say
	At        time.Time `json:"at"`       // when the last call began

	// What was collected is of the last call that collected something: a call that reached a voicemail
	// takes back nothing.
	Score  *float64          `json:"score"`
	Values map[string]string `json:"values"`
	Told   time.Time         `json:"told"` // when that call began

	Named   bool   `json:"-"` // the calls name their campaign
	LeftOut string `json:"-"` // why the row is no contact; "" for a contact
}

// add takes another call into account. They come in any order.
func (o *outcome) add(c *voiceagent.Call, campaign string) {
	cost := o.Cost
	if c.TotalCost != nil {
		total := *c.TotalCost
		if cost != nil {
			total += *cost
		}
		cost = &total
	}
	attempts, at := o.Attempts+1, began(c)
	if attempts == 1 || at.After(o.At) {
		*o = outcome{
			Score: o.Score, Values: o.Values, Told: o.Told,
			Status: string(c.Status), Duration: c.DurationSeconds, Sentiment: c.Sentiment, Started: c.StartedAt.String(), Ended: c.EndedAt.String(),
			Session: cmp.Or(c.SessionID, c.ID), Reason: c.EndReason, EndedBy: c.EndedBy, Summary: c.Summary, Recording: c.RecordingURL, Campaign: campaign, At: at,
		}
	}
	o.Attempts, o.Cost = attempts, cost
	d := c.Details
	if d == nil || d.Score == nil && len(d.CollectedValues) == 0 {
		return
	}
	first, has, had := o.Score == nil && o.Values == nil, len(d.CollectedValues) > 0, len(o.Values) > 0
	if first || has && !had || has == had && at.After(o.Told) {
		o.Score, o.Told, o.Values = d.Score, at, make(map[string]string, len(d.CollectedValues))
		for key, value := range d.CollectedValues {
			o.Values[key] = textOf(value)
		}
	}
}

func began(c *voiceagent.Call) time.Time { return cmp.Or(c.StartedAt, c.CreatedAt).Time }

// outcomes keeps the outcome of each number in a temporary file, as there may be more calls than
// fit into memory.
type outcomes struct {
	db        *bbolt.DB
	path      string
	campaigns map[string]bool // of this run
	since     time.Time
	known     contactfile.Lines // the numbers of the file
	values    map[string]bool   // the keys of what was collected, up to one more than have columns
	talks     bool              // keep transcripts
	pending   []*voiceagent.Call
}

// A call that names a campaign of this run counts. A call that names no campaign counts by its
// number and time.
var (
	named   = []byte("named")
	unnamed = []byte("unnamed")
)

func newOutcomes(parts []Part, began time.Time, known contactfile.Lines) (*outcomes, error) {
	o := &outcomes{campaigns: map[string]bool{}, known: known, values: map[string]bool{}}
	for _, part := range parts {
		if part.campaign == nil {
			continue
		}
		o.campaigns[part.ID] = true
		if at := part.campaign.CreatedAt.Time; !at.IsZero() && (o.since.IsZero() || at.Before(o.since)) {
			o.since = at
		}
	}
	if o.since.IsZero() { // the API doesn't say, so our clock has to do
		o.since = began.Add(-10 * time.Minute)
	}
	o.since = o.since.Add(-2 * time.Second) // times may be cut to the second
	file, err := os.CreateTemp("", "voiceagent-calls-*")
	if err != nil {
		return nil, err
	}
	o.path = file.Name()
	file.Close()
	if o.db, err = bbolt.Open(o.path, 0o600, &bbolt.Options{NoSync: true, NoFreelistSync: true}); err != nil {
		os.Remove(o.path)
		return nil, err
	}
	err = o.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{named, unnamed, said} {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		o.close()
		return nil, err
	}
	return o, nil
}

func (o *outcomes) close() {
	o.db.Close()
	os.Remove(o.path)
}

// read lists the calls of the agent since the first campaign was made, a page at a time.
func (o *outcomes) read(ctx context.Context, client *voiceagent.Client, agent string, progress func(calls int)) error {
	n := 0
	for call, err := range client.Calls.All(ctx, voiceagent.CallListParams{AgentID: agent, Since: o.since}) {
		if err != nil {
			return err
		}
		if n++; n%1000 == 0 {
			progress(n)
		}
		if !o.ours(call) {
			continue
		}
		if o.pending = append(o.pending, call); len(o.pending) == 100 {
			if err := o.flush(); err != nil {
				return err
			}
		}
	}
	return o.flush()
}

// campaignOf returns the campaign that a call names in its metadata; "" when it names none.
func campaignOf(c *voiceagent.Call) string {
	id, _ := c.Metadata["campaign_id"].(string)
	return id
}

// ours reports whether a call may be of this run. The filters of the list aren't documented, so it
// doesn't rely on them.
func (o *outcomes) ours(c *voiceagent.Call) bool {
	if _, known := o.known[contactfile.Digits(c.PhoneNumber)]; !known {
		return false
	}
	if id := campaignOf(c); id != "" {
		return o.campaigns[id]
	}
	at := began(c)
	return (c.Direction == "" || c.Direction == voiceagent.CallOutbound) && c.PhoneNumber != "" && (at.IsZero() || !at.Before(o.since))
}

func (o *outcomes) flush() error {
	err := o.db.Update(func(tx *bbolt.Tx) error {
		for _, call := range o.pending {
			bucket, campaign := tx.Bucket(unnamed), campaignOf(call)
			if campaign != "" {
				bucket = tx.Bucket(named)
			}
			key := numberKey(call.PhoneNumber)
			var result outcome
			if text := bucket.Get(key); text != nil {
				if err := json.Unmarshal(text, &result); err != nil {
					return err
				}
			}
			result.add(call, campaign)
			text, err := json.Marshal(result)
			if err != nil {
				return err
			}
			if err := bucket.Put(key, text); err != nil {
				return err
			}
			for _, key := range slices.Sorted(maps.Keys(result.Values)) { // the same ones each time
				if len(o.values) <= mostValues {
					o.values[key] = true
				}
			}
			if talk := talkOf(call); o.talks && talk.Text != "" {
				if err := talk.put(tx, call.PhoneNumber, campaign != ""); err != nil {
					return err
				}
			}
		}
		return nil
	})
	o.pending = o.pending[:0]
	return err
}

// of returns what became of a number; false when no call to it is listed.
func (o *outcomes) of(tx *bbolt.Tx, number string) (result outcome, found bool, err error) {
	for _, name := range [][]byte{named, unnamed} {
		if text := tx.Bucket(name).Get(numberKey(number)); text != nil {
			err = json.Unmarshal(text, &result)
			result.Named = bytes.Equal(name, named)
			return result, true, err
		}
	}
	return result, false, nil
}

func numberKey(number string) []byte {
	return binary.BigEndian.AppendUint64(nil, contactfile.Digits(number))
}
