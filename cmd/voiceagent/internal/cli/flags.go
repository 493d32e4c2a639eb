package cli

import (
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/boltledger"
)

// ListFlags are the flags of every list.
type ListFlags struct {
	limit   int
	filters []string
}

// Page is what the flags of a list ask for.
type Page struct {
	Limit int        // records; 0 is all
	Size  int        // of a page, which doesn't fetch more than the limit
	Query url.Values // filters that this program doesn't know
}

const (
	tableLimit = 50  // records, where --limit isn't given; people don't read more, and each page costs a request
	largePage  = 100 // the largest that the API allows (documented)
)

// Add adds the flags to a command.
func (f *ListFlags) Add(cmd *cobra.Command) {
	cmd.Flags().IntVar(&f.limit, "limit", -1, "how many at most; 0 is all (default 50 for a table, all otherwise)")
	cmd.Flags().Lookup("limit").DefValue = "0" // -1, which stands for that, would be a riddle
	cmd.Flags().StringArrayVar(&f.filters, "filter", nil, "a query parameter that this program doesn't know, as `name=value`; may be repeated")
}

// Page returns what the flags ask for.
func (f *ListFlags) Page(p *Program) (page Page, err error) {
	switch {
	case f.limit < -1:
		return page, Usagef("--limit %d: it must be 0 or more", f.limit)
	case f.limit == -1 && p.Output == Table:
		page.Limit = tableLimit
	case f.limit > 0:
		page.Limit = f.limit
	}
	page.Size = largePage
	if page.Limit > 0 {
		page.Size = min(page.Limit+1, largePage) // one more shows if there are more
	}
	page.Query, err = filter(f.filters)
	return page, err
}

// simulatedInterval is short because the simulator's time goes fast.
const simulatedInterval = 100 * time.Millisecond

// WatchFlags are the flags of what is followed until it ends.
type WatchFlags struct{ interval time.Duration }

// Add adds the flags to a command.
func (f *WatchFlags) Add(cmd *cobra.Command) {
	cmd.Flags().DurationVar(&f.interval, "interval", 0, "how often to look (default 2s); rarer when little of the rate limit is left")
}

// Params returns what the flags ask for.
func (f *WatchFlags) Params(p *Program) voiceagent.WatchParams {
	if f.interval == 0 && p.Simulate {
		return voiceagent.WatchParams{Interval: simulatedInterval}
	}
	return voiceagent.WatchParams{Interval: f.interval}
}

// WriteFlags are the flags of commands that make something.
type WriteFlags struct {
	key      string
	ledger   string
	response voiceagent.Response // how the request went
	known    bool
}

// Add adds the flags to a command.
func (f *WriteFlags) Add(cmd *cobra.Command) {
	Text(cmd.Flags(), &f.key, "idempotency-key", "", "a key of your own for this request, such as an order's number (default: random)")
	Text(cmd.Flags(), &f.ledger, "ledger", "", "a file that remembers what was made under which --idempotency-key: the same command again then makes nothing twice")
}

// Known reports whether the ledger knows the key, so that what was made may only be shown. Client
// finds out.
func (f *WriteFlags) Known() bool { return f.known }

// Client returns a client and the options of the request. The API documents no idempotency keys, so
// a key works only through the ledger.
func (f *WriteFlags) Client(p *Program, agent string) (*voiceagent.Client, []voiceagent.RequestOption, error) {
	opts := []voiceagent.RequestOption{voiceagent.WithResponse(&f.response)}
	if f.key != "" {
		opts = append(opts, voiceagent.WithIdempotencyKey(f.key))
	}
	if f.key != "" && f.ledger == "" {
		p.Notice(Note{Warning: "--idempotency-key alone doesn't stop the same command from doing it again, as the API isn't known to heed it: give --ledger FILE too"})
	}
	if f.ledger == "" || p.DryRun || p.Simulate {
		client, err := p.Client(agent)
		return client, opts, err
	}
	if f.key == "" {
		return nil, nil, Usagef("--ledger needs --idempotency-key: what is the same command and what is another one can't be told without")
	}
	ledger, err := boltledger.Open(f.ledger)
	if err != nil {
		return nil, nil, Usagef("--ledger: %w", err)
	}
	p.AtEnd(ledger.Close)
	if _, f.known, err = ledger.Entry(f.key); err != nil {
		return nil, nil, err
	}
	client, err := p.Client(agent, voiceagent.WithLedger(ledger))
	return client, opts, err
}

// Replayed says so where what was made comes from the ledger.
func (f *WriteFlags) Replayed(p *Program, did string) {
	if !f.response.Replayed {
		return
	}
	at, when := f.response.Timestamp, "earlier"
	if !at.IsZero() { // the record may show no time
		when = at.Format(time.RFC3339)
	}
	p.Notice(Note{Replayed: true, PlacedAt: at, Text: fmt.Sprintf("This %s %s, under the same --idempotency-key: nothing was sent now, and nobody was called. "+
		"It is shown as it was then.", did, when)})
}
