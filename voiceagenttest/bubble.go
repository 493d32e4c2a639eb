package voiceagenttest

import (
	"bytes"
	"runtime"
)

// inBubble reports whether the caller runs in a testing/synctest bubble. A
// goroutine of the bubble that waits in Accept would keep its clock from ever
// moving, so the server has to know. The testing package has no question for
// it; the first line of a stack trace, "goroutine 7 [running, synctest bubble
// 1]:", tells.
func inBubble() bool {
	var buf [128]byte
	line, _, _ := bytes.Cut(buf[:runtime.Stack(buf[:], false)], []byte("\n"))
	return bytes.Contains(line, []byte("synctest bubble"))
}
