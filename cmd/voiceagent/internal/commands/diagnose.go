package commands

import (
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/signature"
	"github.com/voiceagent-go/voiceagent/webhook"
)

// diagnosing returns a scheme that says how a delivery is signed, and takes each that was signed
// with the secret, whichever way.
func diagnosing(p *cli.Program) webhook.Scheme {
	return func(header http.Header, body []byte, secrets []string) error {
		found := signature.Diagnose(header, body, secrets[0])
		// What the sender learns must not depend on whether it can be said here.
		if p.Output == cli.JSON {
			_ = cli.WriteJSON(p.Err, map[string]any{"signature": found})
		} else {
			_, _ = p.Err.Write([]byte(diagnosis(found)))
		}
		if found.Fit != nil {
			return nil
		}
		return webhook.DefaultScheme(header, body, secrets)
	}
}

// suggesting is the scheme of listen without --diagnose. It says once where to go from a signature
// that doesn't fit.
func suggesting(p *cli.Program) webhook.Scheme {
	var once sync.Once
	return func(header http.Header, body []byte, secrets []string) error {
		err := webhook.DefaultScheme(header, body, secrets)
		if errors.Is(err, webhook.ErrSignature) || errors.Is(err, webhook.ErrNoSignature) {
			once.Do(func() {
				p.Notice(cli.Note{Text: "A delivery isn't signed as was expected. See that the secret is the one that the agent's webhook was given; " +
					"voiceagent listen --diagnose finds out how deliveries are signed."})
			})
		}
		return err
	}
}

// diagnosis is what was found, in one piece, as deliveries may come at the same time.
func diagnosis(d signature.Diagnosis) string {
	var b strings.Builder
	line := func(label, text string) { b.WriteString(label + cli.Printable(text) + "\n") }
	if d.Fit == nil {
		line("Signature: ", "no scheme fits that this program knows")
	} else {
		how := "in " + d.Fit.Encoding
		if d.Fit.Algorithm == "none" {
			how = d.Fit.Encoding // as it is
		}
		line("Signature: ", d.Fit.Header+" has it, "+how)
		line("  algorithm: ", d.Fit.Algorithm)
		line("  signed: ", d.Fit.Message)
		line("  key: ", d.Fit.Key)
	}
	for _, h := range d.Headers {
		line("  header: ", h.Name+": "+h.Shape)
	}
	line("  what to do: ", d.Advice)
	return b.String()
}
