package bluesky

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/klauspost/compress/zstd"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// passOver is how many times the largest frame may be read and thrown away
// before the connection is given up.
const passOver = 32

// link is one connection to a host, from when it is dialled to when it ends.
type link struct {
	cfg    *Config
	client *http.Client
	host   string
	cursor int64 // 0 for what comes from now on.
	stop   context.CancelFunc

	// What the collector knows of it.
	opened time.Time // Zero until it is open.
	told   uint64    // Frames that it delivered.
	fresh  uint64    // Of these, those that were new.
}

// note is what a link tells: that it is open, a frame, or that it ended.
type note struct {
	link   *link
	opened bool
	frame  frame
	err    error // Of the end.
}

// run dials and reads until the connection or ctx ends. Whoever does not take
// the notes stops the reading: that is all the back-pressure there is.
func (l *link) run(ctx context.Context, notes chan<- note) {
	tell := func(n note) bool {
		n.link = l
		select {
		case notes <- n:
			return true
		case <-ctx.Done():
			return false
		}
	}
	tell(note{err: l.follow(ctx, tell)})
}

func (l *link) follow(ctx context.Context, tell func(note) bool) error {
	var dictionary []byte
	if l.cfg.Compress {
		var err error
		if dictionary, err = fetchDictionary(ctx, l.client, l.host); err != nil {
			return err
		}
	}
	var reading atomic.Pointer[reader]
	ws, err := dial(ctx, l.client, l.cfg.address(l.host, l.cursor, dictionaryID(dictionary)), func() { // A pong.
		if r := reading.Load(); r != nil {
			r.alive()
		}
	})
	if err != nil {
		return err
	}
	defer func() { _ = ws.CloseNow() }()
	ctx, cancel := context.WithCancelCause(ctx)
	var pings sync.WaitGroup
	defer pings.Wait()
	defer cancel(nil)
	r, err := newReader(ctx, ws, l.cfg, dictionary, cancel)
	if err != nil {
		return err
	}
	defer r.close()
	reading.Store(r)
	pings.Go(func() { r.ping(ctx) })
	if !tell(note{opened: true}) {
		return ctx.Err()
	}
	return r.readAll(ctx, tell)
}

// readAll reads frames until the connection ends, and says why it did.
func (r *reader) readAll(ctx context.Context, tell func(note) bool) error {
	for {
		f, err := r.next(ctx)
		if err != nil && f.why == nil {
			return ended(ctx, err)
		}
		switch {
		case !tell(note{frame: f}):
			return ctx.Err()
		case err != nil:
			return ended(ctx, err)
		case f.fault != "":
			return faulted(f.fault)
		}
	}
}

// faulted is the failure that an error of version 2 stands for.
func faulted(name string) *failure {
	f := &failure{outage: schema.OutageServer, name: name, err: fmt.Errorf("it sent the error %.100q", name)}
	if name == errConsumerTooSlow {
		f.outage = schema.OutageTooSlow
	}
	return f
}

// ended is why a connection ended.
func ended(ctx context.Context, err error) error {
	var known *failure
	if cause := context.Cause(ctx); errors.As(cause, &known) || errors.As(err, &known) {
		return known
	}
	return &failure{outage: schema.OutageClosed, err: err}
}

// reader reads the frames of a connection.
type reader struct {
	ws      *websocket.Conn
	cfg     *Config
	buf     []byte
	plain   []byte
	unzip   *zstd.Decoder
	silence *time.Timer
	patient atomic.Bool // Whether nobody waits for a frame.
}

func newReader(ctx context.Context, ws *websocket.Conn, cfg *Config, dictionary []byte, cancel context.CancelCauseFunc) (*reader, error) {
	r := &reader{ws: ws, cfg: cfg, buf: make([]byte, 0, 16<<10)}
	ws.SetReadLimit(-1) // next keeps the limit, and passes over what is larger.
	if dictionary != nil {
		var err error
		r.unzip, err = zstd.NewReader(nil, zstd.WithDecoderDicts(dictionary), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(cfg.MaxMessage)), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			return nil, &failure{outage: schema.OutageContent, err: fmt.Errorf("its dictionary cannot be used: %w", err)}
		}
	}
	r.patient.Store(true)
	r.silence = time.AfterFunc(cfg.Silence, func() {
		if !r.patient.Load() && ctx.Err() == nil {
			cancel(&failure{outage: schema.OutageTimeout, err: fmt.Errorf("it sent nothing for %v", cfg.Silence)})
		}
	})
	return r, nil
}

func (r *reader) close() {
	r.silence.Stop()
	if r.unzip != nil {
		r.unzip.Close()
	}
}

// alive says that the host has just sent something.
func (r *reader) alive() { r.silence.Reset(r.cfg.Silence) }

// ping asks the host again and again whether it is there. Its answers count as
// signs of life while a frame is awaited; nobody reads them at other times.
func (r *reader) ping(ctx context.Context) {
	every := time.NewTicker(max(r.cfg.Silence/3, time.Millisecond))
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		if r.patient.Load() {
			continue
		}
		ask, cancel := context.WithTimeout(ctx, r.cfg.Silence)
		_ = r.ws.Ping(ask) // The silence says whether it was answered.
		cancel()
	}
}

// next reads a frame.
func (r *reader) next(ctx context.Context) (frame, error) {
	r.alive()
	r.patient.Store(false)
	kind, rec, size, err := r.message(ctx)
	r.patient.Store(true)
	r.silence.Stop()
	v2 := r.cfg.API == apiV2
	if errors.Is(err, errEndless) {
		f := rejected(rec, size, v2, mapping.Reject(schema.ReasonTooLarge, "a frame without an end"))
		past := int64(-1)
		if f.pos > 0 {
			past = f.pos
		}
		return f, &failure{outage: schema.OutageContent, past: past, err: err}
	}
	if err != nil {
		return frame{}, err
	}
	if size > r.cfg.MaxMessage {
		return rejected(rec, size, v2, mapping.Reject(schema.ReasonTooLarge, "the frame has %d bytes", size)), nil
	}
	if kind == websocket.MessageBinary {
		if r.unzip == nil {
			return rejected(rec, size, v2, mapping.Reject(schema.ReasonSyntax, "a binary frame, which was not asked for")), nil
		}
		if r.plain, err = r.unzip.DecodeAll(rec, r.plain[:0]); err != nil {
			return rejected(rec, size, v2, mapping.Reject(schema.ReasonSyntax, "a frame that cannot be decompressed: %v", err)), nil
		}
		rec = r.plain
	}
	return read(rec, v2, r.cfg.singly()), nil
}

// message reads a message as far as it may be kept, passes over the rest and
// says how long it was.
func (r *reader) message(ctx context.Context) (websocket.MessageType, []byte, int, error) {
	kind, body, err := r.ws.Reader(ctx)
	if err != nil {
		return 0, nil, 0, err
	}
	r.buf = r.buf[:0]
	for {
		if len(r.buf) == cap(r.buf) {
			if len(r.buf) > r.cfg.MaxMessage {
				break
			}
			r.buf = append(r.buf, 0)[:len(r.buf)]
		}
		n, err := body.Read(r.buf[len(r.buf):cap(r.buf)])
		r.buf = r.buf[:len(r.buf)+n]
		if errors.Is(err, io.EOF) {
			return kind, r.buf, len(r.buf), nil
		}
		if err != nil {
			return 0, nil, 0, err
		}
	}
	most := passOver * int64(r.cfg.MaxMessage)
	rest, err := io.Copy(io.Discard, io.LimitReader(body, most))
	if err == nil && rest == most {
		err = errEndless
	}
	return kind, r.buf, len(r.buf) + int(rest), err
}

// errEndless is a frame that is too large even to be passed over.
var errEndless = errors.New("a frame is too large to be passed over")
