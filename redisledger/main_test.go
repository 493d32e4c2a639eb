package redisledger_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// envChild makes this test program one of these.
const envChild = "REDISLEDGER_CHILD"

var children = map[string]func() error{}

func TestMain(m *testing.M) {
	if child := children[os.Getenv(envChild)]; child != nil {
		if err := child(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}
