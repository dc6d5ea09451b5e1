//nolint:thelper // These are cases that t.Run runs, not helpers.
package eventlog

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

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
