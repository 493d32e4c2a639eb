package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// SignatureHeader is where the vendor puts the signature when the agent's webhook has a secret (documented).
const SignatureHeader = "X-Levrage-Signature"

// Scheme decides if a request was signed with one of the secrets. It returns nil if so, [ErrNoSignature] or [ErrSignature], maybe with details.
// The body is as it came over the wire. A scheme of your own compares in constant time ([hmac.Equal]) and refuses an empty secret.
type Scheme func(header http.Header, body []byte, secrets []string) error

// DefaultScheme is [Verify] of the [SignatureHeader].
func DefaultScheme(header http.Header, body []byte, secrets []string) error {
	return Verify(body, header.Get(SignatureHeader), secrets...)
}

// Sign returns the signature of a body as [Verify] takes it, for tests of your own: hex HMAC-SHA256 of the body, with the whole secret as the key.
func Sign(body []byte, secret string) string { return hex.EncodeToString(mac(body, secret)) }

func mac(body []byte, secret string) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write(body)
	return h.Sum(nil)
}

// Verify returns nil if the signature is that of the body under one of the secrets, [ErrNoSignature] if it is empty, and [ErrSignature] if it
// doesn't fit. The signature is the hex HMAC-SHA256 of the raw body, as it came over the wire, with the whole secret ("whsec_" included) as the
// key; "sha256=" may stand before it. It compares in constant time, and looks at every secret whichever fits. Without secrets, or with an empty
// one, nothing fits: anybody could sign with that.
//
// Source: the header is documented; the algorithm is unverified. The vendor's page could not be read there, and this is the likeliest one.
// For another there is [HandlerParams].Scheme.
func Verify(body []byte, signature string, secrets ...string) error {
	if len(secrets) == 0 {
		return fmt.Errorf("%w: there is no secret to check it with", ErrSignature)
	}
	if signature == "" {
		return ErrNoSignature
	}
	given, err := hex.DecodeString(strings.TrimPrefix(signature, "sha256="))
	if err != nil || len(given) != sha256.Size {
		return fmt.Errorf("%w: it is not the %d hex digits of an HMAC-SHA256", ErrSignature, hex.EncodedLen(sha256.Size))
	}
	fits := false
	for _, secret := range secrets {
		equal := hmac.Equal(given, mac(body, secret))
		fits = (equal && secret != "") || fits
	}
	if !fits {
		return fmt.Errorf("%w: it fits none of the %d secrets", ErrSignature, len(secrets))
	}
	return nil
}

// verified wraps what a scheme of the user's returned, so that it counts as a wrong signature.
func verified(err error) error {
	if err == nil || errors.Is(err, ErrNoSignature) || errors.Is(err, ErrSignature) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrSignature, err)
}
