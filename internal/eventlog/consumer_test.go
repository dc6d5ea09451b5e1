package eventlog

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/zap"
)

func position(t *testing.T, s *suite, group, topic string) int64 {
	t.Helper()
	committed, err := Committed(t.Context(), s.brokers(), group, topic)
	if err != nil {
		t.Fatal(err)
	}
	return committed[0]
}

func commitAs(t *testing.T, s *suite, group, topic string, offset int64) {
	t.Helper()
	client, transport := newClient(s.brokers(), adminTimeout)
	defer transport.CloseIdleConnections()
	res, err := client.OffsetCommit(t.Context(), &kafka.OffsetCommitRequest{
		GroupID: group, GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{topic: {{Offset: offset}}},
	})
	if err != nil || res.Topics[topic][0].Error != nil {
		t.Fatal(err, res)
	}
}

// A member that was taken for dead finishes a batch that another member has
// passed long since. Its commit must not move the group back.
func TestConsumer_AFormerOwnerDoesNotRewindTheGroup(t *testing.T) {
	t.Parallel()
	cluster, s, topic := fake(t, 1)
	p := newTestProducer(t, s.brokers())
	mustAppend(t, p, topic, values("a", 10))
	l := newLedger()
	held, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	stopFirst := consume(t, s.brokers(), "g", topic, func(ctx context.Context, b *Batch) error {
		once.Do(func() {
			close(held)
			<-ctx.Done() // The generation ended; the handler does not hurry.
			<-release
		})
		return l.take(ctx, b)
	})
	<-held
	cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.UnknownMemberID, Count: 1})
	second := newLedger()
	stopSecond := consume(t, s.brokers(), "g", topic, second.take)
	second.wait(t, 10)
	mustAppend(t, p, topic, values("b", 10))
	second.wait(t, 20)
	for position(t, s, "g", topic) != 20 {
		time.Sleep(5 * time.Millisecond)
	}
	close(release)
	l.wait(t, 10)
	stopFirst()
	if at := position(t, s, "g", topic); at != 20 {
		t.Errorf("the group is at %d, not at 20", at)
	}
	stopSecond()
}

// An engine that restarts can keep a handler for much longer than a session
// lasts. The member says that it is alive meanwhile, and its commit counts.
func TestConsumer_ASlowHandlerKeepsItsPartitions(t *testing.T) {
	t.Parallel()
	_, s, topic := fake(t, 2)
	mustAppend(t, newTestProducer(t, s.brokers()), topic, values("v", 20))
	l := newLedger()
	stop := consume(t, s.brokers(), "g", topic, func(ctx context.Context, b *Batch) error {
		select {
		case <-ctx.Done():
			t.Error("the group took the partition away")
		case <-time.After(3500 * time.Millisecond):
		}
		return l.take(ctx, b)
	}, func(c *ConsumerConfig) { c.SessionTimeout, c.RebalanceTimeout = time.Second, time.Second })
	l.wait(t, 20)
	stop()
	if l.repeated > 0 {
		t.Errorf("%d records were handed over twice", l.repeated)
	}
	committed, err := Committed(t.Context(), s.brokers(), "g", topic)
	if diff := cmp.Diff(l.next, committed); diff != "" || err != nil {
		t.Errorf("committed positions (-made durable +committed), %v:\n%s", err, diff)
	}
}

// What a handler refuses is not committed, so that whoever comes next gets it.
func TestConsumer_CommitsOnlyWhatIsDurable(t *testing.T) {
	t.Parallel()
	_, s, topic := fake(t, 1)
	mustAppend(t, newTestProducer(t, s.brokers()), topic, values("v", 10))
	refused := make(chan struct{}, 100)
	stop := consume(t, s.brokers(), "g", topic, func(context.Context, *Batch) error {
		refused <- struct{}{}
		return errors.New("the store is away")
	})
	for range 3 {
		<-refused
	}
	stop()
	committed, err := Committed(t.Context(), s.brokers(), "g", topic)
	if err != nil || len(committed) > 0 {
		t.Errorf("the group is at %v, %v, and nothing is durable", committed, err)
	}
	l := newLedger()
	stop = consume(t, s.brokers(), "g", topic, l.take)
	l.wait(t, 10)
	stop()
}

func TestConsumer_ALogThatWasReplacedIsReadFromItsStart(t *testing.T) {
	t.Parallel()
	_, s, topic := fake(t, 1)
	commitAs(t, s, "g", topic, 1000)
	mustAppend(t, newTestProducer(t, s.brokers()), topic, values("v", 10))
	l := newLedger()
	stop := consume(t, s.brokers(), "g", topic, l.take)
	l.wait(t, 10)
	stop()
	if diff := cmp.Diff([]Gap{{From: 10, To: 1000}}, l.gaps); diff != "" {
		t.Errorf("gaps (-want +declared):\n%s", diff)
	}
	if at := position(t, s, "g", topic); at != 10 {
		t.Errorf("the group is at %d, not at 10", at)
	}
}

func TestConsumer_ANewGroupLearnsWhatWasRemovedBeforeIt(t *testing.T) {
	t.Parallel()
	cluster, s, topic := fake(t, 1)
	mustAppend(t, newTestProducer(t, s.brokers()), topic, values("v", 10))
	if err := cluster.DeleteRecords(topic, 0, 4); err != nil {
		t.Fatal(err)
	}
	l := newLedger()
	stop := consume(t, s.brokers(), "g", topic, l.take)
	l.wait(t, 6)
	stop()
	l.check(t)
	if diff := cmp.Diff([]Gap{{From: 0, To: 4}}, l.gaps); diff != "" {
		t.Errorf("gaps (-want +declared):\n%s", diff)
	}
}

// A gap is handed over again, like the records, until the handler has it.
func TestConsumer_AFailedBatchComesAgainWhole(t *testing.T) {
	t.Parallel()
	cluster, s, topic := fake(t, 1)
	mustAppend(t, newTestProducer(t, s.brokers()), topic, values("v", 10))
	if err := cluster.DeleteRecords(topic, 0, 4); err != nil {
		t.Fatal(err)
	}
	l := newLedger()
	failures := 3
	stop := consume(t, s.brokers(), "g", topic, func(ctx context.Context, b *Batch) error {
		if failures > 0 {
			failures--
			return errors.New("the store is away")
		}
		return l.take(ctx, b)
	})
	l.wait(t, 6)
	stop()
	l.check(t)
	if len(l.gaps) != 1 || l.repeated > 0 {
		t.Errorf("gaps %v, %d repeated", l.gaps, l.repeated)
	}
}

func TestConsumer_AsksSeldomWhenThereIsNothing(t *testing.T) {
	t.Parallel()
	cluster, s, topic := fake(t, 4)
	mustAppend(t, newTestProducer(t, s.brokers()), topic, values("v", 100))
	l := newLedger()
	stop := consume(t, s.brokers(), "g", topic, l.take)
	defer stop()
	l.wait(t, 100)
	time.Sleep(200 * time.Millisecond)
	fetches := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Observe: true, Count: -1})
	time.Sleep(idleWait)
	if n := fetches.Hits(); n > 8 {
		t.Errorf("%d requests for 4 partitions within %v", n, idleWait)
	}
}

func TestConsumer_CountsWhatItDoes(t *testing.T) {
	t.Parallel()
	cluster, s, topic := fake(t, 1)
	mustAppend(t, newTestProducer(t, s.brokers()), topic, values("v", 10))
	if err := cluster.DeleteRecords(topic, 0, 4); err != nil {
		t.Fatal(err)
	}
	cfg := DefaultConsumerConfig()
	cfg.Brokers, cfg.Group, cfg.Topics, cfg.MaxWait = s.brokers(), "g", []string{topic}, 10*time.Millisecond
	c, err := NewConsumer(cfg, func(context.Context, *Batch) error { return nil }, zap.NewNop(), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	for metric(c.metrics.position.WithLabelValues("g", topic, "0")) != 10 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	for name, m := range map[string]struct{ got, want float64 }{
		"records":     {metric(c.metrics.records.WithLabelValues("g", topic)), 6},
		"gaps":        {metric(c.metrics.gaps.WithLabelValues("g", topic)), 1},
		"gap offsets": {metric(c.metrics.gapOffsets.WithLabelValues("g", topic)), 4},
		"generations": {metric(c.metrics.generations.WithLabelValues("g")), 1},
	} {
		if m.got != m.want {
			t.Errorf("%s: %v, not %v", name, m.got, m.want)
		}
	}
}
