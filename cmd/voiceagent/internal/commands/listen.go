package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
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
	diagnose   bool
	forwardTo  string
}

func listen(p *cli.Program) *cobra.Command {
	var flags listenFlags
	cmd := &cobra.Command{
		Use: "listen", Short: "Receive webhooks on this machine and print them", Args: cli.NoArgs,
		Long: `Receive webhooks on this machine and print each event, until Ctrl-C.

The secret that they are signed with comes from ` + secretVariable + ` or a file that only you can read. The vendor
doesn't document how it signs: what is checked is the hex HMAC-SHA256 of the body, which is unverified. With --diagnose
each delivery is tried with all schemes that others use, and what fits is said, without the secret and the body.

With --forward-to deliveries are handed on to a program of yours as they come, signature included, and the sender gets
that program's answer: a 502 if it can't be reached, so that the sender tries again. Signatures are for that program
to check; no secret is needed here.

It listens on this machine only. For the vendor to reach it, put a tunnel with TLS in front, and tell the agent:
voiceagent agents update AGENT --webhook-url https://... --webhook-secret-file secret.txt

With --simulate a call is made in the simulator, whose end is reported here.`,
		Example: `  voiceagent listen --diagnose --secret-file secret.txt --count 1
  voiceagent listen --forward-to http://127.0.0.1:3000/webhook`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			secrets, err := webhookSecrets(p, flags)
			if err != nil {
				return err
			}
			target, err := forwardTarget(p, flags.forwardTo)
			if err != nil {
				return err
			}
			if flags.count < 0 {
				return cli.Usagef("--count %d: it must be 0 or more", flags.count)
			}
			if p.DryRun {
				return cli.Usagef("listen sends nothing, so there is nothing to show: leave --dry-run out")
			}
			if p.Simulate {
				flags.count = cmp.Or(flags.count, 1)
			}
			return receive(cmd.Context(), p, flags, secrets, target)
		},
	}
	cli.Text(cmd.Flags(), &flags.address, "address", "127.0.0.1:8080", "where to listen; port 0 takes a free one")
	cli.Text(cmd.Flags(), &flags.secretFile, "secret-file", "", "the file with the secret; its mode must be 0600")
	cmd.Flags().BoolVar(&flags.unsigned, "unsigned", false, "take whatever anybody sends, for agents whose webhook has no secret")
	cmd.Flags().IntVar(&flags.count, "count", 0, "end after so many events; 0 goes on until Ctrl-C")
	cmd.Flags().BoolVar(&flags.diagnose, "diagnose", false, "find out how deliveries are signed")
	cli.Text(cmd.Flags(), &flags.forwardTo, "forward-to", "", "the URL of a program that gets the deliveries as they come")
	return cmd
}

func webhookSecrets(p *cli.Program, flags listenFlags) ([]string, error) {
	switch {
	case flags.diagnose && flags.unsigned:
		return nil, cli.Usagef("--diagnose needs the secret, and --unsigned uses none: leave one of them out")
	case p.Simulate:
		return []string{simulatedSecret}, nil
	case flags.unsigned:
		return nil, nil
	case flags.secretFile != "":
		secret, err := p.Secret("secret-file", flags.secretFile)
		return []string{secret}, err
	}
	if secret := strings.TrimSpace(p.Env(secretVariable)); secret != "" {
		return []string{secret}, nil
	}
	if flags.forwardTo != "" && !flags.diagnose {
		return nil, nil
	}
	return nil, cli.Usagef("there is no secret to check signatures with: set %s, or give --secret-file; --unsigned takes whatever anybody sends", secretVariable)
}

// receive serves until ctx ends or enough events have come.
func receive(ctx context.Context, p *cli.Program, flags listenFlags, secrets []string, target *url.URL) error {
	listening, err := new(net.ListenConfig).Listen(ctx, "tcp", flags.address)
	if err != nil {
		return fmt.Errorf("--address %s: %w; write it like 127.0.0.1:8080, with a port that nothing else listens on", flags.address, err)
	}
	own := fmt.Sprintf("http://%s/", listening.Addr())
	if target != nil && isSelf(target, listening.Addr()) {
		return errors.Join(cli.Usagef("--forward-to %s is where listen itself listens: give another --address, or the address of your program", shownURL(target)), listening.Close())
	}
	fmt.Fprintf(p.Err, "listening on %s\n", own)

	enough := make(chan struct{})
	handler, finish := receiver(p, flags, secrets, target, enough)
	underWay, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		BaseContext: func(net.Listener) context.Context { return underWay }}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listening) }()

	if p.Simulate {
		err = simulateCall(ctx, p, own)
	}
	if err == nil {
		err = await(ctx, flags.count, enough, failed)
	}
	defer time.AfterFunc(shutdownTime, abandon).Stop() // then the sender is answered that there was no answer
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime+time.Second)
	defer cancel()
	ended := server.Shutdown(ending)
	if errors.Is(ended, context.DeadlineExceeded) { // a sender doesn't end its request
		ended = server.Close()
	}
	return errors.Join(err, ended, finish(ending))
}

// receiver returns what takes the deliveries, and what ends it.
func receiver(p *cli.Program, flags listenFlags, secrets []string, target *url.URL, enough chan<- struct{}) (http.Handler, func(context.Context) error) {
	if target != nil {
		f := newForwarder(p, target, flags.count, enough)
		if flags.diagnose {
			f.look = func(header http.Header, body []byte) { _ = diagnosing(p)(header, body, secrets) }
		}
		return f, func(context.Context) error { return nil }
	}
	params := webhook.HandlerParams{
		Secrets: secrets, Unsigned: len(secrets) == 0, Logger: p.Logger(),
		Workers: 1, // one printer
		Handle:  printEvents(p, flags.count, enough),
	}
	switch {
	case flags.diagnose:
		params.Scheme = diagnosing(p)
	case len(secrets) > 0:
		params.Scheme = suggesting(p)
	}
	handler := webhook.NewHandler(params)
	return handler, handler.Shutdown
}

// await returns nil when there were enough events, or when ctx ends and no count was given.
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

// printEvents returns a handler that prints each event. It closes enough after count events, unless
// count is 0. An event counts as received when it is printed.
func printEvents(p *cli.Program, count int, enough chan<- struct{}) func(context.Context, webhook.Event) error {
	out := cli.Changes(p, eventLine(p), eventColumns)
	printed := 0
	return func(_ context.Context, event webhook.Event) error {
		if count > 0 && printed == count {
			return errEnough
		}
		if err := out.Add(receivedFrom(event)); err != nil {
			return err
		}
		if printed++; printed == count {
			close(enough)
		}
		return nil
	}
}

// simulateCall places a call of which the end is reported to url.
func simulateCall(ctx context.Context, p *cli.Program, url string) error {
	client, err := p.Client("")
	if err != nil {
		return err
	}
	agent := p.Simulator().AddAgent(voiceagenttest.NewAgent{Name: "Listener", Webhook: &voiceagenttest.Webhook{URL: url, Secret: simulatedSecret}})
	_, err = client.Calls.Create(ctx, voiceagent.CallCreateParams{AgentID: agent, From: "+15550100000", To: "+919876543210"})
	return err
}

// received is an event as it is printed.
type received struct {
	Event     string               `json:"event"`
	ID        string               `json:"id"`
	Timestamp voiceagent.Timestamp `json:"timestamp"`
	Call      *voiceagent.Call     `json:"call,omitempty"` // of a CALL_ENDED
	Data      jsontext.Value       `json:"data,omitempty"` // of any other event; the body as a string if it can't be read
}

func receivedFrom(event webhook.Event) received {
	r := received{Event: event.EventName(), ID: event.ID()}
	switch e := event.(type) {
	case *webhook.CallEnded:
		r.Timestamp, r.Call = e.Timestamp, e.Call
	case *webhook.UnknownEvent:
		r.Timestamp, r.Data = e.Timestamp, jsontext.Value(e.Data)
		if e.Err != nil {
			r.Data, _ = jsontext.AppendQuote(nil, e.Raw()) // its error is about broken characters, which it replaces
		}
	}
	return r
}

// eventColumns are those of the event, and then of its call.
var eventColumns = func() []cli.Column[received] {
	columns := []cli.Column[received]{
		{Name: "event", Value: func(r received) string { return r.Event }},
		{Name: "event_id", Value: func(r received) string { return r.ID }},
		{Name: "timestamp", Value: func(r received) string { return r.Timestamp.String() }},
		{Name: "data", Value: func(r received) string { return string(r.Data) }},
	}
	for _, c := range callColumns {
		columns = append(columns, cli.Column[received]{Name: c.Name, Value: func(r received) string { return c.Value(cmp.Or(r.Call, &voiceagent.Call{})) }})
	}
	return columns
}()

func eventLine(p *cli.Program) func(received) string {
	return func(r received) string {
		if r.Call == nil {
			return fmt.Sprintf("%s  %s", cli.Printable(r.Event), cli.Printable(string(r.Data)))
		}
		text := fmt.Sprintf("%s  %s  %s  %s", cli.Printable(r.Event), cli.Printable(r.Call.Ref()), cli.Printable(r.Call.PhoneNumber),
			p.Cell(string(r.Call.Status), cli.StatusColour))
		if r.Call.DurationSeconds != nil {
			text += "  " + r.Call.Duration().String()
		}
		return text + "  " + cli.Printable(r.Call.Summary)
	}
}
