// Package setup_test holds how a client is set up, and what it shows of itself and of what it does:
// never the key, nor a number.
package setup_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
