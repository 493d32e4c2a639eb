package voiceagenttest

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

// receivingBody is the body of an answer in memory. It is streamed by the
// reads themselves, so that a caller that abandons it leaves nothing behind.
type receivingBody struct {
	x     *exchange
	rest  []byte
	last  error         // after rest: io.EOF, or what a lost connection gives
	piece int           // how much a read returns at most; 0 for as much as fits
	gap   time.Duration // before each piece
	ready int           // of the piece that was waited for

	closing sync.Once
	closed  chan struct{}
}

func newReceivingBody(x *exchange, rep reply) *receivingBody {
	b := &receivingBody{x: x, rest: rep.body, last: io.EOF, closed: make(chan struct{})}
	switch rep.end {
	case endCut:
		b.rest, b.last = rep.body[:len(rep.body)/2], io.ErrUnexpectedEOF
	case endSlowly:
		size, pieces := pieceSize(len(rep.body))
		b.piece, b.gap = size, rep.over/time.Duration(pieces)
	}
	return b
}

// Read returns the next bytes, or what a real connection would say when the
// body was closed, the request cancelled or the server gone.
func (b *receivingBody) Read(p []byte) (int, error) {
	select {
	case <-b.closed:
		return 0, http.ErrBodyReadAfterClose
	default:
	}
	if b.x.ctx.Err() != nil {
		return 0, context.Cause(b.x.ctx)
	}
	if len(b.rest) == 0 {
		return 0, b.last
	}
	limit := len(p)
	if b.piece > 0 {
		if err := b.await(); err != nil {
			return 0, err
		}
		limit = min(limit, b.ready)
	}
	n := copy(p[:limit], b.rest)
	b.rest = b.rest[n:]
	b.ready -= n
	return n, nil
}

// await waits for the next piece of a slow body.
func (b *receivingBody) await() error {
	if b.ready > 0 {
		return nil
	}
	if !pause(b.x, b.gap, b.closed) {
		switch {
		case b.x.ctx.Err() != nil:
			return context.Cause(b.x.ctx)
		case b.x.srv.isClosed():
			return io.ErrUnexpectedEOF
		default:
			return http.ErrBodyReadAfterClose
		}
	}
	b.ready = min(b.piece, len(b.rest))
	return nil
}

// Close abandons what was not read yet, also from under a waiting Read.
func (b *receivingBody) Close() error {
	b.closing.Do(func() { close(b.closed) })
	return nil
}
