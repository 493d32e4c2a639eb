// Package api holds openapi.yaml, a description of the API in OpenAPI 3.1, and the tests that hold
// the client and the simulator against it. There is nothing to import; README.md says what the file
// is.
package api
