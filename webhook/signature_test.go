package webhook_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent/webhook"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	body := []byte(`{"event":"CALL_ENDED"}`)
	const signature = "0d8ff481bb548f1ce93122f4fc104bb4fe0877063700e5413fc537b79087a384" // by openssl dgst -sha256 -hmac whsec_test_1
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
	assert.ErrorIs(t, webhook.Verify(body, "", secret), webhook.ErrNoSignature)
	assert.ErrorIs(t, webhook.Verify(append(body, ' '), signature, secret), webhook.ErrSignature)
	assert.ErrorIs(t, webhook.Verify(body, signature, strings.TrimPrefix(secret, "whsec_")), webhook.ErrSignature, "the whole secret is the key")
	assert.ErrorIs(t, webhook.Verify(body, signature), webhook.ErrSignature)
	assert.ErrorIs(t, webhook.Verify(body, webhook.Sign(body, ""), ""), webhook.ErrSignature, "anybody can sign with nothing")
	assert.ErrorIs(t, webhook.Verify(body, webhook.Sign(body, "")), webhook.ErrSignature)
	assert.ErrorIs(t, webhook.Verify(body, webhook.Sign(body, ""), secret, ""), webhook.ErrSignature)
}
