package commands

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
	"github.com/voiceagent-go/voiceagent/webhook"
)

const (
	maxForwarded  = 1 << 20          // bytes of a body, as package webhook takes
	forwardWithin = 30 * time.Second // until the target answers; the vendor gives up after 10 s (documented)
)

// forwardTarget reads --forward-to; nil if it isn't given.
func forwardTarget(p *cli.Program, text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	target, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, cli.Usagef("--forward-to isn't a URL: write it like http://127.0.0.1:3000/webhook") // err quotes it all
	case target.User != nil:
		return nil, cli.Usagef("--forward-to has a user or a password in it, which the list of processes shows: leave them out")
	case target.Scheme != "http" && target.Scheme != "https", target.Hostname() == "":
		return nil, cli.Usagef("--forward-to %q: write it like http://127.0.0.1:3000/webhook", shownURL(target))
	}
	if target.Scheme == "http" && !isThisMachine(target.Hostname()) {
		p.Notice(cli.Note{Warning: "--forward-to " + shownURL(target) + " isn't on this machine: numbers and transcripts pass the network unencrypted; use https"})
	}
	return target, nil
}

// shownURL is a URL without its query, which may hold a token.
func shownURL(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	return shown.String()
}

func isThisMachine(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// isSelf reports whether a delivery to the target would come back here.
func isSelf(target *url.URL, own net.Addr) bool {
	at, err := netip.ParseAddrPort(own.String())
	if err != nil || target.Scheme != "http" || cmp.Or(target.Port(), "80") != strconv.Itoa(int(at.Port())) {
		return false
	}
	addr, err := netip.ParseAddr(target.Hostname())
	return err == nil && addr == at.Addr() || isThisMachine(target.Hostname()) && (at.Addr().IsLoopback() || at.Addr().IsUnspecified())
}

// forwarded is a delivery and what became of it.
type forwarded struct {
	received
	To     string  `json:"forwarded_to"`
	Status int     `json:"status"`          // what the sender was answered; 0 if the answer broke off
	Error  string  `json:"error,omitempty"` // why the target has no answer
	Millis float64 `json:"milliseconds"`
}

func (f forwarded) outcome() string {
	if f.Status == 0 {
		return "no whole answer to the sender, as " + f.Error
	}
	if f.Error != "" {
		return fmt.Sprintf("%d to the sender, as %s", f.Status, f.Error)
	}
	return fmt.Sprintf("%d %s in %d ms", f.Status, http.StatusText(f.Status), int(f.Millis))
}

// forwardColumns are those of the event, and then of what the target answered.
var forwardColumns = func() []cli.Column[forwarded] {
	var columns []cli.Column[forwarded]
	for _, c := range eventColumns {
		columns = append(columns, cli.Column[forwarded]{Name: c.Name, Value: func(f forwarded) string { return c.Value(f.received) }})
	}
	return append(columns,
		cli.Column[forwarded]{Name: "forwarded_to", Value: func(f forwarded) string { return f.To }},
		cli.Column[forwarded]{Name: "answer", Value: func(f forwarded) string { return strconv.Itoa(f.Status) }},
		cli.Column[forwarded]{Name: "error", Value: func(f forwarded) string { return f.Error }},
		cli.Column[forwarded]{Name: "milliseconds", Value: func(f forwarded) string { return strconv.Itoa(int(f.Millis)) }})
}()

// forwarder hands deliveries on to a program as they come, and its answers back.
type forwarder struct {
	target    *url.URL
	via       string // this process, in the header of that name
	transport http.RoundTripper
	look      func(http.Header, []byte) // at each delivery; nil for nothing

	loops sync.Once
	warn  func(string)

	mu     sync.Mutex // one printer
	print  func(forwarded) error
	left   int // deliveries until there are enough; 0 for no end
	enough chan<- struct{}
}

func newForwarder(p *cli.Program, target *url.URL, count int, enough chan<- struct{}) *forwarder {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = true // it would ask for what the sender didn't
	transport.DisableKeepAlives = true  // a program that is restarted now and then
	line := eventLine(p)
	printer := cli.Changes(p, func(f forwarded) string {
		return strings.TrimRight(line(f.received), " ") + "\n          -> " + f.To + "  " + cli.Printable(f.outcome())
	}, forwardColumns)
	return &forwarder{target: target, via: "1.1 voiceagent-" + rand.Text(), transport: transport, look: func(http.Header, []byte) {}, print: printer.Add, left: count, enough: enough,
		warn: func(text string) { p.Notice(cli.Note{Warning: text}) }}
}

// ServeHTTP implements [http.Handler].
func (f *forwarder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost { // a scanner, or a browser
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, webhook.ErrMethod.Error(), http.StatusMethodNotAllowed)
		return
	}
	if slices.Contains(r.Header.Values("Via"), f.via) {
		f.loops.Do(func() {
			f.warn("--forward-to " + shownURL(f.target) + " leads back to here: give the address of your program")
		})
		http.Error(w, "this delivery was handed on from here, and came back", http.StatusLoopDetected)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForwarded))
	if err != nil {
		status, public := http.StatusBadRequest, webhook.ErrBody
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			status, public = http.StatusRequestEntityTooLarge, webhook.ErrTooLarge
		}
		http.Error(w, public.Error(), status)
		return
	}
	f.look(r.Header, body)
	f.handOn(w, r, body)
}

// handOn sends the body as it came: written anew, it would have another signature.
func (f *forwarder) handOn(w http.ResponseWriter, r *http.Request, body []byte) {
	ctx, cancel := context.WithTimeout(r.Context(), forwardWithin)
	defer cancel()
	done := forwarded{To: shownURL(f.target), received: receivedBody(body)}
	began := time.Now()
	proxy := &httputil.ReverseProxy{
		Transport: f.transport,
		ErrorLog:  log.New(io.Discard, "", 0), // its errors are printed here
		Rewrite: func(out *httputil.ProxyRequest) {
			out.Out.URL, out.Out.Host = f.target, f.target.Host
			out.Out.Header.Del("Connection") // the proxy keeps them for an upgrade
			out.Out.Header.Del("Upgrade")
			out.Out.Header.Add("Via", f.via)
			out.Out.Body, out.Out.ContentLength, out.Out.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
			if len(body) == 0 {
				out.Out.Body = http.NoBody // else its length is unknown
			}
		},
		ModifyResponse: func(answer *http.Response) error {
			done.Status = answer.StatusCode
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			done.Status, done.Error = http.StatusBadGateway, noAnswer(err)
			if errors.Is(err, context.DeadlineExceeded) {
				done.Status = http.StatusGatewayTimeout
			}
			http.Error(w, "the receiver gave no answer: send it again", done.Status)
		},
	}
	defer func() {
		broken := recover() // the proxy panics when an answer breaks off
		if broken != nil {
			done.Status, done.Error = 0, "the program's answer broke off, or the sender didn't wait for it"
		}
		done.Millis = float64(time.Since(began).Microseconds()) / 1000
		f.told(done)
		if broken != nil {
			panic(broken) // the sender must not take what it has for all
		}
	}()
	proxy.ServeHTTP(w, r.WithContext(ctx))
}

// told prints a delivery and counts it if the sender won't repeat it.
func (f *forwarder) told(done forwarded) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = f.print(done) // it was delivered all the same
	if done.Status/100 == 2 && f.left > 0 {
		if f.left--; f.left == 0 {
			close(f.enough)
		}
	}
}

// noAnswer says why, without the URL, whose query may hold a token.
func noAnswer(err error) string {
	op, ok := errors.AsType[*net.OpError](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("there was no answer within %v", forwardWithin)
	case errors.Is(err, context.Canceled):
		return "the sender, or Ctrl-C, didn't wait for the answer"
	case ok && op.Op == "dial":
		return fmt.Sprintf("nothing listens there (%v)", op.Err)
	}
	return fmt.Sprintf("the connection broke off (%v)", err)
}

// receivedBody reads a body, whatever it is.
func receivedBody(body []byte) received {
	event, err := webhook.Parse(body)
	if err != nil {
		quoted, _ := jsontext.AppendQuote(nil, body) // its error is about broken characters, which it replaces
		return received{Data: quoted}
	}
	return receivedFrom(event)
}
