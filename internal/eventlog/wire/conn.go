package wire

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/segmentio/kafka-go"
)

// The requests and the versions of them that are spoken. Version 10 of Fetch is
// the first that brokers answer with batches compressed by zstd, and known to
// all since Kafka 2.1.
const (
	keyFetch           = 1
	fetchVersion       = 10
	keyListOffsets     = 2
	listOffsetsVersion = 1
	keyDeleteRecords   = 21
	deleteVersion      = 1
	maxResponse        = 1 << 30
	answerGrace        = 10 * time.Second // What an answer may take beyond the wait that was asked for.
)

// Earliest and Latest ask ListOffset for the ends of a partition.
const (
	Earliest int64 = -2
	Latest   int64 = -1
)

// Conn is a connection to the broker that leads a partition. It is not safe for
// concurrent use.
type Conn struct {
	conn      net.Conn
	unwatch   func() bool // Forgets the context that closes the connection.
	clientID  string
	topic     string
	partition int32
	buf       []byte
	serial    uint32
}

// Dial connects to the leader of a partition. The connection closes when ctx
// ends, which ends a request under way.
func Dial(ctx context.Context, address, clientID, topic string, partition int32) (*Conn, error) {
	d := net.Dialer{Timeout: answerGrace}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("wire: connect: %w", err)
	}
	unwatch := context.AfterFunc(ctx, func() { _ = conn.Close() })
	return &Conn{conn: conn, unwatch: unwatch, clientID: clientID, topic: topic, partition: partition}, nil
}

// Close closes the connection.
func (c *Conn) Close() error {
	c.unwatch()
	return c.conn.Close()
}

// Fetch asks for records from an offset on and waits for up to wait until there
// are minBytes of them. It returns the partition's log start and the encoded
// batches, the last of them perhaps cut, in a buffer from alloc. Errors of the
// broker are of type [kafka.Error].
func (c *Conn) Fetch(offset int64, wait time.Duration, minBytes, maxBytes int, alloc func(int) []byte) (start int64, batches []byte, err error) {
	b := c.request(keyFetch, fetchVersion)
	b = be32(b, -1) // No replica.
	b = be32(b, int32(wait/time.Millisecond))
	b = be32(b, int32(minBytes))
	b = be32(b, int32(maxBytes))
	b = append(b, 0)             // Whatever transactions are open, as none is used.
	b = be32(be32(b, 0), -1)     // No session.
	b = c.target(b)              // One topic, one partition.
	b = be32(b, -1)              // Any leader epoch.
	b = be64(b, offset)          //
	b = be64(b, -1)              // No replica, no log start.
	b = be32(b, int32(maxBytes)) //
	b = be32(b, 0)               // Nothing to forget.
	body, err := c.roundTrip(b, wait, alloc)
	if err != nil {
		return 0, nil, fmt.Errorf("wire: fetch: %w", err)
	}
	return c.parseFetch(body)
}

func (c *Conn) parseFetch(body []byte) (start int64, batches []byte, err error) {
	r := reader{b: body}
	r.int32() // Throttle.
	code := r.int16()
	r.int32() // Session.
	if r.err == nil && code != 0 {
		return 0, nil, fmt.Errorf("wire: fetch: %w", kafka.Error(code))
	}
	code = r.partition(c)
	r.int64() // High watermark.
	r.int64() // Last stable offset.
	start = r.int64()
	for range max(r.int32(), 0) { // Aborted transactions.
		r.int64()
		r.int64()
		if r.err != nil {
			break
		}
	}
	batches = r.bytes()
	return start, batches, r.result("fetch", code)
}

// ListOffset asks for the offset at one end of the partition.
func (c *Conn) ListOffset(end int64) (int64, error) {
	b := c.request(keyListOffsets, listOffsetsVersion)
	b = be32(b, -1) // No replica.
	b = c.target(b)
	b = be64(b, end)
	body, err := c.roundTrip(b, 0, func(n int) []byte { return make([]byte, 0, n) })
	if err != nil {
		return 0, fmt.Errorf("wire: list offsets: %w", err)
	}
	r := reader{b: body}
	code := r.partition(c)
	r.int64() // Time.
	offset := r.int64()
	return offset, r.result("list offsets", code)
}

// DeleteRecords removes the records before an offset, and returns the offset of the
// oldest that is left.
func (c *Conn) DeleteRecords(before int64) (int64, error) {
	b := c.request(keyDeleteRecords, deleteVersion)
	b = c.target(b)
	b = be64(b, before)
	b = be32(b, int32(answerGrace/time.Millisecond))
	body, err := c.roundTrip(b, 0, func(n int) []byte { return make([]byte, 0, n) })
	if err != nil {
		return 0, fmt.Errorf("wire: delete records: %w", err)
	}
	r := reader{b: body}
	r.int32() // Throttle.
	r.target(c)
	start := r.int64()
	return start, r.result("delete records", r.int16())
}

// request starts a request, with room for its size.
func (c *Conn) request(key, version int16) []byte {
	c.serial++
	b := append(c.buf[:0], 0, 0, 0, 0)
	b = be16(be16(b, key), version)
	b = be32(b, int32(c.serial))
	return appendString(b, c.clientID)
}

// target appends an array of one topic with an array of one partition.
func (c *Conn) target(b []byte) []byte {
	b = appendString(be32(b, 1), c.topic)
	return be32(be32(b, 1), c.partition)
}

func (c *Conn) roundTrip(req []byte, wait time.Duration, alloc func(int) []byte) ([]byte, error) {
	c.buf = req
	binary.BigEndian.PutUint32(req, uint32(len(req)-4))
	if err := c.conn.SetDeadline(time.Now().Add(wait + answerGrace)); err != nil {
		return nil, err
	}
	if _, err := c.conn.Write(req); err != nil {
		return nil, err
	}
	var head [8]byte
	if _, err := io.ReadFull(c.conn, head[:]); err != nil {
		return nil, err
	}
	size := int64(binary.BigEndian.Uint32(head[:])) - 4
	if size < 0 || size > maxResponse {
		return nil, fmt.Errorf("answer of %d bytes", size)
	}
	if serial := binary.BigEndian.Uint32(head[4:]); serial != c.serial {
		return nil, fmt.Errorf("answer to request %d, not %d", serial, c.serial)
	}
	body := alloc(int(size))[:size]
	if _, err := io.ReadFull(c.conn, body); err != nil {
		return nil, err
	}
	return body, nil
}

func be16(b []byte, v int16) []byte { return binary.BigEndian.AppendUint16(b, uint16(v)) }
func be32(b []byte, v int32) []byte { return binary.BigEndian.AppendUint32(b, uint32(v)) }
func be64(b []byte, v int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(v)) }

func appendString(b []byte, s string) []byte {
	return append(be16(b, int16(len(s))), s...)
}

// reader reads the fields of an answer; after an error every field is zero.
type reader struct {
	b   []byte
	err error
}

func (r *reader) take(n int) []byte {
	if r.err == nil && (n < 0 || n > len(r.b)) {
		r.err = errors.New("answer ends early")
	}
	if r.err != nil {
		return make([]byte, 8)
	}
	f := r.b[:n:n]
	r.b = r.b[n:]
	return f
}

func (r *reader) int16() int16 { return int16(binary.BigEndian.Uint16(r.take(2))) }
func (r *reader) int32() int32 { return int32(binary.BigEndian.Uint32(r.take(4))) }
func (r *reader) int64() int64 { return int64(binary.BigEndian.Uint64(r.take(8))) }

// bytes reads a length and so many bytes; a negative length is no bytes.
func (r *reader) bytes() []byte {
	n := int(r.int32())
	if r.err != nil || n <= 0 {
		return nil
	}
	if f := r.take(n); r.err == nil {
		return f
	}
	return nil
}

// partition reads up to the error code of the one partition asked for.
func (r *reader) partition(c *Conn) int16 {
	r.target(c)
	return r.int16()
}

// target reads which partition an answer is for.
func (r *reader) target(c *Conn) {
	topics := r.int32()
	name := r.take(int(r.int16()))
	partitions, id := r.int32(), r.int32()
	if r.err == nil && (topics != 1 || partitions != 1 || string(name) != c.topic || id != c.partition) {
		r.err = errors.New("answer for another partition")
	}
}

func (r *reader) result(what string, code int16) error {
	switch {
	case r.err != nil:
		return fmt.Errorf("wire: %s: %w", what, r.err)
	case code != 0:
		return fmt.Errorf("wire: %s: %w", what, kafka.Error(code))
	}
	return nil
}
