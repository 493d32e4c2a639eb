package main

import (
	"maps"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
)

// agentTexts are the flags for an agent's texts, and the API's names for them.
var agentTexts = []struct{ flag, key, usage string }{
	{"name", "name", "unique in the account, at most 100 characters"},
	{"start-flow", "start_flow", "the opening message, or @file"},
	{"end-flow", "end_flow", "the closing message, or @file"},
	{"type", "agent_type", "sales, support, collection and so on; see voiceagent industries INDUSTRY"},
	{"custom-description", "custom_description", "what an agent of type custom does, or @file"},
	{"sector", "sector", "the industry"},
	{"language", "language", "see voiceagent languages"},
	{"voice", "voice", "see voiceagent voices"},
	{"brand", "brand_name", "the name that the agent speaks for"},
	{"description", "description", "for yourself"},
}

// agentFlags are the flags of agents create and agents update.
type agentFlags struct {
	texts             map[string]*string
	json              string
	webhookURL        string
	webhookSecretFile string
	extra             []string
}

func (f *agentFlags) add(cmd *cobra.Command) {
	f.texts = make(map[string]*string)
	for _, t := range agentTexts {
		f.texts[t.flag] = cmd.Flags().String(t.flag, "", t.usage)
	}
	cmd.Flags().StringVar(&f.webhookURL, "webhook-url", "", "where the end of each call is reported")
	cmd.Flags().StringVar(&f.webhookSecretFile, "webhook-secret-file", "", "the file with the secret that reports are signed with, or - for stdin")
	cmd.Flags().StringVar(&f.json, "from-json", "", "a file with the agent as JSON, or - for stdin")
	cmd.Flags().StringArrayVar(&f.extra, "extra", nil, "a key that this program doesn't know, as `name=json`; may be repeated")
}

// into fills params, which know the API's names: first from the JSON, then from the flags that were given.
func (f *agentFlags) into(p *program, cmd *cobra.Command, params any) error {
	agent := make(map[string]any)
	if f.json != "" {
		content, err := p.read(f.json)
		if err != nil {
			return usagef("--from-json: %w", err)
		}
		if err := json.Unmarshal(content, &agent); err != nil {
			return usagef("--from-json %s: %w", f.json, err)
		}
	}
	for _, t := range agentTexts {
		if !cmd.Flags().Changed(t.flag) {
			continue
		}
		text, err := p.text(t.flag, *f.texts[t.flag])
		if err != nil {
			return err
		}
		agent[t.key] = text
	}
	if err := f.webhook(p, agent); err != nil {
		return err
	}
	unknown, err := extraKeys(f.extra)
	if err != nil {
		return err
	}
	maps.Copy(agent, unknown)
	if len(agent) == 0 {
		return usagef("nothing is given; see %s --help", cmd.CommandPath())
	}
	encoded, err := json.Marshal(agent)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(encoded, params); err != nil {
		return usagef("the agent: %w", err)
	}
	return nil
}

func (f *agentFlags) webhook(p *program, agent map[string]any) error {
	if f.webhookURL == "" {
		if f.webhookSecretFile != "" {
			return usagef("--webhook-secret-file needs --webhook-url")
		}
		return nil
	}
	webhook := map[string]any{"url": f.webhookURL, "events": []string{voiceagent.EventCallEnded}}
	if f.webhookSecretFile != "" {
		secret, err := p.read(f.webhookSecretFile)
		if err != nil {
			return usagef("--webhook-secret-file: %w", err)
		}
		text := strings.TrimSpace(string(secret))
		if text == "" {
			return usagef("--webhook-secret-file %s: it is empty", f.webhookSecretFile)
		}
		webhook["secret"] = text
		p.secrets = append(p.secrets, text)
	}
	agent["webhook_config"] = webhook
	return nil
}
