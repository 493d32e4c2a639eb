//go:build race

package commands

// raceDetector makes everything several times as slow.
const raceDetector = true
