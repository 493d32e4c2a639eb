//go:build race

package webhook_test

// raceDetector makes everything several times as slow.
const raceDetector = true
