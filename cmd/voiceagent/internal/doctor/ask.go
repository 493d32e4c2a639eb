package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent"
)

// answer is what a request was answered. Its body is read here and shown nowhere.
type answer struct {
	request string // without values: "GET /calls/{id}"
	status  int    // 0 when no answer came
	none    string // why there is none
	header  http.Header
	at      time.Time // when it came
	json    bool
	value   any // of the body, if that is JSON
	empty   bool
}

// maxBody bounds what is read of an answer: a page of 100 calls with their transcripts is smaller.
const maxBody = 32 << 20

// wrap notes each answer as the server gave it, in front of all that a client makes of it.
func (d *Doctor) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		if request.Method != http.MethodGet { // nothing here asks for another one
			return nil, errors.New("doctor: only GET is sent")
		}
		d.seen = &answer{}
		response, err := next.RoundTrip(request)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
		response.Body.Close()
		if err != nil {
			return nil, err
		}
		response.Body = io.NopCloser(bytes.NewReader(body))
		d.seen.read(response, body)
		return response, nil
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (do roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return do(request) }

func (a *answer) read(response *http.Response, body []byte) {
	a.status, a.header, a.at, a.empty = response.StatusCode, response.Header.Clone(), time.Now(), len(bytes.TrimSpace(body)) == 0
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // 3.0 is not 3 here
	a.json = decoder.Decode(&a.value) == nil
}

func (a *answer) ok() bool { return a.status/100 == 2 }

// object is the whole body; nil if it is none.
func (a *answer) object() map[string]any {
	object, _ := a.value.(map[string]any)
	return object
}

// record is the object that was asked for.
func (a *answer) record() record {
	if !a.ok() {
		return nil
	}
	data, _ := a.object()["data"].(map[string]any)
	return data
}

// list is the records that were asked for. It reports false if the answer has no list where the
// client reads it.
func (a *answer) list() (records []record, ok bool) {
	if !a.ok() {
		return nil, false
	}
	data, ok := a.object()["data"].([]any)
	for _, one := range data {
		if object, is := one.(map[string]any); is {
			records = append(records, object)
		}
	}
	return records, ok
}

// recordOrNil is record of an answer that may not have been asked for.
func (a *answer) recordOrNil() record {
	if a == nil {
		return nil
	}
	return a.record()
}

type record = map[string]any

// noAnswers is after how many requests without an answer the rest isn't asked.
const noAnswers = 2

// ask sends a request by way of send, and notes what it was answered.
func (d *Doctor) ask(ctx context.Context, request string, keyed bool, send func(context.Context) error) *answer {
	a := &answer{request: request}
	switch {
	case ctx.Err() != nil:
		a.none = "not asked, as the time was over"
	case d.silent >= noAnswers:
		a.none = "not asked, as the service doesn't answer"
	case keyed && d.refused:
		a.none = "not asked, as the key is refused"
	default:
		d.seen = &answer{}
		err := send(ctx)
		a = d.seen
		a.request = request
		if a.status == 0 {
			d.silent++
			d.err = err
			a.none = whyNone(err)
			break
		}
		d.silent = 0
		d.all = append(d.all, a)
		if keyed && a.status == http.StatusUnauthorized {
			d.refused, d.err = true, err
		}
	}
	d.report.Requests = append(d.report.Requests, d.described(a))
	return a
}

// get asks for a path with the key.
func (d *Doctor) get(ctx context.Context, request, path string) *answer {
	return d.ask(ctx, request, true, func(ctx context.Context) error {
		return d.keyed.Request(ctx, http.MethodGet, path, nil, nil, voiceagent.WithHeader("Cache-Control", "no-cache"))
	})
}

// whyNone says why there is no answer. The error's own text may quote anything.
func whyNone(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case errors.Is(err, context.Canceled):
		return "interrupted"
	}
	if refused, ok := errors.AsType[*voiceagent.RateLimitError](err); ok && refused.StatusCode == 0 {
		return "not sent: the rate limit would have to be waited for too long"
	}
	if lost, ok := errors.AsType[*voiceagent.ConnectionError](err); ok && !lost.Sent {
		return "no connection"
	}
	return "no answer"
}

// Headers of which the names may be shown. Their values aren't.
var (
	limitHeaders = []string{
		"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset", "Ratelimit-Limit", "Ratelimit-Remaining", "Ratelimit-Reset",
		"Ratelimit", "Ratelimit-Policy", "X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset", "Retry-After", "Retry-After-Ms",
	}
	limitsOnly = len(limitHeaders) - 2 // a Retry-After isn't one of every answer
	idHeaders  = []string{
		"X-Request-Id", "Request-Id", "X-Correlation-Id", "X-Trace-Id", "Traceparent", "X-Amzn-Requestid", "X-Amzn-Trace-Id", "X-Cloud-Trace-Context",
		"Cf-Ray", "X-Vercel-Id", "X-Azure-Ref",
	}
	mediaTypes = []string{"application/json", "application/problem+json", "text/html", "text/plain"}
)

func present(header http.Header, names []string) (found []string) {
	for _, name := range names {
		if header.Get(name) != "" {
			found = append(found, strings.Replace(name, "Ratelimit", "RateLimit", 1))
		}
	}
	return found
}

// described is an answer as the report has it.
func (d *Doctor) described(a *answer) Request {
	r := Request{Request: a.request, Answer: a.none}
	if a.status == 0 {
		return r
	}
	r.Answer = strconv.Itoa(a.status)
	media, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	switch {
	case a.header.Get("Content-Type") == "":
		media = "no content type"
	case err != nil || !slices.Contains(mediaTypes, media):
		media = "another content type"
	}
	r.Type = media
	r.Body = d.body(a)
	r.Headers = append(present(a.header, limitHeaders), present(a.header, idHeaders)...)
	return r
}

// body names the keys of an answer's envelope.
func (d *Doctor) body(a *answer) string {
	switch {
	case a.empty:
		return "empty"
	case !a.json:
		return "not JSON"
	case a.object() == nil:
		return "JSON: " + typeOf(a.value)
	}
	return d.names([]record{a.object()}, envelopeKeys)
}
