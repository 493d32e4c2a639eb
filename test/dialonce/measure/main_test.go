// Package measure_test measures, against servers of many habits, that no phone rings twice.
package measure_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
