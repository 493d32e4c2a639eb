//go:build !linux

package redistest

import "os/exec"

// dieWithParent does nothing here: a test that is killed leaves its server behind.
func dieWithParent(*exec.Cmd) {}
