package eventlog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/schema"
)

// seeds are the fault schedules that a run tries: EVENTLOG_SEEDS of them, from
// EVENTLOG_SEED on.
func seeds(t *testing.T) (first, n uint64) {
	t.Helper()
	return setting(t, "EVENTLOG_SEED", 0), setting(t, "EVENTLOG_SEEDS", 25)
}

// schedule is one random run: faults of brokers, network, group and handler at
// random moments, all from a seed.
type schedule struct {
	rng     *rand.Rand
	cluster *kfake.Cluster
	brokers []string
	topic   string
	renews  bool // Some faults make the producer begin a new session.

	silences atomic.Int32 // How often a member may still fall silent for longer than its session.
	silent   atomic.Int32 // Heartbeats to hold back for that.
	seen     *seen
}

// seen is what happened in all schedules, so that a run in which nothing went
// wrong proves nothing and fails.
type seen struct {
	resent, refused, repeated, silences, sessions atomic.Int64
}

// TestFaultSchedules_LoseAndDoubleNothing is the oracle for produce and commit:
// whatever fails, all that was acknowledged is in the log, once per session, and
// all of the log is made durable before it is committed.
func TestFaultSchedules_LoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	limit := make(chan struct{}, 12)
	var wg sync.WaitGroup
	var all seen
	first, n := seeds(t)
	for seed := first; seed < first+n; seed++ {
		limit <- struct{}{}
		wg.Go(func() {
			defer func() { <-limit }()
			if err := runSchedule(t.Context(), seed, &all); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
		})
	}
	wg.Wait()
	t.Logf("%d schedules: %d batches sent again, %d sessions begun, %d commits refused, %d records handed over again, %d members silent for longer than their session",
		n, all.resent.Load(), all.sessions.Load(), all.refused.Load(), all.repeated.Load(), all.silences.Load())
	if n >= 20 && min(all.resent.Load(), all.refused.Load(), all.repeated.Load(), all.silences.Load()) == 0 {
		t.Error("some kind of fault never happened, so that nothing was proven about it")
	}
}

func runSchedule(ctx context.Context, seed uint64, all *seen) error {
	s := &schedule{rng: rand.New(rand.NewPCG(seed, 1)), topic: "t.v1", seen: all}
	s.renews = s.rng.IntN(3) == 0
	if s.rng.IntN(3) == 0 {
		s.silences.Store(1 + s.rng.Int32N(2))
	}
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1+2*s.rng.IntN(2)), kfake.GroupMinSessionTimeout(time.Second))
	if err != nil {
		return err
	}
	defer cluster.Close()
	s.cluster, s.brokers = cluster, cluster.ListenAddrs()
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	if err := EnsureTopics(ctx, s.brokers, []schema.Topic{{Name: s.topic, Partitions: 3, Retention: time.Hour, RetentionBytes: -1}}, 1); err != nil {
		return err
	}
	s.injectFaults()
	l := newLedger()
	var members sync.WaitGroup
	stop := make(chan struct{})
	for range 1 + s.rng.IntN(2) {
		if err := s.member(ctx, l, stop, &members); err != nil {
			return err
		}
	}
	want, err := s.appendAll(ctx)
	if err != nil {
		return err
	}
	err = s.verify(ctx, l, want)
	close(stop)
	members.Wait()
	all.repeated.Add(int64(l.repeated))
	if err != nil {
		return err
	}
	// What a slow member commits last must not have moved the group back.
	if ends, committed, err := s.positions(ctx); err != nil || !maps.Equal(ends, committed) {
		return fmt.Errorf("after all members left: committed %v of %v, %w", committed, ends, err)
	}
	return nil
}

// injectFaults adds faults that hit at random requests.
func (s *schedule) injectFaults() {
	produce := []*kerr.Error{
		kerr.NotEnoughReplicasAfterAppend, kerr.RequestTimedOut, // Applied, then failed.
		kerr.NotEnoughReplicas, kerr.NotLeaderForPartition, kerr.KafkaStorageError, kerr.CorruptMessage,
	}
	if s.renews {
		produce = append(produce, kerr.UnknownServerError, kerr.OutOfOrderSequenceNumber, kerr.InvalidProducerEpoch, kerr.UnknownProducerID)
	}
	commit := []*kerr.Error{kerr.RequestTimedOut, kerr.RebalanceInProgress, kerr.IllegalGeneration, kerr.UnknownMemberID, kerr.NotCoordinator}
	s.inject(kmsg.Produce, 3+s.rng.IntN(8), 3, produce)
	s.inject(kmsg.OffsetCommit, s.rng.IntN(4), 4, commit)
	s.inject(kmsg.Heartbeat, s.rng.IntN(3), 2, []*kerr.Error{kerr.RebalanceInProgress, kerr.UnknownMemberID, kerr.IllegalGeneration})
	s.inject(kmsg.Fetch, s.rng.IntN(6), 6, []*kerr.Error{kerr.NotLeaderForPartition, kerr.UnknownServerError, kerr.CorruptMessage})
	s.inject(kmsg.InitProducerID, s.rng.IntN(3), 1, []*kerr.Error{kerr.CoordinatorNotAvailable, kerr.CoordinatorLoadInProgress})
	s.cluster.ControlKey(int16(kmsg.Heartbeat), func(kmsg.Request) (kmsg.Response, error, bool) {
		s.cluster.KeepControl()
		if s.silent.Load() > 0 {
			s.silent.Add(-1)
			s.cluster.SleepControl(func() { time.Sleep(1500 * time.Millisecond) })
		}
		return nil, nil, false
	})
}

// fallSilent keeps a handler, and one or two heartbeats, for longer than the
// session of a member lasts. The commit that follows comes from a generation
// that is over.
func (s *schedule) fallSilent(heartbeats int32) {
	if s.silences.Add(-1) < 0 {
		return
	}
	s.seen.silences.Add(1)
	s.silent.Store(heartbeats)
	time.Sleep(2 * time.Second)
}

// inject adds n faults of a kind of request, each after up to spread others.
func (s *schedule) inject(key kmsg.Key, n, spread int, errs []*kerr.Error) {
	for range n {
		after := s.rng.IntN(spread)
		seen := 0
		s.cluster.Fault(kfake.Fault{
			Keys: []kmsg.Key{key}, Err: errs[s.rng.IntN(len(errs))], Count: 1,
			When: func(kmsg.Request) bool { seen++; return seen > after },
		})
	}
}

// member runs a consumer whose handler fails now and then, sometimes after it
// made the batch durable.
func (s *schedule) member(ctx context.Context, l *ledger, stop <-chan struct{}, wg *sync.WaitGroup) error {
	cfg := DefaultConsumerConfig()
	cfg.Brokers, cfg.Group, cfg.Topics = s.brokers, "g", []string{s.topic}
	cfg.MaxBatchRecords = 5 + s.rng.IntN(60)
	cfg.MaxWait, cfg.RetryBackoff = 2*time.Millisecond, 2*time.Millisecond
	cfg.SessionTimeout, cfg.RebalanceTimeout = time.Second, time.Second
	rng := rand.New(rand.NewPCG(s.rng.Uint64(), 2))
	var mu sync.Mutex
	handle := func(ctx context.Context, b *Batch) error {
		mu.Lock()
		fate := rng.IntN(20)
		mu.Unlock()
		switch fate {
		case 0:
			return errors.New("not stored")
		case 1:
			_ = l.take(ctx, b)
			return errors.New("stored, but the answer was lost")
		case 2: // The generation may end meanwhile.
			time.Sleep(50 * time.Millisecond)
		case 3, 4:
			s.fallSilent(int32(fate - 2))
		}
		return l.take(ctx, b)
	}
	c, err := NewConsumer(cfg, handle, zap.NewNop(), prometheus.NewRegistry())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	wg.Go(func() {
		defer cancel()
		_ = c.Run(ctx)
		s.seen.refused.Add(int64(metric(c.metrics.retries.WithLabelValues("g", "commit"))))
	})
	go func() {
		<-stop
		cancel()
	}()
	return nil
}

// appendAll appends from several goroutines over a network that loses answers.
func (s *schedule) appendAll(ctx context.Context) ([]string, error) {
	cfg := DefaultProducerConfig()
	cfg.Brokers = s.brokers
	cfg.RetryBackoff, cfg.RequestTimeout = time.Millisecond, 2*time.Second
	cfg.MaxBatchBytes = 1 << 10
	cfg.MaxBufferedBytes = 8 << 10
	p, err := NewProducer(cfg, zap.NewNop(), prometheus.NewRegistry())
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.Close() }()
	d := &deaf{every: int64(5 + s.rng.IntN(20))}
	dial := p.transport.Dial
	p.transport.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &deafConn{Conn: conn, d: d}, nil
	}
	var mu sync.Mutex
	var all []string
	var failed error
	var wg sync.WaitGroup
	for g := range 1 + s.rng.IntN(3) {
		sizes := make([]int, 4)
		for i := range sizes {
			sizes[i] = 1 + s.rng.IntN(80)
		}
		wg.Go(func() {
			for i, n := range sizes {
				vals := values(fmt.Sprintf("g%d-%d", g, i), n)
				_, err := p.Append(ctx, s.topic, messages(vals))
				mu.Lock()
				all = append(all, vals...)
				failed = errors.Join(failed, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for _, reason := range []string{"network", "leader", "replicas", "disk", "checksum", "session", "unknown"} {
		s.seen.resent.Add(int64(metric(p.metrics.retries.WithLabelValues(reason))))
	}
	s.seen.sessions.Add(int64(metric(p.metrics.sessions)))
	return all, failed
}

// positions are the ends of the partitions and what the group has committed.
func (s *schedule) positions(ctx context.Context) (ends, committed map[int32]int64, err error) {
	if ends, err = Ends(ctx, s.brokers, s.topic); err != nil {
		return nil, nil, err
	}
	maps.DeleteFunc(ends, func(_ int32, end int64) bool { return end == 0 }) // Nothing to commit.
	committed, err = Committed(ctx, s.brokers, "g", s.topic)
	return ends, committed, err
}

// verify waits until the group has committed all of the log, and compares.
func (s *schedule) verify(ctx context.Context, l *ledger, want []string) error {
	var ends map[int32]int64
	for {
		var committed map[int32]int64
		var err error
		if ends, committed, err = s.positions(ctx); err != nil {
			return err
		}
		done := true
		for p, end := range ends {
			done = done && committed[p] == end
		}
		if done {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("committed %v of %v: %w", committed, ends, ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
	got := l.counts()
	l.mu.Lock()
	defer l.mu.Unlock()
	for p, end := range ends {
		if n := int64(len(l.records[p])); n != end {
			return fmt.Errorf("partition %d: %d of %d offsets were made durable before they were committed", p, n, end)
		}
	}
	for _, v := range want {
		if got[v] == 0 {
			return fmt.Errorf("%q was acknowledged and is lost", v)
		}
		if got[v] > 1 && !s.renews {
			return fmt.Errorf("%q is in the log %d times", v, got[v])
		}
	}
	if len(l.gaps) > 0 {
		return fmt.Errorf("gaps %v in a whole log", l.gaps)
	}
	return nil
}
