package webhook

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
)

// These bound the memory of bodies before their signatures are checked: smallBody for each request
// under way, and the maximum size for each of largeBodies.
const (
	smallBody   = 64 << 10
	largeBodies = 16
)

// read returns the body, at most one byte more than is allowed. Call done when the body isn't
// needed any more.
func (h *Handler) read(ctx context.Context, r *http.Request) (body []byte, done func(), err error) {
	done = func() {}
	most := h.p.MaxBody
	if r.ContentLength > most {
		return nil, done, tooLarge(most)
	}
	var buf bytes.Buffer
	small := min(most, smallBody)
	if _, err = buf.ReadFrom(io.LimitReader(r.Body, small+1)); err == nil && int64(buf.Len()) > small && most > small {
		select {
		case h.large <- struct{}{}:
			done = func() { <-h.large }
		case <-ctx.Done():
			return nil, done, fmt.Errorf("%w: %d large bodies are being read", ErrBusy, largeBodies)
		}
		_, err = buf.ReadFrom(io.LimitReader(r.Body, most-small))
	}
	switch {
	case err != nil:
		return nil, done, fmt.Errorf("%w: %w", ErrBody, err)
	case int64(buf.Len()) > most:
		return nil, done, tooLarge(most)
	}
	return buf.Bytes(), done, nil
}

func tooLarge(most int64) error {
	return fmt.Errorf("%w: it has more than %d bytes, which HandlerParams.MaxBody allows", ErrTooLarge, most)
}
