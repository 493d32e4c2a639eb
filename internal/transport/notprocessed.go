package transport

import "strings"

// notProcessed reports whether an error of net/http proves that the server did not process the
// request, although a connection was there and the request may have been written. net/http exports
// no type for these errors, so it goes by their texts. They are those of h2_bundle.go and
// transport.go in net/http of Go 1.26, and of transport.go in net/http and in
// net/http/internal/http2 of Go 1.27. Any other text proves nothing, http2.GoAwayError among them.
func notProcessed(err error) bool {
	text := err.Error()
	if inner, ok := strings.CutPrefix(text, "http2: Transport: cannot retry err ["); ok {
		// The error that follows would be retried by net/http itself if it could read the body again.
		if text, _, ok = strings.Cut(inner, "] after Request.Body was written;"); !ok {
			return false
		}
	}
	switch text {
	case "http2: Transport received Server's graceful shutdown GOAWAY", // the stream is above its last one: RFC 9113, 6.8
		"http2: client conn not usable",                      // no stream was opened
		"http2: client conn could not be established",        // likewise
		"net/http: cannot rewind body after connection loss", // no stream could be opened, on any connection
		"http: server closed idle connection":                // it was closed before the request came to it
		return true
	}
	// The first stream of a connection has a text of its own for a GOAWAY that doesn't include it.
	if strings.HasPrefix(text, "http2: Transport received GOAWAY from server ErrCode:") {
		return true
	}
	// RFC 9113, 8.7.
	return strings.HasPrefix(text, "stream error: stream ID ") &&
		strings.HasSuffix(text, "; REFUSED_STREAM; received from peer")
}
