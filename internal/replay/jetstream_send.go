package replay

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"
	"github.com/klauspost/compress/zstd"
)

// pollEvery is the shortest wait for new events: they are sent in bunches.
const pollEvery = 10 * time.Millisecond

// Hijack hands the connection over.
func (h *hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	h.conn = conn
	return conn, rw, err
}

var errFault = errors.New("replay: a fault ended the connection")

// send sends events as they come.
func (o *streamOf) send(ctx context.Context) error {
	for {
		if tip := o.source.Tip(o.now()); o.next >= tip {
			due, comes := o.source.Due(o.next)
			if !comes {
				<-ctx.Done()
				return ctx.Err()
			}
			if err := wait(ctx, max(pollEvery, due.Sub(o.now()))); err != nil {
				return err
			}
			continue
		}
		index := o.next
		o.next++
		if o.fault.Swap && o.source.Tip(o.now()) > index|1 {
			index ^= 1
		}
		e := o.source.At(index)
		if thin := o.thin.Load(); thin < 0 || thin > 1 && index%thin != 0 || !o.wants(&e) {
			continue
		}
		if err := o.event(ctx, index, &e); err != nil {
			return err
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// event sends one event, and what goes wrong at it.
func (o *streamOf) event(ctx context.Context, index int64, e *JetstreamEvent) error {
	text := e.V1
	if o.v2 {
		text = e.v2(o.first + index)
	}
	if o.fault.Pause > 0 {
		if err := wait(ctx, o.fault.Pause); err != nil {
			return err
		}
	}
	if o.sent >= o.fault.After {
		if o.fault.Oversize > 0 {
			text = o.swell(text)
		} else if err := o.spoil(ctx, text); err != nil {
			return err
		}
	}
	o.sent++
	if o.fault.Twice {
		if err := o.write(ctx, text); err != nil {
			return err
		}
	}
	return o.write(ctx, text)
}

// spoil does what the fault says, before an event.
func (o *streamOf) spoil(ctx context.Context, text []byte) error {
	f := &o.fault
	switch {
	case f.Cut:
		_ = o.conn.Close()
		return errFault
	case f.Half:
		_, _ = o.conn.Write(halfFrame(text))
		_ = o.conn.Close()
		return errFault
	case f.Mute:
		<-ctx.Done()
		return ctx.Err()
	case f.Error != "" && o.v2:
		if err := o.write(ctx, []byte(`{"$type":"error","error":"`+f.Error+`","message":"a fault"}`)); err != nil {
			return err
		}
		_ = o.ws.Close(websocket.StatusPolicyViolation, f.Error)
		return errFault
	case f.Garbage && o.sent%5 == 0:
		return o.write(ctx, append([]byte(`{"garbage":`), text[:len(text)/2]...))
	}
	return nil
}

// swell makes one event too large.
func (o *streamOf) swell(text []byte) []byte {
	padding := bytes.Repeat([]byte{'x'}, o.fault.Oversize)
	o.fault.Oversize = 0
	head, _ := bytes.CutSuffix(text, []byte{'}'})
	return append(append(append(bytes.Clone(head), `,"padding":"`...), padding...), `"}`...)
}

func (o *streamOf) write(ctx context.Context, text []byte) error {
	if o.zstd {
		return o.ws.Write(ctx, websocket.MessageBinary, o.zip().encoder.EncodeAll(text, nil))
	}
	return o.ws.Write(ctx, websocket.MessageText, text)
}

// halfFrame is the first half of a frame as a server writes it (RFC 6455,
// section 5.2).
func halfFrame(text []byte) []byte {
	out := binary.BigEndian.AppendUint64([]byte{0x81, 127}, uint64(len(text)))
	return append(out, text[:len(text)/2]...)
}

// dictionary is what frames of version 2 can be compressed with.
type dictionary struct {
	id      uint32
	bytes   []byte
	encoder *zstd.Encoder
}

// newDictionary makes one of a source's first events.
func newDictionary(source JetstreamSource) *dictionary {
	d := &dictionary{id: 20260801}
	var samples [][]byte
	for i := range min(source.Tip(time.Unix(1<<40, 0)), 64) {
		e := source.At(i)
		samples = append(samples, e.v2(i))
	}
	if len(samples) < 8 {
		return d
	}
	var err error
	if d.bytes, err = zstd.BuildDict(zstd.BuildDictOptions{ID: d.id, Contents: samples, History: bytes.Join(samples[:8], nil), Offsets: [3]int{1, 4, 8}}); err != nil {
		d.bytes = nil // Then no dictionary is served.
		return d
	}
	d.encoder, err = zstd.NewWriter(nil, zstd.WithEncoderDict(d.bytes), zstd.WithEncoderConcurrency(1))
	if err != nil {
		d.bytes = nil
	}
	return d
}
