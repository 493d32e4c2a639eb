package voiceagenttest

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
)

// If a new version of Go words its stack traces otherwise, this fails, and
// not some test that hangs.
func TestInBubble(t *testing.T) {
	assert.False(t, inBubble())
	synctest.Test(t, func(t *testing.T) {
		assert.True(t, inBubble())
	})
	inner := make(chan bool)
	go func() { inner <- inBubble() }()
	assert.False(t, <-inner)
}
