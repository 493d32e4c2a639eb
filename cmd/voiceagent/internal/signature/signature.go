// Package signature finds out how a webhook was signed, from a delivery and the secret. How the
// vendor signs is unknown; the schemes that are tried here are those in use elsewhere.
package signature

import (
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // what others sign with is tried, not chosen
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"maps"
	"net/http"
	"slices"
)

// Fit is the scheme of a signature. It has neither the secret nor any part of the body.
type Fit struct {
	Header    string `json:"header"`    // where the signature stands
	Encoding  string `json:"encoding"`  // how it is written: "hex", "base64"
	Algorithm string `json:"algorithm"` // "HMAC-SHA256"
	Message   string `json:"message"`   // what is signed: "the body"
	Key       string `json:"key"`       // what of the secret is the key: "the whole secret"

	key []byte
}

// Diagnosis is what a delivery says of its signature.
type Diagnosis struct {
	Fit     *Fit     `json:"fit"`     // nil if no scheme fits
	Headers []Header `json:"headers"` // those that may hold a signature, or a part of what is signed
	Advice  string   `json:"advice"`
}

// Diagnose tries all schemes, the likeliest first. Each header may hold the signature.
func Diagnose(header http.Header, body []byte, secret string) Diagnosis {
	d := Diagnosis{Headers: shapes(header)}
	parts := partsOf(header)
	if fit, ok := find(parts, messagesOf(parts, body), keysOf(secret)); ok {
		d.Fit = &fit
	} else if fit, ok = plain(parts, secret); ok {
		d.Fit = &fit
	}
	d.Advice = d.advice(header, body, secret)
	return d
}

// algorithm makes a signature.
type algorithm struct {
	name string
	size int
	sign func(key, message []byte) []byte
}

func algorithms() (all []algorithm) {
	hashes := []struct {
		name string
		new  func() hash.Hash
	}{{"SHA256", sha256.New}, {"SHA1", sha1.New}, {"SHA512", sha512.New}, {"SHA384", sha512.New384}, {"MD5", md5.New}}
	for _, h := range hashes {
		all = append(all, algorithm{"HMAC-" + h.name, h.new().Size(), func(key, message []byte) []byte {
			mac := hmac.New(h.new, key)
			mac.Write(message)
			return mac.Sum(nil)
		}})
	}
	for _, h := range hashes {
		sum := func(parts ...[]byte) []byte {
			digest := h.new()
			for _, part := range parts {
				digest.Write(part)
			}
			return digest.Sum(nil)
		}
		all = append(all,
			algorithm{h.name + " of the key and then the message", h.new().Size(), func(key, message []byte) []byte { return sum(key, message) }},
			algorithm{h.name + " of the message and then the key", h.new().Size(), func(key, message []byte) []byte { return sum(message, key) }})
	}
	return all
}

// find compares every signature that can be made with every one that came. A size that no part has
// costs nothing.
func find(parts []part, messages []message, keys []namedKey) (Fit, bool) {
	came := make(map[int][]written)
	for _, p := range parts {
		for _, w := range p.decoded() {
			came[len(w.bytes)] = append(came[len(w.bytes)], w)
		}
	}
	for _, a := range algorithms() {
		for _, m := range messages {
			for _, k := range keys {
				if len(came[a.size]) == 0 {
					continue
				}
				made := a.sign(k.key, m.text)
				for _, w := range came[a.size] {
					if hmac.Equal(w.bytes, made) {
						return Fit{w.header, w.encoding, a.name, m.name, k.name, k.key}, true
					}
				}
			}
		}
	}
	return Fit{}, false
}

// plain finds the secret itself, which some senders put into a header instead of a signature.
func plain(parts []part, secret string) (Fit, bool) {
	for _, p := range parts {
		if hmac.Equal([]byte(p.text), []byte(secret)) {
			return Fit{Header: p.header, Encoding: "as it is", Algorithm: "none", Message: "nothing: the secret itself is sent", Key: "the whole secret"}, true
		}
	}
	return Fit{}, false
}

// names returns the names of the headers in order.
func names(header http.Header) []string { return slices.Sorted(maps.Keys(header)) }
