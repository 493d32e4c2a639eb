package signature

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // senders use it
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	body = `{ "event": "CALL_ENDED", "timestamp": "2025-01-15T10:30:00Z", "data": {"session_id": "s_1", "phone_number": "+919876543210",` +
		` "duration_minutes": 3.0, "call_summary": "नमस्ते \u00e9 😀"} }`
	sharedSecret = "whsec_dGVzdC1zZWNyZXQtb2YtMjQtYnl0ZXM="
	at           = "1736937000"
)

func mac(h func() hash.Hash, key, message string) []byte {
	m := hmac.New(h, []byte(key))
	m.Write([]byte(message))
	return m.Sum(nil)
}

func hexMAC(key, message string) string {
	return hex.EncodeToString(mac(sha256.New, key, message))
}

func base64MAC(key, message string) string {
	return base64.StdEncoding.EncodeToString(mac(sha256.New, key, message))
}

func TestSchemesAreRecognised(t *testing.T) {
	t.Parallel()
	const bare = "dGVzdC1zZWNyZXQtb2YtMjQtYnl0ZXM="
	decoded := "test-secret-of-24-bytes"
	const python = `{"event": "CALL_ENDED", "timestamp": "2025-01-15T10:30:00Z", "data": {"session_id": "s_1", "phone_number": "+919876543210", ` +
		`"duration_minutes": 3.0, "call_summary": "\u0928\u092e\u0938\u094d\u0924\u0947 \u00e9 \ud83d\ude00"}}`
	const javascript = `{"event":"CALL_ENDED","timestamp":"2025-01-15T10:30:00Z","data":{"session_id":"s_1","phone_number":"+919876543210",` +
		`"duration_minutes":3.0,"call_summary":"नमस्ते é 😀"}}`
	const sorted = `{"data":{"call_summary":"नमस्ते é 😀","duration_minutes":3.0,"phone_number":"+919876543210","session_id":"s_1"},` +
		`"event":"CALL_ENDED","timestamp":"2025-01-15T10:30:00Z"}`
	sum := sha256.Sum256([]byte(sharedSecret + body))
	for _, c := range []struct {
		name, header, value string
		more                [2]string // another header
		want                Fit
		advice              string
	}{
		{"the vendor's header", "X-Levrage-Signature", hexMAC(sharedSecret, body), [2]string{},
			Fit{Encoding: "hex", Algorithm: "HMAC-SHA256", Message: "the body", Key: "the whole secret"}, "checks this by itself: set HandlerParams.Secrets"},
		{"prefix and capitals", "X-Levrage-Signature", "sha256=" + strings.ToUpper(hexMAC(sharedSecret, body)), [2]string{},
			Fit{Encoding: "hex, behind sha256=", Algorithm: "HMAC-SHA256", Message: "the body", Key: "the whole secret"}, "checks this by itself"},
		{"base64", "X-Levrage-Signature", base64MAC(sharedSecret, body), [2]string{},
			Fit{Encoding: "base64", Algorithm: "HMAC-SHA256", Message: "the body", Key: "the whole secret"}, "checks this by itself"},
		{"without whsec_", "X-Levrage-Signature", hexMAC(bare, body), [2]string{},
			Fit{Encoding: "hex", Algorithm: "HMAC-SHA256", Message: "the body", Key: "the secret without what is before its first _"},
			"checks this if HandlerParams.Secrets has the secret without"},
		{"decoded key", "X-Levrage-Signature", hexMAC(decoded, body), [2]string{},
			Fit{Encoding: "hex", Algorithm: "HMAC-SHA256", Message: "the body", Key: "the secret without what is before its first _, decoded from base64"},
			"checks this if HandlerParams.Secrets has"},
		{"another header", "X-Hub-Signature-256", "sha256=" + hexMAC(sharedSecret, body), [2]string{},
			Fit{Encoding: "hex, behind sha256=", Algorithm: "HMAC-SHA256", Message: "the body", Key: "the whole secret"},
			`webhook.Verify(body, header.Get("X-Hub-Signature-256"), secrets...)`},
		{"t and v1", "X-Levrage-Signature", "t=" + at + ",v1=" + hexMAC(sharedSecret, at+"."+body), [2]string{},
			Fit{Encoding: "hex, behind v1=", Algorithm: "HMAC-SHA256", Message: `the time in X-Levrage-Signature's t=, ".", the body`, Key: "the whole secret"},
			"Package webhook has no such scheme"},
		{"a time of its own", "X-Levrage-Signature", hexMAC(sharedSecret, at+body), [2]string{"X-Levrage-Timestamp", at},
			Fit{Encoding: "hex", Algorithm: "HMAC-SHA256", Message: "the time in X-Levrage-Timestamp, the body", Key: "the whole secret"}, "no such scheme"},
		{"the body's time", "X-Levrage-Signature", hexMAC(sharedSecret, "2025-01-15T10:30:00Z."+body), [2]string{},
			Fit{Encoding: "hex", Algorithm: "HMAC-SHA256", Message: `the body's timestamp, ".", the body`, Key: "the whole secret"}, "no such scheme"},
		{"Slack's", "X-Signature", "v0=" + hexMAC(sharedSecret, "v0:"+at+":"+body), [2]string{"X-Request-Timestamp", at},
			Fit{Encoding: "hex, behind v0=", Algorithm: "HMAC-SHA256", Message: `"v0", ":", the time in X-Request-Timestamp, ":", the body`, Key: "the whole secret"},
			"no such scheme"},
		{"Standard Webhooks", "Webhook-Signature", "v1," + base64MAC(decoded, "msg_1."+at+"."+body), [2]string{"Webhook-Id", "msg_1"},
			Fit{Encoding: "base64", Algorithm: "HMAC-SHA256", Message: `the text of Webhook-Id, ".", the time in Webhook-Timestamp, ".", the body`,
				Key: "the secret without what is before its first _, decoded from base64"}, "no such scheme"},
		{"SHA-1", "X-Hub-Signature", "sha1=" + hex.EncodeToString(mac(sha1.New, sharedSecret, body)), [2]string{},
			Fit{Encoding: "hex, behind sha1=", Algorithm: "HMAC-SHA1", Message: "the body", Key: "the whole secret"}, "no such scheme"},
		{"SHA-512", "X-Levrage-Signature", hex.EncodeToString(mac(sha512.New, sharedSecret, body)), [2]string{},
			Fit{Encoding: "hex", Algorithm: "HMAC-SHA512", Message: "the body", Key: "the whole secret"}, "no such scheme"},
		{"no HMAC", "X-Levrage-Signature", hex.EncodeToString(sum[:]), [2]string{},
			Fit{Encoding: "hex", Algorithm: "SHA256 of the key and then the message", Message: "the body", Key: "the whole secret"}, "no such scheme"},
		{"Python's JSON", "X-Levrage-Signature", hexMAC(sharedSecret, python), [2]string{},
			Fit{Encoding: "hex", Algorithm: "HMAC-SHA256", Message: "the body with a space after each colon and comma, in ASCII as Python does", Key: "the whole secret"}, "no such scheme"},
		{"JavaScript's JSON", "X-Levrage-Signature", hexMAC(sharedSecret, javascript), [2]string{},
			Fit{Encoding: "hex", Algorithm: "HMAC-SHA256", Message: "the body as compact JSON, with its texts written anew", Key: "the whole secret"}, "no such scheme"},
		{"sorted JSON", "X-Levrage-Signature", hexMAC(sharedSecret, sorted), [2]string{},
			Fit{Encoding: "hex", Algorithm: "HMAC-SHA256", Message: "the body as compact JSON with its keys sorted", Key: "the whole secret"}, "no such scheme"},
		{"the session's id", "X-Levrage-Signature", hexMAC(sharedSecret, "s_1"), [2]string{},
			Fit{Encoding: "hex", Algorithm: "HMAC-SHA256", Message: "the body's session_id", Key: "the whole secret"}, "no such scheme"},
		{"no signature at all", "Authorization", "Bearer " + sharedSecret, [2]string{},
			Fit{Encoding: "as it is", Algorithm: "none", Message: "nothing: the secret itself is sent", Key: "the whole secret"}, "no such scheme"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{c.header: {c.value}, "Content-Type": {"application/json"}, "User-Agent": {"Sender/1.0"}}
			if c.more[0] != "" {
				header[c.more[0]] = []string{c.more[1]}
			}
			if c.name == "Standard Webhooks" {
				header["Webhook-Timestamp"] = []string{at}
			}
			got := Diagnose(header, []byte(body), sharedSecret)
			require.NotNil(t, got.Fit)
			c.want.Header, got.Fit.key = c.header, nil
			assert.Equal(t, c.want, *got.Fit)
			assert.Contains(t, got.Advice, c.advice)
			assert.Contains(t, got.Advice, Issues)

			wrong := Diagnose(header, []byte(body), "whsec_another")
			assert.Nil(t, wrong.Fit)
			assert.Contains(t, wrong.Advice, "See first that this is the secret")
			changed := Diagnose(header, []byte(strings.Replace(strings.Replace(body, "s_1", "s_2", 1), "43210", "43211", 1)), sharedSecret)
			assert.Equal(t, c.want.Algorithm == "none", changed.Fit != nil, "of another body it is wrong")
			for _, d := range []Diagnosis{got, wrong} {
				silent(t, d, c.value)
			}
		})
	}
}

// silent finds what a person may not want to show: the secret, the signature, the body.
func silent(t *testing.T, d Diagnosis, value string) {
	t.Helper()
	text, err := json.Marshal(d)
	require.NoError(t, err)
	for _, hidden := range []string{value, sharedSecret, "dGVzdC", "test-secret", "s_1", "9876543210", "नमस्ते", at, "msg_1", "Sender"} {
		assert.NotContains(t, string(text), hidden)
	}
}

func TestWhatCameIsDescribed(t *testing.T) {
	t.Parallel()
	header := http.Header{
		"X-Levrage-Signature": {"t=" + at + ",v1=" + strings.Repeat("ab", 32) + ",asha=" + strings.Repeat("c", 7)},
		"X-Check":             {base64.StdEncoding.EncodeToString(make([]byte, 64))},
		"Content-Type":        {"application/json"},
	}
	got := Diagnose(header, []byte("not JSON"), sharedSecret)
	assert.Equal(t, []Header{
		{"X-Check", "88 characters of base64"},
		{"X-Levrage-Signature", "t= a time of 10 characters, v1= 64 hex digits, another name and = 7 other characters"},
	}, got.Headers)
	got = Diagnose(http.Header{"Content-Type": {"application/json"}}, []byte("{}"), sharedSecret)
	assert.Contains(t, got.Advice, "has no signature")
	assert.Empty(t, got.Headers)
}

// Anybody may send a delivery to a tunnel: what it can cost is bounded.
func TestALargeDeliveryIsDiagnosedSoon(t *testing.T) {
	t.Parallel()
	header := http.Header{}
	for i := range 500 {
		header.Add("X-Signature", fmt.Sprintf("%064x", i))
		header.Add("X-Time", fmt.Sprint(1736937000+i))
	}
	parts := partsOf(header)
	assert.Len(t, parts, most)
	large := []byte(`{"data":"` + strings.Repeat("x", 1<<20) + `"}`)
	total := 0
	for _, m := range messagesOf(parts, large) {
		total += len(m.text)
	}
	assert.Less(t, total, 100<<20)
}
