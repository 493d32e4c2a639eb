package cli

import (
	"os"

	"github.com/voiceagent-go/voiceagent"
)

// Account says where a client's requests go, and where [Program.Key] finds the key: for people, who
// may have several.
func (p *Program) Account(client *voiceagent.Client) string {
	if p.Simulate {
		return "none, it is a simulator"
	}
	key := "no key"
	switch path, _ := defaultKeyFile(); {
	case p.keyFile != "":
		key = "key from " + p.keyFile
	case p.Env(keyVariable) != "":
		key = "key from " + keyVariable
	case p.Env(keyFileVariable) != "":
		key = "key from " + p.Env(keyFileVariable)
	default:
		if _, err := os.Stat(path); err == nil {
			key = "key from " + path
		}
	}
	return client.Describe().Get("base URL") + ", " + key
}
