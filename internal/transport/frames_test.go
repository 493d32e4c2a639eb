package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// The frames of HTTP/2 that a frameServer needs: RFC 9113, 6.
const (
	frameData      = 0x0
	frameHeaders   = 0x1
	frameRSTStream = 0x3
	frameSettings  = 0x4
	framePing      = 0x6
	frameGoAway    = 0x7

	flagAck        = 0x1 // of SETTINGS and PING
	flagEndStream  = 0x1 // of DATA and HEADERS
	flagEndHeaders = 0x4
)

// frameConn is the server's side of an HTTP/2 connection.
type frameConn struct{ net.Conn }

func (c frameConn) write(kind, flags byte, stream uint32, payload ...byte) {
	frame := make([]byte, 9, 9+len(payload))
	binary.BigEndian.PutUint32(frame, uint32(len(payload))<<8|uint32(kind))
	frame[4] = flags
	binary.BigEndian.PutUint32(frame[5:], stream)
	_, _ = c.Write(append(frame, payload...))
}

func (c frameConn) reset(stream, code uint32) {
	c.write(frameRSTStream, 0, stream, binary.BigEndian.AppendUint32(nil, code)...)
}

func (c frameConn) goAway(last, code uint32) {
	c.write(frameGoAway, 0, 0, binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, last), code)...)
}

// ok answers 200 without a body: the status is entry 8 of the static table of RFC 7541.
func (c frameConn) ok(stream uint32) {
	c.write(frameHeaders, flagEndHeaders|flagEndStream, stream, 0x80|8)
}

// frameServer is an HTTP/2 server that reads a request whole and then does what a test says.
type frameServer struct {
	net.Listener
	roots  *x509.CertPool
	answer func(c frameConn, stream uint32)
	wg     sync.WaitGroup
	ctx    context.Context // of the server's life
}

func startFrames(t *testing.T, answer func(c frameConn, stream uint32)) *frameServer {
	t.Helper()
	certified := httptest.NewTLSServer(nil)
	certified.Close()
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: certified.TLS.Certificates, NextProtos: []string{"h2"}})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	s := &frameServer{Listener: ln, roots: x509.NewCertPool(), answer: answer, ctx: ctx}
	s.roots.AddCert(certified.Certificate())
	s.wg.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			s.wg.Go(func() { s.serve(frameConn{conn}) })
		}
	})
	t.Cleanup(func() { cancel(); _ = ln.Close(); s.wg.Wait() })
	return s
}

func (s *frameServer) serve(c frameConn) {
	defer c.Close()
	defer context.AfterFunc(s.ctx, func() { _ = c.Close() })()
	if _, err := io.CopyN(io.Discard, c, int64(len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))); err != nil {
		return
	}
	c.write(frameSettings, 0, 0)
	for {
		head := make([]byte, 9)
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		payload := make([]byte, binary.BigEndian.Uint32(head)>>8)
		if _, err := io.ReadFull(c, payload); err != nil {
			return
		}
		flags, stream := head[4], binary.BigEndian.Uint32(head[5:])
		switch kind := head[3]; {
		case kind == frameSettings && flags&flagAck == 0:
			c.write(frameSettings, flagAck, 0)
		case kind == framePing && flags&flagAck == 0:
			c.write(framePing, flagAck, 0, payload...)
		case (kind == frameHeaders || kind == frameData) && flags&flagEndStream != 0:
			s.answer(c, stream)
		}
	}
}

// client returns a transport that trusts the server, and the server's URL.
func (s *frameServer) client(t *testing.T) (base *http.Transport, url string) {
	t.Helper()
	base = NewBase(8)
	base.TLSClientConfig = &tls.Config{RootCAs: s.roots}
	t.Cleanup(base.CloseIdleConnections)
	return base, "https://" + s.Addr().String()
}
