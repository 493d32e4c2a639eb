package signature

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
)

// part is a piece of a header's value.
type part struct {
	header string
	label  string // "t" of t=1700000000
	text   string
}

// most bounds the work that a sender can cause.
const most = 200

// partsOf returns the pieces of all headers that may be signatures, times or ids.
func partsOf(header http.Header) (parts []part) {
	add := func(p part) {
		if p.text != "" && len(parts) < most {
			parts = append(parts, p)
		}
	}
	for _, name := range names(header) {
		for _, line := range header[name] {
			for _, piece := range pieces(line) {
				add(part{name, "", piece})
				if label, text, ok := strings.Cut(piece, "="); ok {
					add(part{name, label, strings.Trim(text, `"`)})
				}
			}
		}
	}
	return parts
}

func pieces(line string) []string {
	return strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(",; \t", r) })
}

// written is a signature as it came.
type written struct {
	header, encoding string
	bytes            []byte
}

// decoded returns what a part says in hex and in base64. Text may be both.
func (p part) decoded() (all []written) {
	add := func(name string, decode func(string) ([]byte, error)) bool {
		decoded, err := decode(p.text)
		if err != nil || len(decoded) == 0 {
			return false
		}
		if p.label != "" {
			name += ", behind " + shownLabel(p.label)
		}
		all = append(all, written{p.header, name, decoded})
		return true
	}
	add("hex", hex.DecodeString)
	for _, e := range []struct {
		name     string
		encoding *base64.Encoding
	}{{"base64", base64.StdEncoding}, {"base64 for URLs", base64.URLEncoding}, {"base64 without =", base64.RawStdEncoding}, {"base64 for URLs without =", base64.RawURLEncoding}} {
		if add(e.name, e.encoding.DecodeString) {
			break
		}
	}
	return all
}

// labels are those in use. Another may be anything, and isn't shown.
const labels = " t ts time timestamp v v0 v1 v2 s sig sign signature h hash hmac mac digest sha1 sha256 sha384 sha512 md5 sha-256 sha-512 hmac-sha256 algorithm keyid "

func shownLabel(label string) string {
	if label = strings.ToLower(strings.TrimSpace(label)); strings.Contains(labels, " "+label+" ") {
		return label + "="
	}
	return "another name and ="
}

// namedKey is a key that can be made of the secret.
type namedKey struct {
	name string
	key  []byte
}

// keysOf returns the keys, the likeliest first.
func keysOf(secret string) []namedKey {
	keys := []namedKey{{"the whole secret", []byte(secret)}}
	if prefix, rest, ok := strings.Cut(secret, "_"); ok && rest != "" && len(prefix) < len("whsec_") {
		keys = append(keys, namedKey{"the secret without what is before its first _", []byte(rest)})
	}
	for _, k := range keys {
		if decoded, err := base64.StdEncoding.DecodeString(string(k.key)); err == nil && len(decoded) > 0 {
			keys = append(keys, namedKey{k.name + ", decoded from base64", decoded})
		}
		if decoded, err := hex.DecodeString(string(k.key)); err == nil && len(decoded) > 0 {
			keys = append(keys, namedKey{k.name + ", decoded from hex", decoded})
		}
	}
	return keys
}
