package eventlog

import (
	"bufio"
	"compress/gzip"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/internal/eventlog/wire"
	"github.com/election-observatory/observatory/schema"
)

// benchBatch is how many messages one append of the benchmarks has.
const benchBatch = 2000

// posts are messages like those of the log: real posts if the test data is
// there, cut to the size that a post has as an event, made-up ones otherwise.
func posts(tb testing.TB, n int) []Message {
	tb.Helper()
	texts := realPosts(tb)
	rng := rand.New(rand.NewPCG(1, 1))
	out := make([]Message, n)
	for i := range out {
		var value []byte
		if len(texts) > 0 {
			value = texts[i%len(texts)]
		} else {
			for len(value) < 600 {
				value = fmt.Appendf(value, "word%d ", rng.IntN(20_000))
			}
		}
		out[i] = Message{Key: fmt.Appendf(nil, "x/%d", rng.IntN(10_000)), Value: value}
	}
	return out
}

func realPosts(tb testing.TB) [][]byte {
	tb.Helper()
	root := os.Getenv("OBSERVATORY_TESTDATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	f, err := os.Open(filepath.Join(root, "campaign", "ira_german_2017.csv.gz"))
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	var out [][]byte
	lines := bufio.NewScanner(z)
	for lines.Scan() && len(out) < 20_000 {
		out = append(out, append([]byte(nil), lines.Bytes()...))
	}
	return out
}

// cpu is the processor time of this process, without the broker's.
func cpu(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// perRecord reports cost per record instead of per call.
func perRecord(b *testing.B, records int, run func()) {
	b.Helper()
	b.ReportAllocs()
	before := cpu(b)
	b.ResetTimer()
	run()
	b.StopTimer()
	n := float64(records)
	b.ReportMetric(float64((cpu(b)-before).Nanoseconds())/n, "cpu-ns/record")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/record")
}

func benchTopic(b *testing.B, brokers []string) string {
	b.Helper()
	topic := fmt.Sprintf("bench%d.v1", time.Now().UnixNano())
	spec := schema.Topic{Name: topic, Partitions: 4, Retention: time.Hour, RetentionBytes: -1}
	if err := EnsureTopics(b.Context(), brokers, []schema.Topic{spec}, 1); err != nil {
		b.Fatal(err)
	}
	return topic
}

// BenchmarkAppend compares with the writer of the client library, which is not
// idempotent, at the same batch size and compression. One operation appends
// 2,000 posts to the embedded broker.
func BenchmarkAppend(b *testing.B) {
	e := newEmbedded(b)
	batch := posts(b, 20*benchBatch)
	for _, c := range []Compression{CompressionNone, CompressionSnappy, CompressionLZ4, CompressionZstd} {
		b.Run(string(c)+"/eventlog", func(b *testing.B) {
			p := newTestProducer(b, e.brokers(), func(cfg *ProducerConfig) { cfg.Compression = c })
			topic := benchTopic(b, e.brokers())
			perRecord(b, b.N*benchBatch, func() {
				for i := range b.N {
					at := i % 20 * benchBatch
					if _, err := p.Append(b.Context(), topic, batch[at:at+benchBatch]); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
		b.Run(string(c)+"/kafka-go-Writer", func(b *testing.B) {
			w := &kafka.Writer{
				Addr: kafka.TCP(e.brokers()...), Topic: benchTopic(b, e.brokers()), RequiredAcks: kafka.RequireAll,
				Balancer: kafka.Murmur2Balancer{}, BatchBytes: 900 << 10, BatchSize: benchBatch / 4, BatchTimeout: time.Millisecond,
				Compression: kafka.Compression(codecOf(c)),
				Transport:   &kafka.Transport{}, // The default one does not know the topic yet.
			}
			defer func() { _ = w.Close() }()
			msgs := make([]kafka.Message, len(batch))
			for i := range batch {
				msgs[i] = kafka.Message{Key: batch[i].Key, Value: batch[i].Value}
			}
			perRecord(b, b.N*benchBatch, func() {
				for i := range b.N {
					at := i % 20 * benchBatch
					if err := w.WriteMessages(b.Context(), msgs[at:at+benchBatch]...); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// BenchmarkConsume reads a topic to its end, with offsets committed. One
// operation reads 200,000 posts.
func BenchmarkConsume(b *testing.B) {
	e := newEmbedded(b)
	const n = 200_000
	batch := posts(b, 20_000)
	for _, c := range []Compression{CompressionNone, CompressionSnappy, CompressionLZ4, CompressionZstd} {
		topic := benchTopic(b, e.brokers())
		p := newTestProducer(b, e.brokers(), func(cfg *ProducerConfig) { cfg.Compression = c })
		for range n / len(batch) {
			if _, err := p.Append(b.Context(), topic, batch); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(string(c)+"/eventlog", func(b *testing.B) {
			perRecord(b, b.N*n, func() {
				for i := range b.N {
					consumeAll(b, e.brokers(), fmt.Sprintf("%s-%d-%d", topic, b.N, i), topic, n)
				}
			})
		})
		b.Run(string(c)+"/kafka-go-Reader", func(b *testing.B) {
			perRecord(b, b.N*n, func() {
				for i := range b.N {
					readAll(b, e.brokers(), fmt.Sprintf("r%s-%d-%d", topic, b.N, i), topic, n)
				}
			})
		})
	}
}

func consumeAll(b *testing.B, brokers []string, group, topic string, n int64) {
	b.Helper()
	var seen atomic.Int64
	done := make(chan struct{})
	cfg := DefaultConsumerConfig()
	cfg.Brokers, cfg.Group, cfg.Topics = brokers, group, []string{topic}
	c, err := NewConsumer(cfg, func(_ context.Context, batch *Batch) error {
		k := int64(len(batch.Records))
		if total := seen.Add(k); total >= n && total-k < n {
			close(done)
		}
		return nil
	}, zap.NewNop(), prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = c.Run(ctx)
	}()
	<-done
	cancel()
	<-stopped
}

func readAll(b *testing.B, brokers []string, group, topic string, n int) {
	b.Helper()
	r := kafka.NewReader(kafka.ReaderConfig{
		Brokers: brokers, GroupID: group, Topic: topic, MaxBytes: 4 << 20, CommitInterval: time.Second, StartOffset: kafka.FirstOffset,
	})
	defer func() { _ = r.Close() }()
	for range n {
		if _, err := r.ReadMessage(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEncode is the cost of a batch before it is sent: one operation
// encodes 2,000 posts.
func BenchmarkEncode(b *testing.B) {
	batch := posts(b, benchBatch)
	for _, c := range []Compression{CompressionNone, CompressionSnappy, CompressionLZ4, CompressionZstd} {
		b.Run(string(c), func(b *testing.B) {
			e, err := wire.NewEncoder(codecOf(c))
			if err != nil {
				b.Fatal(err)
			}
			plain, packed := 0, 0
			perRecord(b, b.N*benchBatch, func() {
				for range b.N {
					e.Reset()
					for i := range batch {
						e.Add(batch[i].Key, batch[i].Value)
					}
					out, err := e.Finish(0)
					if err != nil {
						b.Fatal(err)
					}
					wire.Stamp(out, 1, 0, 0)
					plain, packed = e.Size(), len(out)
				}
			})
			b.ReportMetric(float64(plain)/float64(packed), "ratio")
			b.ReportMetric(float64(plain)/benchBatch, "B/record")
		})
	}
}
