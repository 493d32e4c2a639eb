package voiceagenttest

import (
	"fmt"

	"github.com/voiceagent-go/voiceagent"
)

// Client returns a client of the server with the key [DefaultKey]. opts come
// after the server's own, so they win. It panics when an option is refused.
func (s *Server) Client(opts ...voiceagent.ClientOption) *voiceagent.Client {
	own := []voiceagent.ClientOption{
		voiceagent.WithAPIKey(DefaultKey),
		voiceagent.WithBaseURL(s.URL),
		voiceagent.WithHTTPClient(s.HTTPClient()),
	}
	client, err := voiceagent.NewClient(append(own, opts...)...)
	if err != nil {
		panic(fmt.Sprintf("voiceagenttest: the options make no client: %v", err))
	}
	return client
}
