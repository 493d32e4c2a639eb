package main

import (
	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/boltledger"
)

// writeFlags are the flags of commands that make something.
type writeFlags struct {
	key    string
	ledger string
}

func (f *writeFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.key, "idempotency-key", "", "a key of your own for this request, such as an order's number (default: random)")
	cmd.Flags().StringVar(&f.ledger, "ledger", "", "a file that remembers what was made under which --idempotency-key: the same command again then makes nothing twice")
}

// client returns a client and the options of the request. The API documents no idempotency keys, so what makes a key count is the ledger.
func (f *writeFlags) client(p *program, agent string) (*voiceagent.Client, []voiceagent.RequestOption, error) {
	var opts []voiceagent.RequestOption
	if f.key != "" {
		opts = append(opts, voiceagent.WithIdempotencyKey(f.key))
	}
	if f.ledger == "" || p.dryRun || p.sim {
		client, err := p.client(agent)
		return client, opts, err
	}
	if f.key == "" {
		return nil, nil, usagef("--ledger needs --idempotency-key: what is the same command and what is another one can't be told without")
	}
	ledger, err := boltledger.Open(f.ledger)
	if err != nil {
		return nil, nil, err
	}
	p.closers = append(p.closers, ledger.Close)
	client, err := p.client(agent, voiceagent.WithLedger(ledger))
	return client, opts, err
}
