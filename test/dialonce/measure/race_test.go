//go:build race

package measure_test

// slowdown is by how much less is measured: the race detector looks for other faults than these
// tests do, and takes ten times as long.
const slowdown = 8
