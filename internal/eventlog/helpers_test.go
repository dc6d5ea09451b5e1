package eventlog

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"
)

func testLog(tb testing.TB) *zap.Logger {
	tb.Helper()
	if !testing.Verbose() {
		return zap.NewNop()
	}
	return zaptest.NewLogger(tb)
}

// setting is a number from the environment.
func setting(tb testing.TB, name string, otherwise uint64) uint64 {
	tb.Helper()
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return n
}

// patience is how long a test waits for what should come soon. EVENTLOG_PATIENCE
// sets it, in seconds.
func patience(tb testing.TB) time.Duration {
	tb.Helper()
	return time.Duration(setting(tb, "EVENTLOG_PATIENCE", 120)) * time.Second
}

func newTestProducer(tb testing.TB, brokers []string, change ...func(*ProducerConfig)) *Producer {
	tb.Helper()
	cfg := DefaultProducerConfig()
	cfg.Brokers = brokers
	for _, f := range change {
		f(&cfg)
	}
	p, err := NewProducer(cfg, zap.NewNop(), prometheus.NewRegistry())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := p.Close(); err != nil {
			tb.Error(err)
		}
	})
	return p
}

// ledger is the oracle: it knows each record that a handler made durable, by
// offset, and notices what is lost, doubled or out of order.
type ledger struct {
	mu       sync.Mutex
	records  map[int32]map[int64]string
	next     map[int32]int64
	gaps     []Gap
	repeated int // Records handed over again.
	problems []string
	changed  chan struct{}
}

func newLedger() *ledger {
	return &ledger{records: make(map[int32]map[int64]string), next: make(map[int32]int64), changed: make(chan struct{}, 1)}
}

// take is a Handler.
func (l *ledger) take(_ context.Context, b *Batch) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.records[b.Partition] == nil {
		l.records[b.Partition] = make(map[int64]string)
	}
	if b.Gap != nil {
		l.gaps = append(l.gaps, *b.Gap)
	}
	at := b.First
	for i := range b.Records {
		r := &b.Records[i]
		if r.Offset < at || r.Offset >= b.Next {
			l.problems = append(l.problems, fmt.Sprintf("partition %d: offset %d in batch %d to %d after %d", b.Partition, r.Offset, b.First, b.Next, at))
		}
		at = r.Offset + 1
		value := string(r.Value)
		if old, ok := l.records[b.Partition][r.Offset]; ok {
			l.repeated++
			if old != value {
				l.problems = append(l.problems, fmt.Sprintf("partition %d: offset %d was %q and is %q", b.Partition, r.Offset, old, value))
			}
		}
		l.records[b.Partition][r.Offset] = value
	}
	if want, ok := l.next[b.Partition]; ok && b.First > want && (b.Gap == nil || b.Gap.From > want) {
		l.problems = append(l.problems, fmt.Sprintf("partition %d: batch begins at %d after %d without a gap", b.Partition, b.First, want))
	}
	l.next[b.Partition] = max(l.next[b.Partition], b.Next)
	select {
	case l.changed <- struct{}{}:
	default:
	}
	return nil
}

// counts is how often each value is in the log.
func (l *ledger) counts() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make(map[string]int)
	for _, p := range l.records {
		for _, v := range p {
			out[v]++
		}
	}
	return out
}

func (l *ledger) check(tb testing.TB) {
	tb.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.problems {
		tb.Error(p)
	}
}

// wait waits until so many different values were seen.
func (l *ledger) wait(tb testing.TB, want int) {
	tb.Helper()
	l.waitFor(tb, fmt.Sprintf("%d values", want), func() bool { return len(l.counts()) >= want })
}

func (l *ledger) waitFor(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	deadline := time.After(patience(tb))
	for !ok() {
		select {
		case <-l.changed:
		case <-deadline:
			tb.Fatalf("no %s in time; there are %d", what, len(l.counts()))
		}
	}
}

// once checks that the log holds exactly the values, each once.
func (l *ledger) once(tb testing.TB, want []string) {
	tb.Helper()
	got := l.counts()
	lost, doubled := 0, 0
	for _, v := range want {
		switch n := got[v]; {
		case n == 0:
			lost++
		case n > 1:
			doubled += n - 1
		}
		delete(got, v)
	}
	if lost > 0 || doubled > 0 || len(got) > 0 {
		tb.Errorf("of %d values %d are lost, %d doubled, and %d were never appended", len(want), lost, doubled, len(got))
	}
}

// consume runs a consumer and returns how to stop it.
func consume(tb testing.TB, brokers []string, group, topic string, h Handler, change ...func(*ConsumerConfig)) (stop func()) {
	tb.Helper()
	cfg := DefaultConsumerConfig()
	cfg.Brokers, cfg.Group, cfg.Topics = brokers, group, []string{topic}
	cfg.MaxWait = 20 * time.Millisecond
	cfg.SessionTimeout, cfg.RebalanceTimeout = 6*time.Second, 3*time.Second
	cfg.PartitionCheck = time.Second
	for _, f := range change {
		f(&cfg)
	}
	c, err := NewConsumer(cfg, h, testLog(tb), prometheus.NewRegistry())
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				tb.Errorf("consumer: %v", err)
			}
		})
	}
	tb.Cleanup(stop)
	return stop
}

// values are n different values that begin with a name.
func values(name string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s-%06d", name, i)
	}
	return out
}

func messages(vals []string) []Message {
	out := make([]Message, len(vals))
	for i, v := range vals {
		out[i] = Message{Key: []byte(v), Value: []byte(v)}
	}
	return out
}

func mustAppend(tb testing.TB, p *Producer, topic string, vals []string) []Span {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience(tb))
	defer cancel()
	spans, err := p.Append(ctx, topic, messages(vals))
	if err != nil {
		tb.Fatal(err)
	}
	n := int64(0)
	for _, s := range spans {
		n += s.Next - s.First
	}
	if n != int64(len(vals)) {
		tb.Fatalf("spans hold %d offsets for %d messages", n, len(vals))
	}
	return spans
}

// metric is the value of a counter or gauge.
func metric(m prometheus.Metric) float64 {
	var out dto.Metric
	if err := m.Write(&out); err != nil {
		return -1
	}
	return out.GetCounter().GetValue() + out.GetGauge().GetValue()
}
