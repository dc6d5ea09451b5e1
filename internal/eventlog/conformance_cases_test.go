package eventlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

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
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
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

// disturb appends and consumes while something happens to the brokers.
// flow waits until more was appended and consumed.
func (s *suite) disturb(t *testing.T, happen func(topic string, flow func())) {
	t.Helper()
	topic := s.topic(t, 3)
	p := newTestProducer(t, s.brokers())
	quit := make(chan struct{})
	appended := appendUntil(t, p, topic, "v", quit)
	l := newLedger()
	stop := consume(t, s.brokers(), "g-"+topic, topic, l.take)
	l.wait(t, 100)
	flow := func() { l.wait(t, len(l.counts())+100) }
	happen(topic, flow)
	flow()
	close(quit)
	vals := <-appended
	l.wait(t, len(vals))
	stop()
	l.check(t)
	l.once(t, vals)
	s.holdsOnce(t, topic, vals)
	if len(l.gaps) > 0 {
		t.Errorf("gaps %v", l.gaps)
	}
}

func (s *suite) restart(t *testing.T) {
	s.disturb(t, func(string, func()) {
		for i := range s.n {
			s.stop(t, i)
			s.start(t, i)
		}
	})
}

func (s *suite) killed(t *testing.T) {
	rounds := 1
	if _, ok := s.cluster.(*embedded); ok {
		rounds = 8
	}
	s.disturb(t, func(string, func()) {
		for range rounds {
			s.kill(t, 0)
			s.start(t, 0)
			time.Sleep(100 * time.Millisecond) // Let some batches be on their way.
		}
	})
}

func (s *suite) leader(t *testing.T, topic string) int {
	t.Helper()
	client, transport := newClient(s.brokers(), adminTimeout)
	defer transport.CloseIdleConnections()
	partitions, err := lookup(t.Context(), client, topic)
	if err != nil {
		t.Fatal(err)
	}
	for i, address := range s.brokers() {
		if address == leaderAddress(partitions[0]) {
			return i
		}
	}
	t.Fatalf("leader %v is no broker of ours", partitions[0].Leader)
	return 0
}

func (s *suite) leaderLost(t *testing.T) {
	s.disturb(t, func(topic string, flow func()) {
		i := s.leader(t, topic)
		s.kill(t, i)
		flow() // Under a new leader.
		s.start(t, i)
	})
}

func (s *suite) quorumLost(t *testing.T) {
	topic := s.topic(t, 1)
	p := newTestProducer(t, s.brokers())
	vals := values("before", 100)
	mustAppend(t, p, topic, vals)
	s.kill(t, 1)
	s.kill(t, 2)
	var wg sync.WaitGroup
	late := values("during", 100)
	done := make(chan error, 1)
	wg.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		_, err := p.Append(ctx, topic, messages(late))
		done <- err
	})
	select {
	case err := <-done:
		if err == nil {
			t.Error("acknowledged without a quorum")
		}
		done <- err
	case <-time.After(6 * time.Second):
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := p.Append(ctx, topic, messages(values("withdrawn", 1))); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("append without a quorum: %v", err)
	}
	s.start(t, 1)
	s.start(t, 2)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	s.holdsOnce(t, topic, append(vals, late...))
}
