package eventlog

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/internal/eventlog/wire"
)

// job is the part of one append that goes to one partition. All but messages
// belongs to the sender's lock until done is closed, and to the appender after.
type job struct {
	messages []*Message
	taken    int // How many messages are in batches already.
	acked    int
	spans    []Span
	err      error
	closed   bool
	done     chan struct{}
}

func (j *job) close(err error) {
	if j.closed {
		return
	}
	j.err = err
	j.closed = true
	close(j.done)
}

// flight is the one batch of a partition that is on its way.
type flight struct {
	ctx    context.Context // Ends when nobody waits for the batch any more.
	cancel context.CancelFunc
	parts  []part
	count  int
	bytes  []byte
}

// part is what a job put into a batch.
type part struct {
	job *job
	n   int
}

// sender appends to one partition. It has a goroutine only while it has work.
type sender struct {
	p         *Producer
	topic     string
	partition int32
	log       *zap.Logger

	// Only the goroutine uses these.
	encoder *wire.Encoder
	session session

	mu      sync.Mutex
	queue   []*job
	running bool
	flight  *flight
	fault   error // What went wrong last with the batch under way.
}

func newSender(p *Producer, topic string, partition int32) (*sender, error) {
	encoder, err := wire.NewEncoder(codecOf(p.cfg.Compression))
	if err != nil {
		return nil, err
	}
	return &sender{
		p: p, topic: topic, partition: partition, encoder: encoder,
		log:     p.log.With(zap.String("topic", topic), zap.Int32("partition", partition)),
		session: session{id: -1, invalid: true},
	}, nil
}

func codecOf(c Compression) wire.Codec {
	switch c {
	case CompressionSnappy:
		return wire.Snappy
	case CompressionLZ4:
		return wire.LZ4
	case CompressionZstd:
		return wire.Zstd
	default:
		return wire.None
	}
}

// enqueue takes a job and reports whether drain must be started.
func (s *sender) enqueue(j *job) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, j)
	if s.running {
		return false
	}
	s.running = true
	return true
}

// withdraw ends a job whose appender waits no longer. The messages that are in
// a batch already may still reach the log.
func (s *sender) withdraw(j *job, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if j.closed {
		return
	}
	j.close(explain(cause, s.fault))
	s.forget(j)
	if s.flight == nil {
		return
	}
	for _, p := range s.flight.parts {
		if !p.job.closed {
			return
		}
	}
	s.flight.cancel()
}

// forget takes a job out of the queue. The caller holds the lock.
func (s *sender) forget(j *job) {
	for i, q := range s.queue {
		if q == j {
			s.queue = append(s.queue[:i], s.queue[i+1:]...)
			return
		}
	}
}

// drain sends what is queued, one batch at a time, until nothing is left.
func (s *sender) drain() {
	for f := s.take(); f != nil; f = s.take() {
		base, err := s.send(f)
		s.settle(f, base, err)
	}
}

// take forms the next batch, from as many jobs as fit. It encodes under the
// lock, so that messages are not read after their job was withdrawn.
func (s *sender) take() *flight {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = nil
	if len(s.queue) == 0 {
		s.running = false
		return nil
	}
	f := &flight{}
	f.ctx, f.cancel = context.WithCancel(s.p.ctx)
	s.encoder.Reset()
	for len(s.queue) > 0 {
		j := s.queue[0]
		n := s.fill(j)
		if n > 0 {
			f.parts = append(f.parts, part{job: j, n: n})
		}
		if j.taken < len(j.messages) {
			break
		}
		s.queue[0] = nil // Else the messages live as long as the queue.
		s.queue = s.queue[1:]
	}
	f.count = s.encoder.Count()
	s.flight = f
	return f
}

// fill encodes messages of a job until the batch is full and returns how many.
func (s *sender) fill(j *job) int {
	from := j.taken
	for _, m := range j.messages[from:] {
		if s.encoder.Count() > 0 && s.encoder.Size()+wire.RecordSize(m.Key, m.Value) > s.p.cfg.MaxBatchBytes {
			break
		}
		s.encoder.Add(m.Key, m.Value)
		j.taken++
	}
	return j.taken - from
}

// settle reports the outcome of a batch to those who wait for it.
func (s *sender) settle(f *flight, base int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flight = nil
	f.cancel()
	for _, part := range f.parts {
		j, first := part.job, base
		base += int64(part.n)
		if j.closed {
			continue
		}
		if err != nil {
			j.close(err)
			s.forget(j)
			continue
		}
		j.acked += part.n
		j.spans = appendSpan(j.spans, Span{Topic: s.topic, Partition: s.partition, First: first, Next: base})
		if j.acked == len(j.messages) {
			j.close(nil)
		}
	}
}

func appendSpan(spans []Span, s Span) []Span {
	if n := len(spans); n > 0 && spans[n-1].Next == s.First {
		spans[n-1].Next = s.Next
		return spans
	}
	return append(spans, s)
}

// send sends a batch until a broker says that it is stored, and returns the
// offset of its first record.
func (s *sender) send(f *flight) (int64, error) {
	var err error
	if f.bytes, err = s.encoder.Finish(time.Now().UnixMilli()); err != nil {
		return 0, err
	}
	pause := backoff{first: s.p.cfg.RetryBackoff}
	begun := time.Now()
	for {
		base, flt := s.attempt(f)
		if flt == nil {
			s.session.next += int32(f.count)
			s.p.metrics.records.WithLabelValues(s.topic).Add(float64(f.count))
			s.p.metrics.bytes.WithLabelValues(s.topic).Add(float64(len(f.bytes)))
			s.p.metrics.batches.WithLabelValues(s.topic).Inc()
			return base, nil
		}
		if flt.action == giveUp || flt.action == retryForAWhile && time.Since(begun) > s.p.cfg.GiveUpAfter {
			return 0, s.abandon(flt.reason, flt.err)
		}
		s.session.invalid = s.session.invalid || flt.action == renew
		s.note(flt)
		if err := pause.wait(f.ctx); err != nil {
			return 0, s.abandon("cancelled", explain(s.cause(), flt.err))
		}
	}
}

// abandon gives a batch up. Its outcome is unknown, so its sequence numbers must
// not carry other records.
func (s *sender) abandon(reason string, err error) error {
	s.session.invalid = true
	s.p.metrics.failures.WithLabelValues(reason).Inc()
	return err
}

func (s *sender) cause() error {
	if s.p.ctx.Err() != nil {
		return ErrClosed
	}
	return context.Canceled
}

func (s *sender) note(flt *fault) {
	s.mu.Lock()
	first := s.fault == nil
	s.fault = flt.err
	s.mu.Unlock()
	s.p.metrics.retries.WithLabelValues(flt.reason).Inc()
	if first {
		s.log.Warn("append delayed", zap.String("reason", flt.reason), zap.Error(flt.err))
	}
}
