package eventlog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
	"golang.org/x/sync/semaphore"

	"github.com/election-observatory/observatory/internal/eventlog/wire"
)

// ErrTooLarge is in the error of an append with a message that does not fit in
// a batch. Nothing of the append is in the log; a caller drops that message and
// counts it.
var ErrTooLarge = errors.New("message too large")

// ErrClosed is in the error of an append to a closed producer.
var ErrClosed = errors.New("producer is closed")

// clientID is the name under which brokers see this program.
const clientID = "observatory"

// metadataTTL is how soon a new leader of a partition is found.
const metadataTTL = time.Second

// Producer appends to the log. It holds a session per partition, in which every
// batch has a sequence number: a batch whose answer was lost is sent again under
// the same number, and the broker stores it once.
type Producer struct {
	cfg     ProducerConfig
	log     *zap.Logger
	metrics *producerMetrics

	transport *kafka.Transport
	client    *kafka.Client
	room      *semaphore.Weighted // Bytes that may still be buffered.

	ctx    context.Context // Ends with Close.
	cancel context.CancelFunc

	mu      sync.Mutex
	topics  map[string]*topicSenders
	closed  bool
	senders sync.WaitGroup
}

// topicSenders are the partitions of a topic, as last seen.
type topicSenders struct {
	partitions []*sender
	seen       time.Time
}

// partitionsTTL is how long the number of a topic's partitions is believed.
const partitionsTTL = 30 * time.Second

// NewProducer returns a producer. It does no I/O before the first Append.
func NewProducer(cfg ProducerConfig, log *zap.Logger, reg prometheus.Registerer) (*Producer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("eventlog: producer: %w", err)
	}
	metrics, err := newProducerMetrics(reg)
	if err != nil {
		return nil, fmt.Errorf("eventlog: producer metrics: %w", err)
	}
	client, transport := newClient(cfg.Brokers, cfg.RequestTimeout)
	ctx, cancel := context.WithCancel(context.Background())
	return &Producer{
		cfg:       cfg,
		log:       log.Named("producer"),
		metrics:   metrics,
		transport: transport,
		client:    client,
		room:      semaphore.NewWeighted(int64(cfg.MaxBufferedBytes)),
		ctx:       ctx,
		cancel:    cancel,
		topics:    make(map[string]*topicSenders),
	}, nil
}

// Append returns when all in-sync replicas hold every message of the batch, each
// exactly once per producer session and in order per partition. The spans say
// where. It blocks while too much is buffered and retries what may pass until
// ctx ends. After an error the log may hold any part of the batch; appending it
// again duplicates that part, under the same keys.
//
// Append is safe for concurrent use, and small batches that wait at the same
// time are sent as one. The messages must not change before it returns.
func (p *Producer) Append(ctx context.Context, topic string, batch []Message) ([]Span, error) {
	if len(batch) == 0 {
		return nil, nil
	}
	size, err := p.sizeOf(batch)
	if err != nil {
		return nil, fmt.Errorf("eventlog: append to %s: %w", topic, err)
	}
	if err := p.room.Acquire(ctx, size); err != nil {
		return nil, fmt.Errorf("eventlog: append to %s: wait for buffered messages: %w", topic, err)
	}
	p.metrics.buffered.Add(float64(size))
	defer func() {
		p.metrics.buffered.Sub(float64(size))
		p.room.Release(size)
	}()
	senders, err := p.partitions(ctx, topic)
	if err != nil {
		return nil, fmt.Errorf("eventlog: append to %s: %w", topic, err)
	}
	jobs := split(batch, senders)
	if err := p.enqueue(senders, jobs); err != nil {
		return nil, fmt.Errorf("eventlog: append to %s: %w", topic, err)
	}
	spans, err := await(ctx, senders, jobs)
	if err != nil {
		return spans, fmt.Errorf("eventlog: append to %s: %w", topic, err)
	}
	return spans, nil
}

// Close ends the appends under way with an error and releases the connections.
func (p *Producer) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.cancel()
	p.senders.Wait()
	p.transport.CloseIdleConnections()
	return nil
}

// sizeOf is what the batch takes of the buffer, in bytes. A batch that exceeds
// the buffer by itself takes all of it.
func (p *Producer) sizeOf(batch []Message) (int64, error) {
	size := 0
	for i := range batch {
		n := wire.RecordSize(batch[i].Key, batch[i].Value)
		if n+wire.HeaderSize > p.cfg.MaxBatchBytes {
			return 0, fmt.Errorf("%w: message %d has %d bytes, and a batch may have %d", ErrTooLarge, i, n, p.cfg.MaxBatchBytes)
		}
		size += n
	}
	return int64(min(size, p.cfg.MaxBufferedBytes)), nil
}

// split hands the messages out to the partitions of their keys. A partition
// without any has no job.
func split(batch []Message, senders []*sender) []*job {
	jobs := make([]*job, len(senders))
	counts := make([]int, len(senders))
	where := make([]int32, len(batch))
	for i := range batch {
		where[i] = wire.Partition(batch[i].Key, len(senders))
		counts[where[i]]++
	}
	for i, at := range where {
		if jobs[at] == nil {
			jobs[at] = &job{messages: make([]*Message, 0, counts[at]), done: make(chan struct{})}
		}
		jobs[at].messages = append(jobs[at].messages, &batch[i])
	}
	return jobs
}

func (p *Producer) enqueue(senders []*sender, jobs []*job) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	for i, j := range jobs {
		if j == nil || !senders[i].enqueue(j) {
			continue
		}
		p.senders.Go(senders[i].drain)
	}
	return nil
}

// await waits for all jobs, and withdraws them when ctx ends.
func await(ctx context.Context, senders []*sender, jobs []*job) ([]Span, error) {
	var spans []Span
	var errs []error
	for i, j := range jobs {
		if j == nil {
			continue
		}
		select {
		case <-j.done:
		case <-ctx.Done():
			senders[i].withdraw(j, context.Cause(ctx))
		}
		spans = append(spans, j.spans...)
		if j.err != nil {
			errs = append(errs, fmt.Errorf("partition %d: %w", i, j.err))
		}
	}
	if len(errs) > 0 {
		// One line: the others are of the same kind.
		return spans, errs[0]
	}
	return spans, nil
}

// partitions returns the senders of a topic, one per partition, and waits for a
// while for a topic that does not exist yet.
func (p *Producer) partitions(ctx context.Context, topic string) ([]*sender, error) {
	p.mu.Lock()
	known := p.topics[topic]
	p.mu.Unlock()
	if known != nil && time.Since(known.seen) < partitionsTTL {
		return known.partitions, nil
	}
	n, err := p.countPartitions(ctx, topic)
	if err != nil {
		if known != nil && ctx.Err() == nil {
			return known.partitions, nil
		}
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.topics[topic]
	if t == nil {
		t = &topicSenders{}
		p.topics[topic] = t
	}
	// Appending copies when it grows, so a slice that was handed out stays.
	for i := len(t.partitions); i < n; i++ {
		s, err := newSender(p, topic, int32(i))
		if err != nil {
			return nil, err
		}
		t.partitions = append(t.partitions, s)
	}
	t.seen = time.Now()
	return t.partitions, nil
}

func (p *Producer) countPartitions(ctx context.Context, topic string) (int, error) {
	ctx, stop := mergeCancel(ctx, p.ctx)
	defer stop()
	pause := backoff{first: p.cfg.RetryBackoff}
	begun := time.Now()
	for {
		partitions, err := lookup(ctx, p.client, topic)
		if err == nil {
			return len(partitions), nil
		}
		if errors.Is(err, kafka.UnknownTopicOrPartition) && time.Since(begun) > p.cfg.GiveUpAfter {
			return 0, fmt.Errorf("the brokers know no such topic: create it first (%w)", err)
		}
		p.metrics.retries.WithLabelValues("metadata").Inc()
		if waitErr := pause.wait(ctx); waitErr != nil {
			return 0, explain(waitErr, err)
		}
	}
}

// newClient returns a client with connections of its own.
func newClient(brokers []string, timeout time.Duration) (*kafka.Client, *kafka.Transport) {
	transport := &kafka.Transport{
		Dial:        dialAny(brokers),
		ClientID:    clientID,
		MetadataTTL: metadataTTL,
	}
	return &kafka.Client{Addr: kafka.TCP(brokers[0]), Timeout: timeout, Transport: transport}, transport
}

// dialAny connects to the address asked for. If that is the first of the given
// brokers, which the transport asks for the layout of the cluster, the others do
// as well.
func dialAny(brokers []string) func(context.Context, string, string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: 3 * time.Second}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if err == nil || address != brokers[0] {
			return conn, err
		}
		for _, other := range brokers[1:] {
			if conn, otherErr := dialer.DialContext(ctx, network, other); otherErr == nil {
				return conn, nil
			}
		}
		return nil, err
	}
}
