package api_test

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the process killed when this one dies, however it does.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
