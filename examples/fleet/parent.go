package main

import (
	"context"
	"os"
	"strconv"
	"time"
)

// withParent ends the context when the process with that id is no longer this one's parent. The demonstration's workers have one, so that they don't
// dial on when it was killed. A worker that has none ("") ends by a signal.
func withParent(ctx context.Context, parent string) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if parent == "" {
		return ctx, cancel
	}
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for strconv.Itoa(os.Getppid()) == parent {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
		cancel()
	}()
	return ctx, cancel
}
