package cli

import (
	"errors"
	"net/http"
	"strings"

	"github.com/voiceagent-go/voiceagent"
)

// Preflight has the library check a request before anybody is asked whether to send it. It returns
// what the library has against it, and nil if it would be sent. Flags names the flag that each
// field comes from.
func Preflight(flags map[string]string, send func(*voiceagent.Client) error) error {
	client, err := voiceagent.NewClient(
		voiceagent.WithAPIKey(noKey),
		voiceagent.WithBaseURL("https://localhost"), // not the environment's, which may be in error
		voiceagent.WithHTTPClient(&http.Client{Transport: nowhere{}}),
		voiceagent.WithMaxRetries(0),
		voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail), // there is nothing to look for
	)
	if err != nil {
		return err
	}
	err = send(client)
	if errors.Is(err, errPassed) {
		return nil
	}
	refused, ok := errors.AsType[*voiceagent.ValidationError](err)
	if !ok {
		return err
	}
	lines := make([]string, len(refused.Fields))
	for i, field := range refused.Fields {
		name, _, _ := strings.Cut(field.Field, "[")
		if flag := flags[name]; flag != "" {
			name = flag
		} else {
			name = field.Field
		}
		lines[i] = name + ": " + field.Message
	}
	space := " "
	if len(lines) > 1 {
		space = "\n"
	}
	return &refusal{"refused before sending:" + space + strings.Join(lines, "\n"), refused}
}

var errPassed = errors.New("the checks are passed")

// nowhere is where a request goes that passed all checks.
type nowhere struct{}

func (nowhere) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	return nil, errPassed
}

// refusal says it in the words of the command line.
type refusal struct {
	text  string
	cause error
}

func (r *refusal) Error() string { return r.text }
func (r *refusal) Unwrap() error { return r.cause }
