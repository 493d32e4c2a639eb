package voiceagent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/check"
	"github.com/voiceagent-go/voiceagent/internal/envelope"
	"github.com/voiceagent-go/voiceagent/internal/secret"
)

// request is what a method wants sent.
type request struct {
	method string
	route  string // the template, "/agents/{agent_id}", for errors, logs and spans
	id     string // what fills the {placeholder} of the route; "" where there is none
	path   string // of a path that a caller wrote, decoded; "" else
	raw    string // the same, escaped
	query  url.Values
	body   any // nil for none; its bytes once it is encoded
	checks envelope.Checks
	size   int       // of the body, about; 0 for a short one
	begins time.Time // when what it makes is to begin; zero for at once
	effect effect
	settle settler      // finds out whether it was done after all; nil when that can't be found out
	public bool         // works without a key
	sent   *secret.Sent // what no error may repeat of it; nil until there is an answer to compare
}

// get, post, patch and del begin a request.
func get(route string) request   { return request{method: http.MethodGet, route: route} }
func post(route string) request  { return request{method: http.MethodPost, route: route} }
func patch(route string) request { return request{method: http.MethodPatch, route: route} }
func del(route string) request   { return request{method: http.MethodDelete, route: route} }

// to fills the {placeholder} of the route with an id, which was checked by the method before.
func (r request) to(id string) request { r.id = id; return r }

// url is the one place that builds paths: every element is escaped.
func (r *request) url(base *url.URL) url.URL {
	path, raw := r.path, r.raw
	u := url.URL{Scheme: base.Scheme, Host: base.Host}
	switch before, rest, hasID := strings.Cut(r.route, "{"); {
	case path != "":
		path = base.Path + path
	case hasID:
		_, after, _ := strings.Cut(rest, "}")
		path = base.Path + before + r.id + after
		if safe := url.PathEscape(r.id); safe != r.id {
			raw = before + safe + after
		}
	default:
		path = base.Path + r.route
	}
	u.Path = path
	if raw != "" || base.RawPath != "" {
		u.RawPath = base.EscapedPath() + cmp.Or(raw, path[len(base.Path):])
	}
	if len(r.query) > 0 {
		u.RawQuery = r.query.Encode()
	}
	return u
}

func (r request) with(body any, extra map[string]any) request {
	r.body, r.checks = body, envelope.ValidText
	if len(extra) > 0 {
		r.checks |= envelope.UniqueKeys
	}
	return r
}

func (r request) where(query url.Values) request { r.query = query; return r }
func (r request) withoutKey() request            { r.public = true; return r }

// fetch sends a request whose answer holds one object.
func fetch[T any](ctx context.Context, c *Client, r request, opts []RequestOption) (*T, error) {
	var answer envelope.Single[T]
	if err := c.send(ctx, &r, &answer, opts); err != nil {
		return nil, err
	}
	return answer.Data, nil
}

// fetchPage sends a request whose answer holds a page of a list.
func fetchPage[T any](ctx context.Context, c *Client, r request, opts []RequestOption) (*Page[T], error) {
	var answer envelope.List[T]
	if err := c.send(ctx, &r, &answer, opts); err != nil {
		return nil, err
	}
	return &Page[T]{Data: answer.Data, Total: answer.Total, Page: answer.Page, PageSize: answer.PageSize,
		HasMore: answer.More(), RequestID: answer.RequestID}, nil
}

// discard sends a request whose answer holds nothing of interest.
func (c *Client) discard(ctx context.Context, r request, opts []RequestOption) error {
	return c.send(ctx, &r, &envelope.None{}, opts)
}

// Request calls an endpoint that the client has no method for, with the same key, limiter, retries
// and typed errors.
//
// The path is relative to the base URL and may have a query: "/agents/ag_1/clone?deep=true". The
// body is encoded as JSON; nil sends none. The answer's data, or the whole body if it has no
// envelope, is decoded into out. A nil out discards it; a *[Page] takes a list with its paging
// keys. Both follow the rules of encoding/json, but that &, < and > aren't escaped, a key that is
// there twice in the body is refused, and a scalar of the wrong kind in the answer is converted
// where that loses nothing: "3" where an int is due.
//
// Only GET, HEAD, PUT, PATCH, DELETE and OPTIONS count as safe to repeat. Any other method whose
// answer is lost ends in [ErrOutcomeUnknown].
func (c *Client) Request(ctx context.Context, method, path string, body, out any, opts ...RequestOption) error {
	r, err := anyRequest(method, path)
	if err != nil {
		return err
	}
	r.body, r.checks = body, envelope.UniqueKeys
	if out == nil {
		return c.discard(ctx, r, opts)
	}
	if v := reflect.ValueOf(out); v.Kind() != reflect.Pointer || v.IsNil() {
		return refuse(method, r.route, "out", fmt.Sprintf("a %T can't take the answer: pass a pointer", out))
	}
	_, isPage := out.(pageTarget)
	answer := envelope.Into{Out: out, Whole: isPage}
	return c.send(ctx, &r, &answer, opts)
}

// anyRequest checks a path that a caller wrote: it must not take the key to another host or out of
// the API.
func anyRequest(method, path string) (request, error) {
	var bad check.Problems
	if !isHeaderName(method) || method != strings.ToUpper(method) {
		bad.Add("method", "%q is no HTTP method in capitals", method)
	}
	u, err := url.Parse(path)
	switch {
	case err != nil:
		bad.Add("path", "%v", errors.Unwrap(err))
	case u.IsAbs() || u.Host != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//"):
		bad.Add("path", "%q must begin with one slash and is relative to the base URL", secret.MaskNumbers(path))
	case u.Fragment != "" || hasDotElement(u.Path):
		bad.Add("path", "%q has an element . or .., or a fragment", secret.MaskNumbers(path))
	}
	if bad != nil {
		return request{}, refused(method, "", bad)
	}
	r := request{method: method, route: routeOf(u.Path), path: u.Path, raw: u.EscapedPath()}
	if u.RawQuery != "" {
		if r.query, err = url.ParseQuery(u.RawQuery); err != nil {
			bad.Add("path", "its query: %v", err)
			return request{}, refused(method, r.route, bad)
		}
	}
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
	default:
		r.effect = creates
	}
	return r, nil
}

func hasDotElement(path string) bool {
	for element := range strings.SplitSeq(path, "/") {
		if element == "." || element == ".." {
			return true
		}
	}
	return false
}

// routeOf makes a template of a path that a caller wrote. It takes an element with a digit for an
// id.
func routeOf(path string) string {
	elements := strings.Split(path, "/")
	for i, element := range elements {
		if strings.ContainsAny(element, "0123456789@+") {
			elements[i] = "{id}"
		}
	}
	return strings.Join(elements, "/")
}

// send sends a request, in one or more attempts, and decodes its answer. Every method calls it.
func (c *Client) send(ctx context.Context, r *request, answer envelope.Body, opts []RequestOption) error {
	if ctx == nil {
		return fmt.Errorf("voiceagent: %s %s: the context is nil", r.method, r.route)
	}
	settings, err := c.settingsFor(opts)
	if err != nil {
		return refuse(r.method, r.route, "option", secret.MaskNumbers(err.Error()))
	}
	if !r.public && !c.key.IsSet() {
		return fmt.Errorf("voiceagent: %s %s: %w", r.method, r.route, ErrNoAPIKey)
	}
	var body []byte
	if r.body != nil {
		if body, err = r.encode(); err != nil {
			return refuse(r.method, r.route, "body", secret.MaskNumbers(err.Error()))
		}
		r.body = body
	}
	return newCall(ctx, c, r, settings, answer).run(body)
}

func (r *request) encode() ([]byte, error) {
	if r.size > 0 {
		return envelope.MarshalLong(r.body, r.checks, r.size)
	}
	return envelope.Marshal(r.body, r.checks)
}

// settingsFor applies a call's options to a copy of the client's settings.
func (c *Client) settingsFor(opts []RequestOption) (*requestConfig, error) {
	if len(opts) == 0 {
		return &c.defaults, nil
	}
	settings := c.defaults
	for _, opt := range opts {
		if opt == nil {
			return nil, errors.New("an option is nil")
		}
		if err := opt.applyRequest(&settings); err != nil {
			return nil, err
		}
	}
	return &settings, nil
}
