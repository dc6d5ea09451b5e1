package fetch

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/andybalholm/brotli"
)

// ErrTooLarge says that a body was not read to its end: it has more bytes than
// are allowed, or comes of too few.
var ErrTooLarge = errors.New("the body is too large")

// What else is wrong with a body.
var (
	errEncoding = errors.New("the body's encoding cannot be read")
	errSlow     = errors.New("the body came too slowly")
)

// encodings are those that a body may have.
const encodings = "gzip, deflate, br"

// freeBytes may come of any number of compressed bytes: short texts compress well.
const freeBytes = 64 << 10

// readBody reads a body within the bounds: whole, or its beginning. stop ends the
// request.
func (c *Client) readBody(resp *http.Response, beginning int, stop context.CancelCauseFunc) ([]byte, error) {
	limit := c.cfg.MaxBytes
	if resp.ContentLength > int64(limit) && beginning == 0 {
		return nil, fmt.Errorf("%w: %d bytes, and %d are allowed", ErrTooLarge, resp.ContentLength, limit)
	}
	wire := &counter{from: resp.Body, limit: int64(limit)}
	defer wire.watch(int64(c.cfg.MinRate), c.cfg.RateWindow, stop)()
	from, err := decompress(wire, resp.Header.Get("Content-Encoding"))
	if err != nil {
		return nil, err
	}
	body := bytes.NewBuffer(make([]byte, 0, min(max(resp.ContentLength, 512), int64(limit))+bytes.MinRead))
	chunk := make([]byte, 16<<10)
	for {
		n, err := from.Read(chunk)
		body.Write(chunk[:n])
		if beginning > 0 && body.Len() >= beginning {
			return body.Bytes()[:beginning], nil
		}
		if body.Len() > limit {
			return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
		}
		if body.Len() > freeBytes && int64(body.Len()) > wire.read.Load()*int64(c.cfg.MaxRatio) {
			return nil, fmt.Errorf("%w: it is more than %d times as long as what was sent", ErrTooLarge, c.cfg.MaxRatio)
		}
		switch {
		case errors.Is(err, io.EOF):
			return body.Bytes(), nil
		case err != nil:
			return nil, wire.explain(err)
		}
	}
}

// counter counts what comes over the wire, and ends where it is too much.
type counter struct {
	from   io.Reader
	limit  int64
	read   atomic.Int64
	failed error // The wire's own error, as opposed to one of a decompressor.
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	if c.read.Add(int64(n)) > c.limit {
		err = fmt.Errorf("%w: more than %d bytes were sent", ErrTooLarge, c.limit)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		c.failed = err
	}
	return n, err
}

// explain tells what is wrong with the wire from what is wrong with the bytes.
func (c *counter) explain(err error) error {
	if c.failed != nil {
		return c.failed
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return fmt.Errorf("%w: %w", errEncoding, err)
}

// watch ends the request when less than rate bytes a second came in a window.
func (c *counter) watch(rate int64, window time.Duration, stop context.CancelCauseFunc) (end func()) {
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(window)
		defer tick.Stop()
		last := int64(0)
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				now := c.read.Load()
				if float64(now-last) < float64(rate)*window.Seconds() {
					stop(errSlow)
					return
				}
				last = now
			}
		}
	}()
	return func() { close(done) }
}

// decompress undoes a content encoding. One of several layers is none that a
// feed needs.
func decompress(wire io.Reader, encoding string) (io.Reader, error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return wire, nil
	case "gzip", "x-gzip":
		return &lazy{wire: wire, open: func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }}, nil
	case "br":
		return brotli.NewReader(wire), nil
	case "deflate": // Some servers send it without the header that the standard asks for.
		return &lazy{wire: wire, open: func(r io.Reader) (io.Reader, error) {
			buffered := bufio.NewReader(r)
			head, err := buffered.Peek(2)
			if err == nil && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
				return zlib.NewReader(buffered)
			}
			return flate.NewReader(buffered), nil
		}}, nil
	}
	return nil, fmt.Errorf("%w: Content-Encoding %.40q", errEncoding, encoding)
}

// lazy opens a decompressor when it is first read, so that the errors of opening
// are those of reading. No bytes at all are an empty body.
type lazy struct {
	wire io.Reader
	open func(io.Reader) (io.Reader, error)
	from io.Reader
}

func (l *lazy) Read(p []byte) (int, error) {
	if l.from == nil {
		buffered := bufio.NewReader(l.wire)
		if _, err := buffered.Peek(1); err != nil {
			return 0, err
		}
		from, err := l.open(buffered)
		if err != nil {
			return 0, err
		}
		l.from = from
	}
	return l.from.Read(p)
}
