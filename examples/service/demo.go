package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func init() { withoutKey = func(ctx context.Context) error { return demo(ctx, os.Stdout) } }

// demo serves with a simulator as the vendor, sends a few requests to itself, and shuts down. Leave
// it out of your copy.
func demo(ctx context.Context, out io.Writer) error {
	const secret = "whsec_test_example"
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	base := "http://" + listener.Addr().String()
	vendor := voiceagenttest.NewServer(voiceagenttest.WithOutcome(func(string, int) string { return voiceagenttest.Completed }))
	defer vendor.Close()
	agent := vendor.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales", Webhook: &voiceagenttest.Webhook{URL: base + "/webhook/levrage", Secret: secret}})
	// The simulator lists a call at once. Leave the settle time as it is with the real API.
	client := vendor.Client(append(options(), voiceagent.WithSettleTime(time.Second))...)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	s, served := newService(ctx, client, "+15550100000", secret), make(chan error, 1)
	go func() { served <- s.serve(ctx, listener) }()

	call := func(to string) string { return fmt.Sprintf(`{"agent_id":%q,"to":%q}`, agent, to) }
	var paths []string // of the calls that were placed
	for _, request := range []struct {
		what, key, body string
		fault           voiceagenttest.Fault
		want            int
	}{
		{what: "a call", key: "order-1", body: call("+919876543210"), want: 201},
		{what: "the same again", key: "order-1", body: call("+919876543210"), want: 201},
		{what: "the same key for another call", key: "order-1", body: call("+919876543211"), want: 400},
		{what: "no number", key: "order-2", body: call("98765"), want: 400},
		{what: "an answer that is lost", key: "order-3", body: call("+919876543212"), want: 201,
			fault: voiceagenttest.Fault{Route: "/call", Kind: voiceagenttest.DropAfter}},
		{what: "nobody knows", key: "order-4", body: call("+919876543213"), want: 202,
			fault: voiceagenttest.Fault{Route: "/call", Kind: voiceagenttest.DropBefore}},
	} {
		if request.fault.Kind != "" {
			vendor.Fail(request.fault)
		}
		answer, body, err := send(ctx, http.MethodPost, base+"/calls", request.key, request.body) //nolint:bodyclose // send closes it
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %s %s", request.what, answer.Status, body)
		if answer.StatusCode != request.want {
			return fmt.Errorf("%s: %d was expected", request.what, request.want)
		}
		paths = append(paths, answer.Header.Get("Location"))
	}
	vendor.Advance(time.Hour) // the calls are over, and the vendor reports them
	for len(vendor.Deliveries()) < 2 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	for _, path := range []string{paths[0], "/calls/none"} {
		answer, body, err := send(ctx, http.MethodGet, base+path, "", "") //nolint:bodyclose // send closes it
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "the result: %s %s", answer.Status, body)
	}
	stop()
	if err := <-served; err != nil {
		return err
	}
	if rang := len(vendor.Dialed()); rang != 2 {
		return fmt.Errorf("the phone rang %d times, not twice", rang)
	}
	fmt.Fprintln(out, "The phone rang twice: once for each call that was placed.")
	return nil
}

func send(ctx context.Context, method, url, key, body string) (*http.Response, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Idempotency-Key", key)
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer, text, err
}
