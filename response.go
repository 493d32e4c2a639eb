package voiceagent

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
	"github.com/voiceagent-go/voiceagent/internal/gateway"
)

// Attempt is one try of a logical call.
type Attempt struct {
	StatusCode int // 0 when no answer came
	RequestID  string
	Err        error         // why it failed, nil for the one that succeeded
	Wait       time.Duration // waited before this attempt, for its turn, a backoff or a new rate-limit window
	Duration   time.Duration // from sending it until its answer was read
	Sent       bool          // the server may have received the whole request; true if the transport can't tell
	Lookup     bool          // not a try but the look that found what a lost answer was about
}

// Response describes how a call went. Pass a pointer to [WithResponse]; it is filled in on success
// and on failure.
type Response struct {
	StatusCode int         // of the last answer; 0 when none came, or it comes from the ledger
	Header     http.Header // of the last answer
	RequestID  string
	Timestamp  time.Time // the server's, from the envelope; zero when it has none
	RateLimit  RateLimit // zero when the answer had no rate-limit headers
	Attempts   []Attempt // in order, the last one is the one that decided
	Replayed   bool      // from the ledger, as it was when placed, at Timestamp; nothing was sent

	ends bool // it is a list that says that there are no more pages
}

// finish fills in the caller's Response.
func (x *call) finish(err error) error {
	if x.set.response != nil {
		*x.set.response = *x.response(err)
	}
	return err
}

func (x *call) response(err error) *Response {
	out := &Response{StatusCode: x.status, Header: x.header, RateLimit: x.limit, Attempts: slices.Clone(x.attempts)}
	out.RequestID = requestIDOf(err, requestID(x.header))
	if api, ok := errors.AsType[*APIError](err); ok {
		out.Timestamp = api.Timestamp
	} else if x.replayed() {
		out.Replayed, out.Timestamp = true, x.maker.madeAt()
	} else if x.succeeded() {
		head := x.answer.Head()
		if head.RequestID != "" {
			out.RequestID = head.RequestID
		}
		out.Timestamp, _ = envelope.ParseTime(head.Timestamp)
	}
	if list, ok := x.answer.(interface{ Ends() bool }); ok {
		out.ends = list.Ends()
	}
	out.RequestID = x.shownID(out.RequestID) // it is logged and traced
	return out
}

// failed is the error for the caller: that of the last attempt, with the whole story.
func (x *call) failed() error {
	attempts := slices.Clone(x.attempts)
	reason, stopped := x.stopped()
	if e, ok := errors.AsType[*ConnectionError](x.last.typed); ok {
		all := *e
		all.Attempts, all.StopReason, all.stopped, all.causes = attempts, reason, stopped, x.exchange.Causes
		return &all
	}
	if e, ok := errors.AsType[*DecodeError](x.last.typed); ok {
		all := *e
		all.Attempts, all.StopReason, all.stopped, all.causes = attempts, reason, stopped, x.exchange.Causes
		return &all
	}
	api, _ := errors.AsType[*APIError](x.last.typed)
	all := *api
	all.Attempts, all.StopReason, all.stopped, all.causes = attempts, reason, stopped, x.exchange.Causes
	return all.typed()
}

// notSent is the error for a call that ended before its first attempt.
func (x *call) notSent(err error) error {
	if refused, ok := errors.AsType[*RateLimitError](err); ok && refused.APIError != nil {
		all := *refused.APIError
		all.Method, all.Route, all.IdempotencyKey = x.r.method, x.r.route, x.key
		all.throttled, all.retryAt = true, refused.RetryAt
		if _, own := err.(*RateLimitError); !own { //nolint:errorlint // another limiter may have wrapped it in something
			all.causes = append(slices.Clip(all.causes), err)
		}
		return all.typed()
	}
	return x.noAnswerOf(err, false)
}

func (x *call) noAnswerOf(err error, sent bool) error {
	return &ConnectionError{Method: x.r.method, Route: x.r.route, Sent: sent, IdempotencyKey: x.key, cause: err, causes: x.exchange.Causes}
}

// foreign returns what is told of a body that isn't the API's, and who sent it; "" if it may be.
func (x *call) foreign(body []byte, said envelope.Failure) (message, from string) {
	return gateway.Read(x.header, body, gateway.Said{Object: said.Object, Own: said.Own, Problem: said.Problem, Message: said.Message}, x.shown)
}

// named returns who sent an answer, in brackets, where that is known.
func named(from string) string {
	if from == "" || from == gateway.Unnamed {
		return ""
	}
	return " (" + from + ")"
}

// shownBase is the base URL without its scheme, as hints show it.
func (x *call) shownBase() string { return x.c.key.CutFromText(x.c.base.Host + x.c.base.EscapedPath()) }

// attemptLimit is what bounded the current attempt.
func (x *call) attemptLimit() time.Duration {
	if x.exchange.Timeout > 0 && (x.exchange.Until.IsZero() || x.exchange.SentAt.Add(x.exchange.Timeout).Before(x.exchange.Until)) {
		return x.exchange.Timeout
	}
	return x.set.MaxElapsed
}

// Timestamp is a time as the API writes it. It reads RFC 3339 with and without an offset (then UTC)
// or a fraction, dates, clock times (on the first day of year 0), Unix seconds and milliseconds;
// null, "" and "None" are the zero time. A text that it can't read is no error: it is the zero time
// too, and Raw returns it.
type Timestamp struct {
	time.Time
	text string // as received, where the time doesn't say it all
}

// Raw returns the text that was received where it isn't a full date and time; "" otherwise.
func (t Timestamp) Raw() string { return t.text }

// UnmarshalJSON implements [json.Unmarshaler]. It returns no error.
func (t *Timestamp) UnmarshalJSON(data []byte) error {
	*t = Timestamp{}
	switch quoted := len(data) > 1 && data[0] == '"'; {
	case !quoted:
		t.read(data)
	case bytes.IndexByte(data, '\\') < 0:
		t.read(data[1 : len(data)-1])
	default:
		text := string(data) // better than nothing
		_ = envelope.Unmarshal(data, &text)
		t.read([]byte(text))
	}
	return nil
}

// read takes what was received, without quotes.
func (t *Timestamp) read(received []byte) {
	const year = len("2006")
	if len(received) > year && received[year] == '-' && t.UnmarshalText(received) == nil && envelope.IsWritable(t.Time) {
		return // the usual form, without an allocation
	}
	text := string(received)
	parsed, ok := envelope.ParseTime(text)
	t.Time = parsed
	if ok && parsed.Year() != 0 || !ok && envelope.IsNone(text) {
		return
	}
	t.text = strings.ToValidUTF8(text, "\ufffd") // or it couldn't be written
}

// MarshalJSON implements [json.Marshaler]: RFC 3339, or the text that was received if that isn't a
// full time, or null.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	switch {
	case t.text != "":
		return envelope.Marshal(t.text, 0)
	case t.IsZero():
		return []byte("null"), nil
	}
	return t.Time.MarshalJSON()
}

// String returns the time in RFC 3339, or what was received; "" for none.
func (t Timestamp) String() string {
	switch {
	case t.text != "":
		return t.text
	case t.IsZero():
		return ""
	}
	return t.Format(time.RFC3339)
}

// WithResponse fills in response when the call ends, on success and on failure: status, headers,
// request id, rate limit, and every attempt.
func WithResponse(response *Response) RequestOption {
	return requestOption(func(r *requestConfig) error {
		if response == nil {
			return errors.New("WithResponse: the response is nil")
		}
		r.response = response
		return nil
	})
}
