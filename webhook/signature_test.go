package webhook_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/webhook"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	body := []byte(`{"event":"CALL_ENDED"}`)
	// By openssl dgst -sha256 -hmac whsec_test_1.
	const signature = "0d8ff481bb548f1ce93122f4fc104bb4fe0877063700e5413fc537b79087a384"
	assert.Equal(t, signature, webhook.Sign(body, secret))
	for _, good := range []string{signature, "sha256=" + signature, strings.ToUpper(signature)} {
		assert.NoError(t, webhook.Verify(body, good, secret))
		assert.NoError(t, webhook.Verify(body, good, secret, "whsec_test_old"), "the first of two")
		assert.NoError(t, webhook.Verify(body, good, "whsec_test_old", secret), "the last of two")
		assert.NoError(t, webhook.Verify(body, good, "whsec_test_old", secret, ""), "an empty one beside it")
	}
	for _, bad := range []string{"sha256=", "sha1=" + signature, signature[:62], signature + "00", signature[1:] + "g", "0" + signature[1:], " ", "null"} {
		if bad != signature {
			assert.ErrorIs(t, webhook.Verify(body, bad, secret), webhook.ErrSignature, bad)
		}
	}
	for _, header := range []string{signature + ", " + signature, webhook.Sign(body, "whsec_test_2") + "," + signature, "v1," + signature + ",", "SHA256=" + signature,
		"Sha256= " + strings.ToUpper(signature) + " ", "\t" + signature, "DY/0gbtUjxzpMSL0/BBLtP4IdwY3AOVBP8U3t5CHo4Q=", "sha256=DY/0gbtUjxzpMSL0/BBLtP4IdwY3AOVBP8U3t5CHo4Q="} {
		require.NoError(t, webhook.Verify(body, header, "whsec_test_old", secret), header)
		require.ErrorIs(t, webhook.Verify(append(body, ' '), header, "whsec_test_old", secret), webhook.ErrSignature, header)
		require.ErrorIs(t, webhook.Verify(body, header, "whsec_test_old"), webhook.ErrSignature, header)
	}
	for _, none := range []string{",", " , ", "sha256=,sha256=", signature[:32] + "," + signature[32:], signature + signature, signature + " " + signature} {
		require.ErrorIs(t, webhook.Verify(body, none, secret), webhook.ErrSignature, none)
	}
	assert.ErrorIs(t, webhook.Verify(body, "", secret), webhook.ErrNoSignature)
	assert.ErrorIs(t, webhook.Verify(append(body, ' '), signature, secret), webhook.ErrSignature)
	assert.ErrorIs(t, webhook.Verify(body, signature, strings.TrimPrefix(secret, "whsec_")), webhook.ErrSignature, "the whole secret is the key")
	assert.ErrorIs(t, webhook.Verify(body, signature), webhook.ErrSignature)
	assert.ErrorIs(t, webhook.Verify(body, webhook.Sign(body, ""), ""), webhook.ErrSignature, "anybody can sign with nothing")
	assert.ErrorIs(t, webhook.Verify(body, webhook.Sign(body, "")), webhook.ErrSignature)
	assert.ErrorIs(t, webhook.Verify(body, webhook.Sign(body, ""), secret, ""), webhook.ErrSignature)
}

// Each line of the header counts, whatever the case of its name.
func TestDefaultScheme(t *testing.T) {
	t.Parallel()
	body := []byte(ended("a"))
	right, wrong := webhook.Sign(body, secret), webhook.Sign(body, "whsec_test_2")
	for _, header := range []http.Header{
		{webhook.SignatureHeader: {wrong, right}}, {webhook.SignatureHeader: {"", right}}, {"x-levrage-signature": {right}},
		{"X-LEVRAGE-SIGNATURE": {wrong}, webhook.SignatureHeader: {right}},
	} {
		assert.NoError(t, webhook.DefaultScheme(header, body, []string{secret}), header)
	}
	assert.ErrorIs(t, webhook.DefaultScheme(http.Header{webhook.SignatureHeader: {wrong, wrong}}, body, []string{secret}), webhook.ErrSignature)
	for _, header := range []http.Header{nil, {webhook.SignatureHeader: nil}, {webhook.SignatureHeader: {""}}, {"X-Signature": {right}}} {
		assert.ErrorIs(t, webhook.DefaultScheme(header, body, []string{secret}), webhook.ErrNoSignature, header)
	}
}
