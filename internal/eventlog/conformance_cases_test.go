//nolint:thelper // These are cases that t.Run runs, not helpers.
package eventlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func (s *suite) produceAndConsume(t *testing.T) {
	for _, c := range []Compression{CompressionNone, CompressionSnappy, CompressionLZ4, CompressionZstd} {
		t.Run(string(c), func(t *testing.T) {
			topic := s.topic(t, 3)
			p := newTestProducer(t, s.brokers(), func(cfg *ProducerConfig) {
				cfg.Compression = c
				cfg.MaxBatchBytes = 32 << 10 // Several batches per partition.
			})
			vals := values("v", 4000)
			spans := mustAppend(t, p, topic, vals)
			l := newLedger()
			stop := consume(t, s.brokers(), "g-"+topic, topic, l.take, func(cfg *ConsumerConfig) { cfg.MaxBatchRecords = 97 })
			l.wait(t, len(vals))
			stop()
			l.check(t)
			l.once(t, vals)
			s.spansAreTrue(t, topic, spans, l)
			committed, err := Committed(t.Context(), s.brokers(), "g-"+topic, topic)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(l.next, committed); diff != "" {
				t.Errorf("committed positions (-made durable +committed):\n%s", diff)
			}
		})
	}
}

// spansAreTrue checks that an append into an empty topic covers all of it.
func (s *suite) spansAreTrue(t *testing.T, topic string, spans []Span, l *ledger) {
	t.Helper()
	ends, err := Ends(t.Context(), s.brokers(), topic)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[int32]int64)
	for _, sp := range spans {
		if sp.Topic != topic || sp.First != 0 {
			t.Errorf("span %+v of an append into an empty topic", sp)
		}
		got[sp.Partition] = sp.Next
	}
	if diff := cmp.Diff(ends, got); diff != "" {
		t.Errorf("spans (-log +spans):\n%s", diff)
	}
	for p, records := range l.records {
		for offset := range records {
			if offset >= got[p] {
				t.Errorf("offset %d of partition %d is in no span", offset, p)
			}
		}
	}
}

func (s *suite) unknownTopic(t *testing.T) {
	p := newTestProducer(t, s.brokers(), func(c *ProducerConfig) { c.GiveUpAfter = 100 * time.Millisecond })
	_, err := p.Append(t.Context(), "nobody-made-this.v1", messages(values("v", 1)))
	if err == nil {
		t.Fatal("appending to an unknown topic succeeded")
	}
	if errors.Is(err, context.Canceled) {
		t.Errorf("unclear error: %v", err)
	}
	t.Log(err)
}

// clientsAgree has each client read what the other wrote, in all codecs.
func (s *suite) clientsAgree(t *testing.T) {
	topic := s.topic(t, 2)
	want := make(map[string]int)
	codecs := []kgo.CompressionCodec{
		kgo.NoCompression(), kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression(),
	}
	for i, codec := range codecs {
		client := s.other(t, kgo.ProducerBatchCompression(codec), kgo.DefaultProduceTopic(topic))
		var records []*kgo.Record
		for _, v := range values(fmt.Sprintf("other%d", i), 500) {
			records = append(records, &kgo.Record{Key: []byte(v), Value: []byte(v), Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("x")}}})
			want[v]++
		}
		if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	ours := values("ours", 500)
	mustAppend(t, newTestProducer(t, s.brokers()), topic, ours)
	for _, v := range ours {
		want[v]++
	}
	l := newLedger()
	stop := consume(t, s.brokers(), "g-"+topic, topic, l.take)
	l.wait(t, len(want))
	stop()
	l.check(t)
	for p, records := range s.read(t, topic) {
		theirs := make(map[int64]string)
		for _, r := range records {
			theirs[r.Offset] = string(r.Value)
			if string(r.Key) != string(r.Value) {
				t.Fatalf("key %q of value %q", r.Key, r.Value)
			}
		}
		if diff := cmp.Diff(theirs, l.records[p]); diff != "" {
			t.Errorf("partition %d (-other client +this one):\n%s", p, diff)
		}
	}
}

// rebalance has a second member join and leave while records flow.
func (s *suite) rebalance(t *testing.T) {
	topic := s.topic(t, 4)
	p := newTestProducer(t, s.brokers())
	quit := make(chan struct{})
	appended := appendUntil(t, p, topic, "v", quit)
	l := newLedger()
	var first, second atomic.Int64
	counted := func(n *atomic.Int64) Handler {
		return func(ctx context.Context, b *Batch) error {
			n.Add(1)
			return l.take(ctx, b)
		}
	}
	stopFirst := consume(t, s.brokers(), "g-"+topic, topic, counted(&first))
	l.waitFor(t, "batch of the first member", func() bool { return first.Load() > 0 })
	stopSecond := consume(t, s.brokers(), "g-"+topic, topic, counted(&second))
	l.waitFor(t, "batch of the second member", func() bool { return second.Load() > 0 })
	stopFirst()
	seen := second.Load()
	l.waitFor(t, "batches after the first member left", func() bool { return second.Load() > seen+8 })
	close(quit)
	vals := <-appended
	l.wait(t, len(vals))
	stopSecond()
	l.check(t)
	l.once(t, vals)
}

func (s *suite) partitionsAdded(t *testing.T) {
	topic := s.topic(t, 1)
	l := newLedger()
	stop := consume(t, s.brokers(), "g-"+topic, topic, l.take)
	p := newTestProducer(t, s.brokers())
	vals := values("before", 50)
	mustAppend(t, p, topic, vals)
	l.wait(t, len(vals))
	req := kmsg.NewCreatePartitionsRequest()
	rt := kmsg.NewCreatePartitionsRequestTopic()
	rt.Topic, rt.Count = topic, 3
	req.Topics, req.TimeoutMillis = append(req.Topics, rt), 10_000
	s.request(t, &req)
	waitPartitions(t, s.brokers(), topic, 3)
	more := values("after", 200)
	mustAppend(t, newTestProducer(t, s.brokers()), topic, more)
	vals = append(vals, more...)
	l.wait(t, len(vals))
	stop()
	l.check(t)
	l.once(t, vals)
	if len(l.records) != 3 {
		t.Errorf("%d partitions were read", len(l.records))
	}
}

func waitPartitions(t *testing.T, brokers []string, topic string, n int) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		ends, err := Ends(t.Context(), brokers, topic)
		if err == nil && len(ends) == n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d partitions, not %d: %v", len(ends), n, err)
		}
	}
}

// archives appends records that claim to be of 2014 between live ones, as a
// foreign producer may: the log's own clock is what counts.
func (s *suite) archives(t *testing.T) {
	topic := s.topic(t, 1)
	before := time.Now().UnixMilli()
	p := newTestProducer(t, s.brokers())
	mustAppend(t, p, topic, values("live1", 100))
	old := s.other(t, kgo.DefaultProduceTopic(topic))
	for i, v := range values("archive", 100) {
		r := &kgo.Record{Value: []byte(v), Timestamp: time.Date(2014, 5, 1, 0, i, 0, 0, time.UTC)}
		if err := old.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	mustAppend(t, p, topic, values("live2", 100))
	// Longer than every broker's interval between two checks of retention.
	time.Sleep(2500 * time.Millisecond)
	l := newLedger()
	var early atomic.Int64
	stop := consume(t, s.brokers(), "g-"+topic, topic, func(ctx context.Context, b *Batch) error {
		for i := range b.Records {
			if b.Records[i].AppendedMS < before {
				early.Add(1)
			}
		}
		return l.take(ctx, b)
	})
	l.wait(t, 300)
	stop()
	l.check(t)
	if n := early.Load(); n > 0 {
		t.Errorf("%d records have a time before they were appended", n)
	}
	if len(l.gaps) > 0 {
		t.Errorf("gaps %v: the archive expired by its own dates", l.gaps)
	}
}

// retentionPassesReader removes records that a group has not read.
func (s *suite) retentionPassesReader(t *testing.T) {
	topic := s.topic(t, 1)
	p := newTestProducer(t, s.brokers())
	mustAppend(t, p, topic, values("read", 100))
	l := newLedger()
	stop := consume(t, s.brokers(), "g-"+topic, topic, l.take)
	l.wait(t, 100)
	stop()
	mustAppend(t, p, topic, values("missed", 100))
	mustAppend(t, p, topic, values("kept", 50))
	s.deleteRecords(t, topic, 200)
	stop = consume(t, s.brokers(), "g-"+topic, topic, l.take)
	l.wait(t, 150)
	stop()
	s.deleteRecords(t, topic, 250)
	// Now a gap that nothing follows.
	mustAppend(t, p, topic, values("gone", 10))
	s.deleteRecords(t, topic, 260)
	stop = consume(t, s.brokers(), "g-"+topic, topic, l.take)
	l.waitFor(t, "second gap", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.gaps) == 2
	})
	stop()
	l.check(t)
	if diff := cmp.Diff([]Gap{{100, 200}, {250, 260}}, l.gaps); diff != "" {
		t.Errorf("gaps (-want +declared):\n%s", diff)
	}
	committed, err := Committed(t.Context(), s.brokers(), "g-"+topic, topic)
	if err != nil || committed[0] != 260 {
		t.Errorf("committed %v, %v after the gap was declared", committed, err)
	}
}

func (s *suite) deleteRecords(t *testing.T, topic string, below int64) {
	t.Helper()
	req := kmsg.NewDeleteRecordsRequest()
	rt := kmsg.NewDeleteRecordsRequestTopic()
	rp := kmsg.NewDeleteRecordsRequestTopicPartition()
	rp.Offset = below
	rt.Topic, rt.Partitions = topic, append(rt.Partitions, rp)
	req.Topics, req.TimeoutMillis = append(req.Topics, rt), 10_000
	s.request(t, &req)
}

// deaf loses every few answers on its connections, after the request went out.
type deaf struct {
	every int64
	reads atomic.Int64
	lost  atomic.Int64
}

type deafConn struct {
	net.Conn
	d *deaf
}

func (c *deafConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && c.d.reads.Add(1)%c.d.every == 0 {
		c.d.lost.Add(1)
		_ = c.Close()
		return 0, io.EOF
	}
	return n, err
}

func (s *suite) answersLost(t *testing.T) {
	topic := s.topic(t, 2)
	d := &deaf{every: 4}
	p := newTestProducer(t, s.brokers(), func(c *ProducerConfig) { c.RetryBackoff = 2 * time.Millisecond })
	dial := p.transport.Dial
	p.transport.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &deafConn{Conn: conn, d: d}, nil
	}
	var all []string
	for i := range 40 {
		vals := values(fmt.Sprintf("v%d", i), 25)
		mustAppend(t, p, topic, vals)
		all = append(all, vals...)
	}
	if d.lost.Load() < 10 {
		t.Errorf("only %d answers were lost", d.lost.Load())
	}
	s.holdsOnce(t, topic, all)
}
