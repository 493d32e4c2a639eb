// Package cost_test holds what the client costs: allocations, memory, and what stays behind after
// many requests.
package cost_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
