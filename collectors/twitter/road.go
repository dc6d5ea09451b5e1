package twitter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/election-observatory/observatory/collectors/fetch"
	"github.com/election-observatory/observatory/schema"
)

// road is how the library reaches the endpoint: it knows Twitter's own address alone, tries
// again by itself without saying why, reads messages of any length and waits for a silent
// stream for ever. On this road it is led to the endpoint of the study, once, with the token,
// and what it reads is bounded and watched.
type road struct {
	c      *Collector
	ctx    context.Context //nolint:containedctx // The library gives requests none.
	cancel context.CancelFunc

	asked    atomic.Bool
	answered chan error   // Whether the stream was opened; one answer.
	heard    atomic.Int64 // The last sign of life before which the library has handed over everything.
	failure  atomic.Pointer[fetch.Error]
}

// maxMessage is how long a message may be, in bytes.
const maxMessage = 2 << 20

var (
	errOnce   = errors.New("twitter: the stream has ended")
	errSilent = errors.New("the stream sent nothing, not even a sign of life")
	errLong   = fmt.Errorf("a message has more than %d bytes", maxMessage)
)

func newRoad(ctx context.Context, c *Collector) *road {
	w := &road{c: c, answered: make(chan error, 1)}
	w.ctx, w.cancel = context.WithCancel(ctx)
	return w
}

// why is why the stream ended.
func (w *road) why() *fetch.Error {
	if known := w.failure.Load(); known != nil {
		return known
	}
	return &fetch.Error{Outage: schema.OutageClosed, Err: io.ErrUnexpectedEOF}
}

// RoundTrip implements http.RoundTripper.
func (w *road) RoundTrip(req *http.Request) (*http.Response, error) {
	if w.asked.Swap(true) {
		return nil, errOnce
	}
	resp, down := w.ask(req)
	if down != nil {
		w.failure.Store(down)
		w.answered <- down
		return nil, down
	}
	w.heard.Store(w.c.now().UnixMilli())
	b := &body{road: w, from: resp.Body}
	b.silence = time.AfterFunc(w.c.cfg.Silence, func() { b.fail(&fetch.Error{Outage: schema.OutageTimeout, Err: errSilent}) })
	resp.Body = b
	w.answered <- nil
	return resp, nil
}

func (w *road) ask(req *http.Request) (*http.Response, *fetch.Error) {
	req = req.Clone(w.ctx)
	path := req.URL.Path
	if i := strings.Index(path, "statuses/"); i >= 0 {
		path = path[i:]
	}
	to := w.c.address.JoinPath(path)
	to.RawQuery = req.URL.RawQuery
	req.URL, req.Host = to, ""
	if w.c.token != "" {
		req.Header.Set("Authorization", "Bearer "+w.c.token)
	}
	resp, err := w.c.client.Do(req) //nolint:gosec // The address is the study's, and what it may lead to is guarded.
	if err != nil {
		return nil, fetch.Failed(err)
	}
	const calmDown = 420 // What API v1.1 answers to who connects too often.
	down := fetch.Answered(resp, w.c.now())
	if down == nil && resp.StatusCode != http.StatusOK {
		down = &fetch.Error{Outage: schema.OutageContent, Status: resp.StatusCode, Err: fmt.Errorf("it answered %d", resp.StatusCode)}
	}
	if down != nil {
		_ = resp.Body.Close()
		if resp.StatusCode == calmDown || resp.StatusCode == http.StatusTooManyRequests {
			down.Outage, down.Wait = schema.OutageRateLimited, max(down.Wait, w.c.cfg.RetryFirst*12) // A minute, as it is prescribed.
		}
		return nil, down
	}
	return resp, nil
}

// body is what a stream sends, watched.
type body struct {
	*road
	from    io.ReadCloser
	silence *time.Timer
	length  int   // Of the message that is being read.
	last    int64 // When something was read.
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	b.heard.Store(max(b.heard.Load(), b.last)) // Who wants more has handed over what there was.
	n, err := b.from.Read(p)
	if n > 0 {
		b.silence.Reset(b.c.cfg.Silence)
		b.last = b.c.now().UnixMilli()
		b.length += n
		if i := strings.LastIndexByte(string(p[:n]), '\n'); i >= 0 {
			b.length = n - i - 1
		}
		if b.length > maxMessage {
			err = errLong
			b.fail(&fetch.Error{Outage: schema.OutageContent, Err: errLong})
		}
	}
	if err != nil {
		if errors.Is(err, io.EOF) {
			b.fail(&fetch.Error{Outage: schema.OutageClosed, Err: io.ErrUnexpectedEOF})
		} else {
			b.fail(fetch.Failed(err))
		}
	}
	return n, err
}

// fail notes why the stream ends, and ends it. The first reason counts.
func (b *body) fail(down *fetch.Error) {
	b.failure.CompareAndSwap(nil, down)
	b.cancel()
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.silence.Stop()
	return b.from.Close()
}
