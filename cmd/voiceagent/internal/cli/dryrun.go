package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// errDryRun ends a command whose request was shown and not sent.
var errDryRun = errors.New("dry run: nothing was sent")

// noKey stands for the key of somebody who has none and only looks.
const noKey = "lev_none"

// dryRun is a transport that shows a request and sends nothing.
type dryRun struct{ p *Program }

// shownRequest is a request as -o json shows it.
type shownRequest struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    jsontext.Value    `json:"body,omitempty"`
}

func (d dryRun) RoundTrip(request *http.Request) (*http.Response, error) {
	shown := shownRequest{Method: request.Method, URL: request.URL.String(), Headers: map[string]string{}}
	for _, name := range []string{"Authorization", "Content-Type", "Idempotency-Key"} {
		switch value := request.Header.Get(name); {
		case value == "":
		case name == "Authorization" && value == "Bearer "+noKey:
			shown.Headers[name] = "Bearer (there is no key)"
		case name == "Authorization":
			shown.Headers[name] = "Bearer lev_...REDACTED"
		default:
			shown.Headers[name] = value
		}
	}
	if request.Body != nil {
		body, err := io.ReadAll(request.Body)
		if err := errors.Join(err, request.Body.Close()); err != nil {
			return nil, err
		}
		shown.Body = d.p.withoutSecrets(body)
	}
	if err := d.show(shown); err != nil {
		return nil, err
	}
	return nil, errDryRun
}

func (d dryRun) show(r shownRequest) error {
	if d.p.Output == JSON {
		return WriteJSON(d.p.Out, r)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s\n", r.Method, r.URL)
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		fmt.Fprintf(&b, "%s: %s\n", name, r.Headers[name])
	}
	if len(r.Body) > 0 {
		if err := r.Body.Indent(); err != nil {
			return err
		}
		fmt.Fprintf(&b, "\n%s\n", r.Body)
	}
	_, err := d.p.Out.Write(b.Bytes())
	return err
}

// withoutSecrets takes out of a JSON body what was read from a secret's file.
func (p *Program) withoutSecrets(body []byte) []byte {
	for _, secret := range p.secrets {
		encoded, err := json.Marshal(secret)
		if err == nil {
			body = bytes.ReplaceAll(body, encoded, []byte(`"REDACTED"`))
		}
	}
	return body
}
