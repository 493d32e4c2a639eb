package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// SignatureHeader is the header with the signature, if the agent's webhook has a secret
// (documented).
const SignatureHeader = "X-Levrage-Signature"

// Scheme decides whether a request was signed with one of the secrets. It returns nil if so, else
// [ErrNoSignature] or [ErrSignature], maybe wrapped with details. The body is as it came over the
// wire. A scheme of your own must compare in constant time ([hmac.Equal]) and refuse an empty
// secret.
type Scheme func(header http.Header, body []byte, secrets []string) error

// DefaultScheme is [Verify] of the [SignatureHeader], of all its lines. Its name may be in lower
// case, as an adapter that isn't net/http may leave it.
func DefaultScheme(header http.Header, body []byte, secrets []string) error {
	var lines []string
	for name, values := range header {
		if strings.EqualFold(name, SignatureHeader) {
			lines = append(lines, values...)
		}
	}
	return Verify(body, strings.Join(lines, ","), secrets...)
}

// Sign returns the signature of a body as [Verify] takes it, for tests of your own: hex HMAC-SHA256
// of the body, with the whole secret as the key.
func Sign(body []byte, secret string) string { return hex.EncodeToString(mac(body, secret)) }

func mac(body []byte, secret string) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write(body)
	return h.Sum(nil)
}

// Verify returns nil if the signature is that of the body under one of the secrets,
// [ErrNoSignature] if it is empty, and [ErrSignature] if it doesn't fit. The signature is the
// HMAC-SHA256 of the raw body, as it came over the wire, with the whole secret ("whsec_" included)
// as the key, in hex or base64; "sha256=" may stand before it. There may be several signatures with
// commas between them, as while a secret is changed; any of them may fit. Verify compares in
// constant time, and tries every secret whichever fits. Without secrets, or with an empty one, it
// returns an error, as anybody could sign with an empty secret.
//
// Source: the header is documented; the algorithm is unverified. That part of the vendor's page
// could not be read, and this is the likeliest algorithm. For another there is
// [HandlerParams].Scheme.
func Verify(body []byte, signature string, secrets ...string) error {
	if len(secrets) == 0 {
		return fmt.Errorf("%w: there is no secret to check it with", ErrSignature)
	}
	if signature == "" {
		return ErrNoSignature
	}
	given := readSignatures(signature)
	if len(given) == 0 {
		return fmt.Errorf("%w: it is not the %d hex digits of an HMAC-SHA256", ErrSignature, hex.EncodedLen(sha256.Size))
	}
	fits := false
	for _, secret := range secrets {
		right := mac(body, secret)
		for _, signature := range given {
			equal := hmac.Equal(signature, right)
			fits = (equal && secret != "") || fits
		}
	}
	switch {
	case fits:
		return nil
	case len(secrets) == 1:
		return fmt.Errorf("%w: it doesn't fit the secret", ErrSignature)
	}
	return fmt.Errorf("%w: it fits none of the %d secrets", ErrSignature, len(secrets))
}

// readSignatures returns what may be signatures, in whichever form.
func readSignatures(header string) (signatures [][]byte) {
	const prefix = "sha256="
	for text := range strings.SplitSeq(header, ",") {
		text = strings.TrimSpace(text)
		if len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix) {
			text = strings.TrimSpace(text[len(prefix):])
		}
		signature, err := hex.DecodeString(text)
		if err != nil {
			signature, err = base64.StdEncoding.DecodeString(text)
		}
		if err == nil && len(signature) == sha256.Size {
			signatures = append(signatures, signature)
		}
	}
	return signatures
}

// verified wraps what a scheme of the user's returned, so that it counts as a wrong signature.
func verified(err error) error {
	if err == nil || errors.Is(err, ErrNoSignature) || errors.Is(err, ErrSignature) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrSignature, err)
}
