//go:build !race

package measure_test

const slowdown = 1
