// Webhook receives the results of calls as the vendor sends them: signed, repeated when they aren't
// answered, and sometimes twice.
//
//	go run ./examples/webhook
//
// The vendor is a simulator in this program, which delivers over a loopback socket. Nobody is
// called. With the real API, set the agent's webhook to the URL of your server, and give the
// handler the same secret. How the vendor signs is unverified: see docs/webhooks.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
	"github.com/voiceagent-go/voiceagent/webhook"
)

const (
	secret      = "whsec_test_example" // yours comes from the environment
	slowSession = "session-slow"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "webhook:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, cancel := context.WithTimeout(context.Background(), 9*time.Second)
	defer cancel()

	db := database{rows: make(map[string]voiceagent.CallStatus)}
	hooks := webhook.NewHandler(webhook.HandlerParams{
		Secrets: []string{secret},
		Workers: 1, // as the database below has no lock
		Handle: func(_ context.Context, event webhook.Event) error {
			ended, ok := event.(*webhook.CallEnded)
			if !ok {
				return nil // an event of tomorrow
			}
			return db.save(ended)
		},
	})
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: hooks, ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	url := "http://" + listener.Addr().String() + "/webhook/levrage"

	if err := receiveCalls(ctx, url); err != nil {
		return err
	}
	if err := receiveOthers(ctx, url); err != nil {
		return err
	}
	if err := drain(ctx, server, hooks, url); err != nil {
		return err
	}
	fmt.Printf("\n%d results are in the database.\n", len(db.rows))
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// database is one that is down for the second result.
type database struct {
	rows   map[string]voiceagent.CallStatus
	failed bool
}

func (db *database) save(ended *webhook.CallEnded) error {
	call := ended.Call
	if len(db.rows) == 1 && !db.failed {
		db.failed = true
		fmt.Printf("  handling %s: the database is down\n", call.SessionID)
		return errors.New("the database is down")
	}
	fmt.Printf("  handling %s: %s after %v, %d turns\n", call.SessionID, call.Status, call.Duration(), len(call.Transcript))
	if call.SessionID == slowSession {
		time.Sleep(time.Second)
	}
	db.rows[ended.ID()] = call.Status
	return nil
}

// receiveCalls places three calls with an agent that reports to url, and waits for each to be
// reported.
func receiveCalls(ctx context.Context, url string) error {
	vendor := voiceagenttest.NewServer(
		voiceagenttest.WithWebhookBackoff(100*time.Millisecond),
		voiceagenttest.WithOutcome(func(string, int) string { return voiceagenttest.Completed }),
	)
	defer vendor.Close()
	agentID := vendor.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales", Webhook: &voiceagenttest.Webhook{URL: url, Secret: secret}})
	client := vendor.Client()
	fmt.Println("Three calls by the simulated vendor:")
	for i := range 3 {
		to := fmt.Sprintf("+91987654320%d", i)
		if _, err := client.Calls.Create(ctx, voiceagent.CallCreateParams{AgentID: agentID, From: "+15550100000", To: to}); err != nil {
			return err
		}
		seen := len(vendor.Deliveries())
		vendor.Advance(time.Hour) // the call is over, and its result is on the way
		for tries, ok := seen, false; !ok; {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(5 * time.Millisecond):
			}
			for deliveries := vendor.Deliveries(); tries < len(deliveries); tries++ {
				fmt.Printf("  try %d was answered %d\n", deliveries[tries].Try, deliveries[tries].Status)
				ok = deliveries[tries].Status == http.StatusOK
			}
		}
	}
	return nil
}

// receiveOthers sends what a vendor should not, and what anybody can.
func receiveOthers(ctx context.Context, url string) error {
	body := event("session-twice")
	good := webhook.Sign([]byte(body), secret)
	fmt.Println("\nAn event that comes twice, and two that are forged:")
	for _, delivery := range []struct{ what, body, signature string }{
		{"the first", body, good},
		{"the same again, which isn't handled", body, good},
		{"forged, with the signature of another", event("session-forged"), good},
		{"forged, without a signature", event("session-forged"), ""},
	} {
		answer, err := deliver(ctx, url, delivery.body, delivery.signature)
		if err != nil {
			return err
		}
		fmt.Printf("  %s: %s\n", delivery.what, answer)
	}
	return nil
}

// drain shuts the receiver down while it handles an event.
func drain(ctx context.Context, server *http.Server, hooks *webhook.Handler, url string) error {
	fmt.Println("\nA shutdown while an event is handled:")
	answers := make(chan string, 1)
	go func() {
		answer, err := deliver(ctx, url, event(slowSession), webhook.Sign([]byte(event(slowSession)), secret))
		if err != nil {
			answer = err.Error()
		}
		answers <- answer
	}()
	time.Sleep(500 * time.Millisecond) // it takes a second
	if err := errors.Join(server.Shutdown(ctx), hooks.Shutdown(ctx)); err != nil {
		return err
	}
	fmt.Println("  which still was", <-answers)
	return nil
}

func event(session string) string {
	return fmt.Sprintf(`{"event":"CALL_ENDED","data":{"session_id":%q,"status":"completed","duration_seconds":180}}`, session)
}

// deliver sends an event as the vendor does, and returns what is said to it.
func deliver(ctx context.Context, url, body, signature string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	if signature != "" {
		req.Header.Set(webhook.SignatureHeader, signature)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	return "answered " + res.Status, nil
}
