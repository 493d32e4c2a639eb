//go:build race

package main

// raceDetector makes everything several times as slow.
const raceDetector = true
