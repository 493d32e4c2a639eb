//go:build !race

package webhook_test

const raceDetector = false
