package rediswebhook_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(envRedis) != "" {
		fmt.Fprintln(os.Stderr, receiveAndHang())
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}
