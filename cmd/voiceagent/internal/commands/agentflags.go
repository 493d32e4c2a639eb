package commands

import (
	"bytes"
	stdjson "encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
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
	cmd.Flags().StringVar(&f.webhookSecretFile, "webhook-secret-file", "", "the file with the secret that reports are signed with, or - for stdin; its mode must be 0600")
	cmd.Flags().StringVar(&f.json, "from-json", "", "a file with the agent as JSON, or - for stdin")
	cmd.Flags().StringArrayVar(&f.extra, "extra", nil, "a key that this program doesn't know, as `name=json`; may be repeated")
}

// read returns what is given: first the JSON, then the flags on top of it.
func (f *agentFlags) read(p *cli.Program, cmd *cobra.Command) (givenAgent, error) {
	agent := make(map[string]any)
	if f.json != "" {
		content, err := p.ReadText(f.json)
		if err != nil {
			return nil, cli.Usagef("--from-json: %w", err)
		}
		var file map[string]jsontext.Value // the error names its kind
		if err := json.Unmarshal([]byte(content), &file); err != nil {
			return nil, cli.Usagef("--from-json %s: %w", f.json, err)
		}
		for key, value := range file {
			if !slices.Contains(readOnlyKeys, key) {
				agent[key] = value
			}
		}
	}
	for _, t := range agentTexts {
		if !cmd.Flags().Changed(t.flag) {
			continue
		}
		text, err := p.Text(t.flag, *f.texts[t.flag])
		if err != nil {
			return nil, err
		}
		agent[t.key] = text
	}
	if err := f.webhook(p, agent); err != nil {
		return nil, err
	}
	unknown, err := cli.ExtraKeys(f.extra)
	if err != nil {
		return nil, err
	}
	maps.Copy(agent, unknown)
	if len(agent) == 0 {
		return nil, cli.Usagef("nothing is given; see %s --help", cmd.CommandPath())
	}
	encoded, err := json.Marshal(agent)
	if err != nil {
		return nil, err
	}
	var given givenAgent
	if err := json.Unmarshal(encoded, &given); err != nil {
		return nil, err
	}
	var hook voiceagent.WebhookConfig
	if json.Unmarshal(given["webhook_config"], &hook) == nil && hook.Secret != "" {
		p.Hide(hook.Secret)
	}
	return given, nil
}

func (f *agentFlags) webhook(p *cli.Program, agent map[string]any) error {
	if f.webhookURL == "" {
		if f.webhookSecretFile != "" {
			return cli.Usagef("--webhook-secret-file needs --webhook-url")
		}
		return nil
	}
	webhook := map[string]any{"url": f.webhookURL, "events": []string{voiceagent.EventCallEnded}}
	if f.webhookSecretFile != "" {
		secret, err := p.Secret("webhook-secret-file", f.webhookSecretFile)
		if err != nil {
			return err
		}
		webhook["secret"] = secret
	}
	agent["webhook_config"] = webhook
	return nil
}

// warnOfUnknown names the keys of --from-json that nobody knows: one may be misspelt.
func (f *agentFlags) warnOfUnknown(p *cli.Program, sent map[string]any, known map[string]stdjson.RawMessage) {
	asked, _ := cli.ExtraKeys(f.extra)
	for _, key := range slices.Sorted(maps.Keys(sent)) {
		_, isAsked := asked[key]
		if _, isKnown := known[key]; !isAsked && !isKnown && sent[key] != nil {
			p.Notice(cli.Note{Warning: fmt.Sprintf("--from-json: this program doesn't know the key %q: it is sent as it is", key)})
		}
	}
}

// givenAgent is an agent, or a part of one, by the API's names.
type givenAgent map[string]jsontext.Value

// readOnlyKeys are those that the API sets itself.
var readOnlyKeys = []string{"id", "created_at", "updated_at"}

func (g givenAgent) into(params any) error {
	encoded, err := json.Marshal(g)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(encoded, params); err != nil {
		return cli.Usagef("the agent: %w", err)
	}
	return nil
}

// exactly puts the values of unknown keys as they were given: a float64 doesn't hold every number.
func (g givenAgent) exactly(extra map[string]any) {
	for key := range extra {
		extra[key] = g[key]
	}
}

// create returns the parameters of such an agent.
func (g givenAgent) create() (params voiceagent.AgentCreateParams, err error) {
	err = g.into(&params)
	g.exactly(params.Extra)
	return params, err
}

// update returns the parameters that change an agent so. A key that is null is sent as null, where
// a nil field would leave the agent as it is.
func (g givenAgent) update() (params voiceagent.AgentUpdateParams, err error) {
	err = g.into(&params)
	g.exactly(params.Extra)
	for key, value := range g {
		if value.Kind() == 'n' {
			if params.Extra == nil {
				params.Extra = make(map[string]any)
			}
			params.Extra[key] = nil
		}
	}
	return params, err
}

// leaveOut removes what the agent shows already.
func (g givenAgent) leaveOut(agent *voiceagent.Agent) error {
	var text bytes.Buffer
	if err := cli.WriteJSON(&text, agent); err != nil {
		return err
	}
	var shown givenAgent
	if err := json.Unmarshal(text.Bytes(), &shown); err != nil {
		return err
	}
	maps.DeleteFunc(g, func(key string, value jsontext.Value) bool {
		has, ok := shown[key]
		return ok && isSameJSON(has, value) || !ok && value.Kind() == 'n'
	})
	return nil
}

// isSameJSON compares values whatever their spaces, the order of their keys and how their numbers
// and texts are written.
func isSameJSON(a, b jsontext.Value) bool {
	a, b = a.Clone(), b.Clone()
	exact := jsontext.CanonicalizeRawInts(false) // a float64 doesn't hold every one
	return a.Canonicalize(exact) == nil && b.Canonicalize(exact) == nil && bytes.Equal(a, b)
}
