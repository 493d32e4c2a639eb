package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
	"github.com/voiceagent-go/voiceagent/webhook"
)

const (
	secretVariable  = "VOICEAGENT_WEBHOOK_SECRET"
	simulatedSecret = "whsec_test_simulator"
	shutdownTime    = 5 * time.Second // what requests under way get at the end
)

// listenFlags are the flags of listen.
type listenFlags struct {
	address    string
	secretFile string
	unsigned   bool
	count      int
}

func (p *program) listen() *cobra.Command {
	var flags listenFlags
	cmd := &cobra.Command{
		Use: "listen", Short: "Receive webhooks on this machine and print them", Args: noArgs,
		Long: `Receive webhooks on this machine and print each event, until Ctrl-C.

The secret that they are signed with comes from ` + secretVariable + ` or a file that only you can read. The vendor
doesn't document how it signs: what is checked is the hex HMAC-SHA256 of the body, which is unverified.

It listens on this machine only. For the vendor to reach it, put a tunnel with TLS in front, and tell the agent:
voiceagent agents update AGENT --webhook-url https://... --webhook-secret-file secret.txt

With --simulate a call is made in the simulator, whose end is reported here.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			secrets, err := p.webhookSecrets(flags)
			if err != nil {
				return err
			}
			if p.dryRun {
				return usagef("listen sends nothing, so there is nothing to show: leave --dry-run out")
			}
			if p.sim {
				flags.count = cmp.Or(flags.count, 1)
			}
			return p.receive(cmd.Context(), flags, secrets)
		},
	}
	cmd.Flags().StringVar(&flags.address, "address", "127.0.0.1:8080", "where to listen; port 0 takes a free one")
	cmd.Flags().StringVar(&flags.secretFile, "secret-file", "", "the file with the secret; its mode must be 0600")
	cmd.Flags().BoolVar(&flags.unsigned, "unsigned", false, "take whatever anybody sends, for agents whose webhook has no secret")
	cmd.Flags().IntVar(&flags.count, "count", 0, "end after so many events; 0 goes on until Ctrl-C")
	return cmd
}

func (p *program) webhookSecrets(flags listenFlags) ([]string, error) {
	switch {
	case p.sim:
		return []string{simulatedSecret}, nil
	case flags.unsigned:
		return nil, nil
	case flags.secretFile != "":
		secret, err := readKey(flags.secretFile)
		return []string{secret}, err
	}
	if secret := strings.TrimSpace(p.env(secretVariable)); secret != "" {
		return []string{secret}, nil
	}
	return nil, usagef("there is no secret to check signatures with: set %s, or give --secret-file; --unsigned takes whatever anybody sends", secretVariable)
}

// receive serves until ctx ends or enough events have come.
func (p *program) receive(ctx context.Context, flags listenFlags, secrets []string) error {
	listening, err := new(net.ListenConfig).Listen(ctx, "tcp", flags.address)
	if err != nil {
		return err
	}
	url := fmt.Sprintf("http://%s/", listening.Addr())
	fmt.Fprintf(p.err, "listening on %s\n", url)

	enough := make(chan struct{})
	handler := webhook.NewHandler(webhook.HandlerParams{
		Secrets: secrets, Unsigned: len(secrets) == 0, Logger: p.logger(),
		Workers: 1, // one printer
		Handle:  p.printEvents(flags.count, enough),
	})
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listening) }()

	if p.sim {
		err = p.simulateCall(ctx, url)
	}
	if err == nil {
		err = await(ctx, flags.count, enough, failed)
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	return errors.Join(err, server.Shutdown(ending), handler.Shutdown(ending))
}

// await returns nil when there were enough events, or when it is told to end and none are waited for.
func await(ctx context.Context, count int, enough <-chan struct{}, failed <-chan error) error {
	select {
	case <-enough:
		return nil
	case err := <-failed:
		return err
	case <-ctx.Done():
		if count == 0 {
			return nil
		}
		return ctx.Err()
	}
}

// errEnough is for an event that comes too late; the vendor sends it again.
var errEnough = errors.New("there were enough events")

// printEvents returns what prints each event, and closes enough after so many, if that isn't 0. An event counts as received when it is printed.
func (p *program) printEvents(count int, enough chan<- struct{}) func(context.Context, webhook.Event) error {
	out := changes(p, eventLine(p), eventColumns)
	printed := 0
	return func(_ context.Context, event webhook.Event) error {
		if count > 0 && printed == count {
			return errEnough
		}
		if err := out.add(receivedFrom(event)); err != nil {
			return err
		}
		if printed++; printed == count {
			close(enough)
		}
		return nil
	}
}

// simulateCall places a call of which the end is reported to url.
func (p *program) simulateCall(ctx context.Context, url string) error {
	client, err := p.client("")
	if err != nil {
		return err
	}
	agent := p.simulated.AddAgent(voiceagenttest.NewAgent{Name: "Listener", Webhook: &voiceagenttest.Webhook{URL: url, Secret: simulatedSecret}})
	_, err = client.Calls.Create(ctx, voiceagent.CallCreateParams{AgentID: agent, From: "+15550100000", To: "+919876543210"})
	return err
}
