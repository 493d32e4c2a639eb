package cli

import (
	"errors"
	"net/http"

	"github.com/voiceagent-go/voiceagent"
)

// Preflight has the library check a request before anybody is asked whether to send it. It returns
// what the library has against it, and nil if it would be sent.
func Preflight(send func(*voiceagent.Client) error) error {
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
	return err
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
