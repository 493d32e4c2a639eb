package api_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// The client's own base URL is held against the file, not that of whoever runs this.
	os.Unsetenv("VOICEAGENT_BASE_URL")
	goleak.VerifyTestMain(m)
}
