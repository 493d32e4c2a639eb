package reconcile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent/internal/reconcile"
)

const sent = "+919876543210"

func TestNumber(t *testing.T) {
	t.Parallel()
	for want, shown := range map[reconcile.Verdict][]string{
		reconcile.Ours: {
			sent, "919876543210", "00919876543210", "+91 98765 43210", "+91-98765-43210", "(+91) 98765/43210", "+91\u00a098765\u202f43210",
			"\u200e+919876543210", "+\uff19\uff11\uff19\uff18\uff17\uff16\uff15\uff14\uff13\uff12\uff11\uff10", "+९१९८७६५४३२१०",
			"919876543210.0", "tel:+919876543210", "Phone +919876543210",
		},
		reconcile.Maybe: {
			"", "None", "null", "anonymous", "hidden", "9876543210", "09876543210", "98765 43210", "3210", "0",
			"tel:+91******3210", "+91******3210", "******3210", "...3210", "xxxxxx3210", "XXX-XXX-3210", "+91xxxxxx3210", "+91•••••3210", "+9198765*****", "***", "*3210*",
			"+91 [hidden]", "[redacted]", "+91…3210", "9.1987654321e+11", "9.1988e11", "+919876543210;ext=5", "sip:919876543210@example.com", "sip:09876543210@192.0.2.1",
			"+9.1988e11", "+91 (0) 98765 43210", "+9109876543210", "+9190876543210", "tok_5b3e1f88", "tok_583921", "sha256:9f3a3219", "KzkxOTg3NjU0==",
		},
		reconcile.Not: {
			"+919876543211", "919876543200", "09876543211", "9876543211", "+91******3211", "******1", "3219", "+1******3210", "+92******3210",
			"+155501000000", "tel:+919876543219", "+919876543211;ext=5",
			"919876543211.0", "+91 (0) 98765 43211", "+9198076543210", "******9910", "+90******3210",
		},
	} {
		for _, number := range shown {
			assert.Equal(t, want, reconcile.Number(number, sent), "%q", number)
		}
	}
}

// A number may be sent with the 0 that is dialled within its country, and be listed without.
func TestNumberThatIsPutRight(t *testing.T) {
	t.Parallel()
	const sent = "+9109876543210"
	for want, shown := range map[reconcile.Verdict][]string{
		reconcile.Ours:  {sent},
		reconcile.Maybe: {"+919876543210", "+91 98765 43210", "919876543210", "00919876543210", "9876543210", "09876543210", "+91******3210", "+9198765*****"},
		reconcile.Not:   {"+919876543211", "+9198765432100", "+9109876543211", "+9197******3210"},
	} {
		for _, number := range shown {
			assert.Equal(t, want, reconcile.Number(number, sent), "%q", number)
		}
	}
}
