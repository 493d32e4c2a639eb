// Package errors_test tests what a caller gets when something fails, or is refused before it is
// sent.
package errors_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
