package eventlog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/internal/eventlog/wire"
)

// idleWait is how long a broker holds a request of a reader that has nothing to
// hand over. It bounds nothing but the number of requests.
const idleWait = 2 * time.Second

// commits is what a reader needs of a generation of the group.
type commits interface {
	CommitOffsets(map[string]map[int]int64) error
}

// reader reads one partition for one generation of the group.
type reader struct {
	c         *Consumer
	gen       commits
	topic     string
	partition int32
	log       *zap.Logger

	conn    *wire.Conn
	decoder wire.Decoder
	buffers buffers
	fetched []byte // Batches that were fetched and not decoded yet.
	answer  []byte // All batches of the same answer.
	source  []byte // The buffer that they are in.

	next  int64 // Offset to read next; below zero before it is known.
	end   int64 // What Latest said when next was found to be out of range.
	batch Batch
	bytes int // Of keys and values in the batch.
	since time.Time
}

func newReader(c *Consumer, gen commits, topic string, partition int32, offset int64) *reader {
	r := &reader{
		c: c, gen: gen, topic: topic, partition: partition, next: offset, end: -1,
		log: c.log.With(zap.String("topic", topic), zap.Int32("partition", partition)),
	}
	r.decoder.Alloc = r.buffers.cut
	return r
}

// run reads, hands over and commits until the generation ends. Returning before
// that ends the generation for all partitions, which is what must happen when
// the group refuses a commit: its coordinator knows better who owns what.
func (r *reader) run(ctx context.Context) {
	defer r.disconnect()
	pause := backoff{first: r.c.cfg.RetryBackoff}
	for ctx.Err() == nil {
		step, err := r.turn(ctx)
		if err == nil {
			pause.reset()
			continue
		}
		if ctx.Err() != nil {
			return
		}
		r.c.retried(step)
		if pause.n == 0 || pause.n%64 == 0 {
			r.log.Warn("reading is delayed", zap.String("step", step), zap.Int64("offset", r.next), zap.Error(oneLine(err)))
		}
		if pause.wait(ctx) != nil || step == "commit" {
			return
		}
	}
}

// turn forms one batch, has it made durable and commits it. It names the step
// that failed.
func (r *reader) turn(ctx context.Context) (step string, err error) {
	r.begin()
	if step, err := r.form(ctx); err != nil {
		r.rewind()
		r.disconnect()
		return step, err
	}
	b := &r.batch
	if err := r.c.handle(ctx, b); err != nil {
		r.rewind()
		return "handle", err
	}
	if err := r.commit(b.Next); err != nil {
		return "commit", err
	}
	r.c.metrics.records.WithLabelValues(r.c.cfg.Group, r.topic).Add(float64(len(b.Records)))
	r.c.metrics.batches.WithLabelValues(r.c.cfg.Group, r.topic).Inc()
	r.c.metrics.position.WithLabelValues(r.c.cfg.Group, r.topic, strconv.Itoa(int(r.partition))).Set(float64(b.Next))
	b.Gap = nil
	return "", nil
}

// begin starts an empty batch at the position. A gap that is not handed over yet
// stays.
func (r *reader) begin() {
	clear(r.batch.Records) // Else they keep buffers alive.
	r.batch = Batch{Topic: r.topic, Partition: r.partition, First: r.next, Next: r.next, Records: r.batch.Records[:0], Gap: r.batch.Gap}
	r.bytes = 0
	r.since = time.Time{}
	if len(r.fetched) == 0 {
		r.source = nil
	}
	r.buffers.release(r.source)
	if r.batch.Gap != nil {
		r.since = time.Now()
	}
}

// rewind makes the reader read the batch at hand again. What was fetched beyond
// it is dropped with it.
func (r *reader) rewind() {
	r.next = r.batch.First
	r.fetched = nil
}

// form reads until the batch is full or has waited long enough.
func (r *reader) form(ctx context.Context) (step string, err error) {
	for ctx.Err() == nil {
		full, err := r.decode()
		if err != nil {
			return "decode", err
		}
		left := idleWait
		if !r.since.IsZero() {
			left = r.c.cfg.MaxWait - time.Since(r.since)
		}
		if full || left <= 0 {
			return "", nil
		}
		if err := r.fetch(ctx, left); err != nil {
			return "fetch", err
		}
	}
	return "fetch", context.Cause(ctx)
}

// decode moves what was fetched into the batch and reports whether it is full.
// A run of offsets that is missing between two batches of the log ends the batch
// before it, as a batch has room for one gap, ahead of its records.
func (r *reader) decode() (full bool, err error) {
	for len(r.fetched) > 0 {
		h, complete, err := wire.ParseHeader(r.fetched)
		if err != nil {
			return false, err
		}
		if !complete {
			if len(r.fetched) == len(r.answer) {
				return false, fmt.Errorf("%w: the broker sent the first %d bytes of a batch", wire.ErrCorrupt, len(r.fetched))
			}
			break
		}
		if h.Base > r.next {
			if r.batch.Next > r.batch.First || r.batch.Gap != nil {
				return true, nil
			}
			r.declare(r.next, h.Base)
			r.batch.First, r.batch.Next = h.Base, h.Base
			r.next = h.Base
		}
		more := false
		if h.Next > r.next {
			if more, err = r.take(h); err != nil {
				return false, err
			}
		}
		if !more {
			r.fetched = r.fetched[h.Size:]
		}
		if r.full() {
			return true, nil
		}
	}
	r.fetched = nil
	return r.full(), nil
}

// take decodes the batch at hand, as far as there is room, and reports whether
// records were left over; they are decoded again for the next batch.
func (r *reader) take(h wire.Header) (more bool, err error) {
	room := r.c.cfg.MaxBatchRecords - len(r.batch.Records)
	from := len(r.batch.Records)
	records, more, err := r.decoder.Append(r.batch.Records, r.fetched, h, r.next, room)
	if err != nil {
		return false, err
	}
	for i := from; i < len(records); i++ {
		r.bytes += len(records[i].Key) + len(records[i].Value)
		if r.bytes >= r.c.cfg.MaxBatchBytes && i+1 < len(records) {
			clear(records[i+1:])
			records, more = records[:i+1], true
		}
	}
	r.next = h.Next
	if more {
		r.next = records[len(records)-1].Offset + 1
	}
	r.batch.Records, r.batch.Next = records, r.next
	if r.since.IsZero() {
		r.since = time.Now()
	}
	return more, nil
}

func (r *reader) full() bool {
	return len(r.batch.Records) >= r.c.cfg.MaxBatchRecords || r.bytes >= r.c.cfg.MaxBatchBytes
}

// fetch asks the leader for more, for up to wait.
func (r *reader) fetch(ctx context.Context, wait time.Duration) error {
	if err := r.connect(ctx); err != nil {
		return err
	}
	// A batch that is being filled is not worth a request for each record.
	minBytes := 1
	if !r.since.IsZero() {
		minBytes = r.c.cfg.FetchBytes / 2
	}
	r.source = nil
	_, fetched, err := r.conn.Fetch(r.next, max(wait, time.Millisecond), minBytes, r.c.cfg.FetchBytes, func(n int) []byte {
		r.source = r.buffers.get(n)
		return r.source
	})
	if errors.Is(err, kafka.OffsetOutOfRange) {
		return r.relocate()
	}
	if err != nil {
		return err
	}
	r.end = -1
	if len(fetched) == 0 {
		r.buffers.recycle(r.source)
		r.source = nil
	}
	r.fetched, r.answer = fetched, fetched
	return nil
}

// commit commits a position through the generation under which the batch was
// read. What may pass is tried again, as ending the generation costs seconds.
func (r *reader) commit(next int64) error {
	offsets := map[string]map[int]int64{r.topic: {int(r.partition): next}}
	var err error
	for range 3 {
		if err = r.gen.CommitOffsets(offsets); err == nil {
			return nil
		}
		var code kafka.Error
		if !errors.As(err, &code) || code != kafka.RequestTimedOut {
			break
		}
	}
	return fmt.Errorf("commit offset %d: %w", next, err)
}

func (r *reader) disconnect() {
	if r.conn != nil {
		_ = r.conn.Close()
		r.conn = nil
	}
	r.fetched = nil
}
