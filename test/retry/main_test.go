// Package retry_test holds what is tried again, when, and for how long.
package retry_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
