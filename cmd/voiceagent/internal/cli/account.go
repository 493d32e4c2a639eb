package cli

import (
	"errors"

	"github.com/voiceagent-go/voiceagent"
)

// Account says where a client's requests go, and where [Program.Key] finds the key: for people, who
// may have several.
func (p *Program) Account(client *voiceagent.Client) string {
	if p.Simulate {
		return "none, it is a simulator"
	}
	key := "no key"
	if _, err := p.key(); !errors.Is(err, voiceagent.ErrNoAPIKey) {
		key = "key from " + p.keyFrom
	}
	return client.Describe().Get("base URL") + ", " + key
}
