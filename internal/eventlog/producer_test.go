package eventlog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// fake is a broker within the test, whose requests can be made to fail.
func fake(t *testing.T, partitions int) (*kfake.Cluster, *suite, string) {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	s := &suite{cluster: inProcess(cluster.ListenAddrs()), n: 1}
	return cluster, s, s.topic(t, partitions)
}

type inProcess []string

func (f inProcess) brokers() []string        { return f }
func (inProcess) stop(tb testing.TB, _ int)  { tb.Helper(); tb.Fatal("not stopped") }
func (inProcess) kill(tb testing.TB, _ int)  { tb.Helper(); tb.Fatal("not killed") }
func (inProcess) start(tb testing.TB, _ int) { tb.Helper(); tb.Fatal("not started") }

// stall holds back all answers while it is locked.
type stall struct{ sync.RWMutex }

type stalledConn struct {
	net.Conn
	s *stall
}

func (c *stalledConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.s.RLock()
	defer c.s.RUnlock()
	return n, err
}

func stalling(p *Producer) *stall {
	s := &stall{}
	dial := p.transport.Dial
	p.transport.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &stalledConn{Conn: conn, s: s}, nil
	}
	return s
}

// The sequence number of a batch that was given up may be taken, as the broker
// may have stored it. The next batch must not be mistaken for its repetition.
func TestAppend_WhatFollowsAGivenUpBatchIsNotLost(t *testing.T) {
	t.Parallel()
	_, s, topic := fake(t, 1)
	p := newTestProducer(t, s.brokers())
	stalled := stalling(p)
	mustAppend(t, p, topic, values("before", 3))
	stalled.Lock()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := p.Append(ctx, topic, messages(values("given-up", 3)))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	stalled.Unlock()
	// Were it to come after the next batch, the broker would refuse it as of an
	// older epoch, and nothing could be mistaken.
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if ends, err := Ends(t.Context(), s.brokers(), topic); err != nil {
			t.Fatal(err)
		} else if ends[0] == 6 {
			break
		}
	}
	mustAppend(t, p, topic, values("after", 3))
	got := make(map[string]int)
	for _, r := range s.read(t, topic)[0] {
		got[string(r.Value)]++
	}
	for _, v := range append(values("before", 3), values("after", 3)...) {
		if got[v] != 1 {
			t.Errorf("%q is in the log %d times", v, got[v])
		}
	}
	if got["given-up-000000"] != 1 {
		t.Errorf("the batch that was given up is in the log %d times; the test needs it there", got["given-up-000000"])
	}
}

// An append that was withdrawn before its messages were sent must not send them
// later: the caller may have changed them by then.
func TestAppend_WhatWasWithdrawnInTimeIsNotSent(t *testing.T) {
	t.Parallel()
	_, s, topic := fake(t, 1)
	p := newTestProducer(t, s.brokers())
	stalled := stalling(p)
	mustAppend(t, p, topic, values("before", 1))
	stalled.Lock()
	first := make(chan error, 1)
	go func() {
		_, err := p.Append(context.Background(), topic, messages(values("first", 3)))
		first <- err
	}()
	sender := p.topics[topic].partitions[0]
	for sending := false; !sending; time.Sleep(time.Millisecond) {
		sender.mu.Lock()
		sending = sender.flight != nil
		sender.mu.Unlock()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := p.Append(ctx, topic, messages(values("withdrawn", 3))); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	stalled.Unlock()
	if err := <-first; err != nil {
		t.Error(err)
	}
	mustAppend(t, p, topic, values("after", 1))
	s.holdsOnce(t, topic, append(values("before", 1), append(values("first", 3), values("after", 1)...)...))
}

func TestAppend_BlocksWhileTooMuchIsBuffered(t *testing.T) {
	t.Parallel()
	_, s, topic := fake(t, 1)
	p := newTestProducer(t, s.brokers(), func(c *ProducerConfig) { c.MaxBufferedBytes, c.MaxBatchBytes = 4<<10, 2<<10 })
	stalled := stalling(p)
	mustAppend(t, p, topic, values("v", 1))
	stalled.Lock()
	first := make(chan error, 1)
	go func() {
		_, err := p.Append(context.Background(), topic, messages(values("first", 200))) // All of the buffer.
		first <- err
	}()
	for deadline := time.Now().Add(patience(t)); p.room.TryAcquire(1); time.Sleep(time.Millisecond) {
		p.room.Release(1)
		if time.Now().After(deadline) {
			t.Fatal("the buffer is not full")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := p.Append(ctx, topic, messages(values("second", 1))); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "buffered") {
		t.Errorf("error %v", err)
	}
	stalled.Unlock()
	if err := <-first; err != nil {
		t.Error(err)
	}
	mustAppend(t, p, topic, values("third", 1))
	s.holdsOnce(t, topic, append(values("v", 1), append(values("first", 200), values("third", 1)...)...))
	if n := metric(p.metrics.buffered); n != 0 {
		t.Errorf("%v bytes are still counted as buffered", n)
	}
}

func TestAppend_RefusesAMessageThatFitsInNoBatch(t *testing.T) {
	t.Parallel()
	_, s, topic := fake(t, 1)
	p := newTestProducer(t, s.brokers(), func(c *ProducerConfig) { c.MaxBatchBytes = 1000 })
	batch := messages(values("v", 3))
	batch[1].Value = make([]byte, 1000)
	if _, err := p.Append(t.Context(), topic, batch); !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "message 1") {
		t.Errorf("error %v", err)
	}
	batch[1].Value = make([]byte, 1000-23-61-len(batch[1].Key))
	if _, err := p.Append(t.Context(), topic, batch); err != nil {
		t.Errorf("the largest message: %v", err)
	}
}

func TestAppend_FaultsAreToldInOneLine(t *testing.T) {
	t.Parallel()
	cluster, s, topic := fake(t, 1)
	for name, tc := range map[string]struct {
		err  *kerr.Error
		want string
	}{
		"size":     {kerr.MessageTooLarge, "refuses a batch of this size"},
		"disk":     {kerr.KafkaStorageError, "cannot write to its disk"},
		"access":   {kerr.TopicAuthorizationFailed, "Topic Authorization Failed"},
		"replicas": {kerr.NotEnoughReplicas, "last fault: [19]"},
	} {
		fault := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: tc.err, Count: -1})
		p := newTestProducer(t, s.brokers(), func(c *ProducerConfig) { c.GiveUpAfter = 10 * time.Millisecond })
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		_, err := p.Append(ctx, topic, messages(values("v", 1)))
		cancel()
		fault.Remove()
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	nobody := newTestProducer(t, []string{"127.0.0.1:1"})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := nobody.Append(ctx, topic, messages(values("v", 1)))
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "connection refused") || strings.Contains(err.Error(), "\n") {
		t.Errorf("no broker: error %v", err)
	}
}

func TestAppend_CountsWhatItDoes(t *testing.T) {
	t.Parallel()
	cluster, s, topic := fake(t, 1)
	p := newTestProducer(t, s.brokers())
	cluster.Fault(
		kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicasAfterAppend, Count: 2},
		kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.OutOfOrderSequenceNumber, Count: 1})
	mustAppend(t, p, topic, values("v", 7))
	for name, c := range map[string]struct{ got, want float64 }{
		"records":            {metric(p.metrics.records.WithLabelValues(topic)), 7},
		"batches":            {metric(p.metrics.batches.WithLabelValues(topic)), 1},
		"retries (replicas)": {metric(p.metrics.retries.WithLabelValues("replicas")), 2},
		"retries (session)":  {metric(p.metrics.retries.WithLabelValues("session")), 1},
		"sessions":           {metric(p.metrics.sessions), 2},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, not %v", name, c.got, c.want)
		}
	}
}

func TestProducer_CloseEndsAppends(t *testing.T) {
	t.Parallel()
	cluster, s, topic := fake(t, 1)
	cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicas, Count: -1})
	p := newTestProducer(t, s.brokers())
	done := make(chan error, 1)
	go func() {
		_, err := p.Append(context.Background(), topic, messages(values("v", 1)))
		done <- err
	}()
	for metric(p.metrics.retries.WithLabelValues("replicas")) == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, ErrClosed) {
		t.Errorf("append under way: %v", err)
	}
	if _, err := p.Append(t.Context(), topic, messages(values("v", 1))); !errors.Is(err, ErrClosed) {
		t.Errorf("append after closing: %v", err)
	}
}

// A batch that is stored although its answer says otherwise is sent again as what
// it is.
func TestAppend_ABatchThatIsStoredIsNotStoredAgain(t *testing.T) {
	t.Parallel()
	cluster, s, topic := fake(t, 1)
	p := newTestProducer(t, s.brokers())
	var want []string
	for i, err := range []*kerr.Error{kerr.NotEnoughReplicasAfterAppend, kerr.RequestTimedOut} {
		cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: err, Count: 3})
		vals := values(fmt.Sprint("v", i), 20)
		mustAppend(t, p, topic, vals)
		want = append(want, vals...)
	}
	s.holdsOnce(t, topic, want)
}

// One replica's word, or none, would lose what only that one has.
func TestAppend_AsksForTheWordOfAllReplicas(t *testing.T) {
	t.Parallel()
	cluster, s, topic := fake(t, 1)
	var asked, wrong atomic.Int64
	cluster.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		asked.Add(1)
		if p, ok := req.(*kmsg.ProduceRequest); !ok || p.Acks != -1 {
			wrong.Add(1)
		}
		return nil, nil, false
	})
	mustAppend(t, newTestProducer(t, s.brokers()), topic, values("v", 10))
	if asked.Load() == 0 || wrong.Load() > 0 {
		t.Errorf("%d of %d requests do not ask for it", wrong.Load(), asked.Load())
	}
}
