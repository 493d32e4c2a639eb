package contactfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent/internal/contactfile"
)

func TestNoTextIsAFormula(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "yes", "a=1", "+919876543210", "+91 98765 43210", "-5", "-5.25", "+1,5", "'=1", " =1", "３"} {
		assert.Equal(t, text, contactfile.Inert(text))
	}
	for _, text := range []string{
		"=1+1", "=HYPERLINK(1)", "+1+1", "-1-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠SUM(1)", "-", "+", "+cmd|' /C calc'!A0", "-2+3",
		"+91-98765-43210", "+1(555)", "- yes", "+1\n", "-1.", "+91 98765 43210=1",
	} {
		assert.Equal(t, "'"+text, contactfile.Inert(text))
	}
	assert.Equal(t, "'=1", contactfile.Inert("\x00=1"))
}
