// Package browsertest tests the dashboard of voiceagent-sim in a headless Chromium, and takes its
// picture for the documentation:
//
//	go test -run Picture -update .
//
// The picture in the documentation was taken where the font Inter is installed (apt install
// fonts-inter).
//
// It is a module of its own, so that nothing else depends on the browser driver.
package browsertest
