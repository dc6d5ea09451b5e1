package processors

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/internal/eventlog"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

// Tagger derives what the store holds from the bytes of a record. It is for one
// goroutine; the event is valid until its next call.
type Tagger interface {
	Tag(value []byte, partition uint32, offset uint64, ev *tag.Event) error
}

// Emit hands events to the log. A nil error means that the log holds all of
// them, durably.
type Emit func(ctx context.Context, batch []*schema.Event) error

// Config says which log the pipeline reads.
type Config struct {
	LogID string // Identity of the log: two logs never share it, though they share an address.
}

// Validate says what is wrong with the configuration.
func (c Config) Validate() error {
	if c.LogID == "" {
		return errors.New("processors: the log needs an identity")
	}
	return nil
}

// Pipeline tags and stores batches of the log. Batches of different partitions
// may be handled at the same time.
type Pipeline struct {
	cfg       Config
	store     *store.Store
	newTagger func() Tagger
	emit      Emit
	log       *zap.Logger
	metrics   *metrics

	mu      sync.Mutex
	workers map[store.Partition]*worker
}

// worker is the memory of one partition.
type worker struct {
	mu      sync.Mutex // Held for a batch: two generations of a group may overlap.
	tagger  Tagger
	writer  *store.Writer
	event   tag.Event
	rejects []*schema.Event
	lastMS  int64 // When the log took the last record that was stored.

	failing time.Time // Under the pipeline's lock: since when batches fail,
	failure error     // and why the last one did.
}

// patience is how long a batch may fail before that is worth telling.
const patience = 15 * time.Second

// New prepares a pipeline. It does no I/O. newTagger is called once for each
// partition that is handled.
func New(cfg Config, s *store.Store, newTagger func() Tagger, emit Emit, log *zap.Logger, reg prometheus.Registerer) (*Pipeline, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Pipeline{
		cfg: cfg, store: s, newTagger: newTagger, emit: emit, log: log.Named("processors"), metrics: newMetrics(reg),
		workers: map[store.Partition]*worker{},
	}, nil
}

// Handle makes a batch durable; it is an eventlog.Handler.
func (p *Pipeline) Handle(ctx context.Context, b *eventlog.Batch) error {
	at := store.Partition{Log: p.cfg.LogID, Topic: b.Topic, Partition: uint32(b.Partition)}
	w := p.worker(at)
	w.mu.Lock()
	defer w.mu.Unlock()
	err := p.handle(ctx, at, w, b)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err == nil || ctx.Err() != nil:
		w.failing, w.failure = time.Time{}, nil
	case w.failure == nil:
		w.failing, w.failure = time.Now(), err
	default:
		w.failure = err
	}
	return err
}

// Failing is why a partition has not come on for some time, nil where all do or
// have nothing to do.
func (p *Pipeline) Failing() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for at, w := range p.workers {
		if w.failure != nil && time.Since(w.failing) > patience {
			return fmt.Errorf("%s/%d is not stored since %s: %w", at.Topic, at.Partition, w.failing.UTC().Format(time.TimeOnly), w.failure)
		}
	}
	return nil
}

func (p *Pipeline) handle(ctx context.Context, at store.Partition, w *worker, b *eventlog.Batch) error {
	start := time.Now()
	w.writer.Begin(store.Batch{Partition: at, First: uint64(b.First), Next: uint64(b.Next)})
	w.rejects = w.rejects[:0]
	if err := p.gap(w, at, b); err != nil {
		return err
	}
	size, err := p.tag(w, b)
	if err != nil {
		return err
	}
	if len(w.rejects) > 0 {
		if err := p.emit(ctx, w.rejects); err != nil {
			return fmt.Errorf("processors: hand over rejects of %s/%d: %w", b.Topic, b.Partition, err)
		}
	}
	tagged := time.Now()
	if err := w.writer.Commit(ctx); err != nil {
		return fmt.Errorf("processors: store %s/%d [%d, %d): %w", b.Topic, b.Partition, b.First, b.Next, err)
	}
	p.done(w, b, size, tagged.Sub(start))
	return nil
}

func (p *Pipeline) worker(at store.Partition) *worker {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.workers[at]
	if w == nil {
		w = &worker{tagger: p.newTagger(), writer: p.store.NewWriter()}
		p.workers[at] = w
	}
	return w
}

// tag adds the events of the batch to the writer and returns the bytes read.
func (p *Pipeline) tag(w *worker, b *eventlog.Batch) (int, error) {
	size := 0
	for i := range b.Records {
		record := &b.Records[i]
		size += len(record.Value)
		if err := w.tagger.Tag(record.Value, uint32(b.Partition), uint64(record.Offset), &w.event); err != nil {
			reject, ok := p.reject(b, record, err)
			if !ok {
				return 0, fmt.Errorf("processors: tag %s/%d at %d: %w", b.Topic, b.Partition, record.Offset, err)
			}
			w.rejects = append(w.rejects, reject)
			continue
		}
		if err := w.writer.Add(&w.event, record.AppendedMS); err != nil {
			return 0, err
		}
	}
	return size, nil
}

func (p *Pipeline) done(w *worker, b *eventlog.Batch, size int, tagging time.Duration) {
	p.metrics.batches.WithLabelValues(b.Topic).Inc()
	p.metrics.records.WithLabelValues(b.Topic).Add(float64(len(b.Records)))
	p.metrics.bytes.WithLabelValues(b.Topic).Add(float64(size))
	p.metrics.tagSeconds.Add(tagging.Seconds())
	if n := len(b.Records); n > 0 {
		w.lastMS = b.Records[n-1].AppendedMS
		p.metrics.lag.WithLabelValues(b.Topic, strconv.Itoa(int(b.Partition))).Set(time.Since(time.UnixMilli(w.lastMS)).Seconds())
	}
}
