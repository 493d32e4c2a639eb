package signature

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"

	"github.com/voiceagent-go/voiceagent/webhook"
)

// Issues is where what is found should be told.
const Issues = "https://github.com/voiceagent-go/voiceagent/issues"

// advice says what to do about the signature in a program that receives webhooks.
func (d *Diagnosis) advice(header http.Header, body []byte, secret string) string {
	if d.Fit == nil {
		if webhook.DefaultScheme(header, body, []string{secret}) == webhook.ErrNoSignature && len(d.Headers) == 0 { //nolint:errorlint // it is returned bare
			return "The delivery has no signature: see that the agent's webhook has a secret (agents update AGENT --webhook-url URL --webhook-secret-file FILE)."
		}
		return "See first that this is the secret that the agent's webhook was given. If it is, package webhook needs a HandlerParams.Scheme of your own, " +
			"and an issue with these lines is wanted: " + Issues
	}
	key := string(d.Fit.key)
	switch {
	case webhook.DefaultScheme(header, body, []string{secret}) == nil:
		return "Package webhook checks this by itself: set HandlerParams.Secrets. It was unverified until now, so an issue with these lines is wanted: " + Issues
	case key != "" && webhook.DefaultScheme(header, body, []string{key}) == nil:
		return fmt.Sprintf("Package webhook checks this if HandlerParams.Secrets has %s. An issue with these lines is wanted: %s", d.Fit.Key, Issues)
	case key != "" && webhook.Verify(body, strings.Join(header[d.Fit.Header], ","), key) == nil:
		return fmt.Sprintf("Package webhook checks this with a HandlerParams.Scheme that returns webhook.Verify(body, header.Get(%q), secrets...), "+
			"where the secrets have %s. An issue with these lines is wanted: %s", d.Fit.Header, d.Fit.Key, Issues)
	}
	return "Package webhook has no such scheme: set HandlerParams.Scheme to a function that computes this and compares it with hmac.Equal. " +
		"An issue with these lines is wanted: " + Issues
}

// Header is a header by its name and what its values look like, without the values.
type Header struct {
	Name  string `json:"name"`
	Shape string `json:"shape"`
}

// shapes returns the headers that may have to do with a signature: by their names, or because a
// value is as long as a digest.
func shapes(header http.Header) (all []Header) {
	for _, name := range names(header) {
		var shape []string
		telling := isTelling(name)
		for _, line := range header[name] {
			for _, piece := range pieces(line) {
				text, digest := shapeOf(piece)
				shape = append(shape, text)
				telling = telling || digest
			}
		}
		if telling {
			all = append(all, Header{name, strings.Join(shape, ", ")})
		}
	}
	return all
}

func isTelling(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"sign", "hmac", "digest", "hash", "timestamp", "nonce", "secret", "token", "auth", "webhook", "levrage"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// shapeOf describes a value, and reports whether it may be a digest.
func shapeOf(text string) (shape string, digest bool) {
	n := len(text)
	if _, err := hex.DecodeString(text); err == nil && isDigestSize(n/2) {
		return fmt.Sprintf("%d hex digits", n), true
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
		if decoded, err := e.DecodeString(text); err == nil && isDigestSize(len(decoded)) {
			return fmt.Sprintf("%d characters of base64", n), true
		}
	}
	if label, rest, ok := strings.Cut(text, "="); ok && rest != "" {
		shape, digest = shapeOf(rest)
		return shownLabel(label) + " " + shape, digest
	}
	if isTime(text) {
		return fmt.Sprintf("a time of %d characters", n), false
	}
	return fmt.Sprintf("%d other characters", n), false
}

func isDigestSize(n int) bool { return n == 16 || n == 20 || n == 32 || n == 48 || n == 64 }
