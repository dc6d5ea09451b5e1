package eventlog

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// The log keeps its promises on every kind of broker that it runs on.

func TestConformance_EmbeddedBroker(t *testing.T) {
	t.Parallel()
	conformance(t, newEmbedded(t))
}

func TestConformance_ApacheKafka(t *testing.T) {
	t.Parallel()
	conformance(t, newApache(t, 1))
}

func TestConformance_ThreeApacheKafkas(t *testing.T) {
	t.Parallel()
	conformance(t, newApache(t, 3))
}

// conformance runs all cases on one cluster, one after the other, as they break
// its brokers.
func conformance(t *testing.T, c cluster) {
	t.Helper()
	s := &suite{cluster: c, n: len(c.brokers())}
	cases := []struct {
		name    string
		brokers int // The least that the case needs.
		run     func(*testing.T)
	}{
		{"produce and consume", 1, s.produceAndConsume},
		{"both clients agree", 1, s.clientsAgree},
		{"rebalance", 1, s.rebalance},
		{"partitions are added", 1, s.partitionsAdded},
		{"archives of 2014 between live batches", 1, s.archives},
		{"retention passes a lagging reader", 1, s.retentionPassesReader},
		{"what was read is cut off", 1, s.cut},
		{"answers are lost after the write", 1, s.answersLost},
		{"a topic is unknown", 1, s.unknownTopic},
		{"restart", 1, s.restart},
		{"kill", 1, s.killed},
		{"leader is lost", 3, s.leaderLost},
		{"quorum is lost and comes back", 3, s.quorumLost},
	}
	for _, tc := range cases {
		if s.n < tc.brokers {
			continue
		}
		// A case that leaves brokers down makes the next ones meaningless.
		if !t.Run(tc.name, tc.run) && t.Failed() {
			return
		}
	}
}

// suite runs the cases on one cluster of n brokers.
type suite struct {
	cluster
	n int
}

func (s *suite) topic(t *testing.T, partitions int) string {
	t.Helper()
	return newTopic(t, s.brokers(), partitions, s.n)
}

// other returns a client of another make.
func (s *suite) other(t *testing.T, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(s.brokers()...)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// read returns the whole topic as the other client sees it, by partition.
func (s *suite) read(t *testing.T, topic string) map[int32][]*kgo.Record {
	t.Helper()
	ends, err := Ends(t.Context(), s.brokers(), topic)
	if err != nil {
		t.Fatal(err)
	}
	starts, err := Starts(t.Context(), s.brokers(), topic)
	if err != nil {
		t.Fatal(err)
	}
	left := int64(0)
	for p, end := range ends {
		left += end - starts[p]
	}
	client := s.other(t, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out := make(map[int32][]*kgo.Record)
	for left > 0 {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatalf("%d records are missing: %v", left, fetches.Errors())
		}
		fetches.EachRecord(func(r *kgo.Record) {
			out[r.Partition] = append(out[r.Partition], r)
			left--
		})
	}
	return out
}

// holdsOnce checks what the log itself holds.
func (s *suite) holdsOnce(t *testing.T, topic string, want []string) {
	t.Helper()
	l := newLedger()
	for p, records := range s.read(t, topic) {
		b := &Batch{Topic: topic, Partition: p, First: records[0].Offset, Next: records[len(records)-1].Offset + 1}
		for _, r := range records {
			b.Records = append(b.Records, Record{Offset: r.Offset, Value: r.Value})
		}
		_ = l.take(t.Context(), b)
	}
	l.once(t, want)
}

// request sends a request of the protocol and expects no error in the answer.
func (s *suite) request(t *testing.T, req kmsg.Request) kmsg.Response {
	t.Helper()
	res, err := s.other(t).Request(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// appendUntil appends values in small batches until stop is closed, and returns
// those that were acknowledged.
func appendUntil(t *testing.T, p *Producer, topic, name string, stop <-chan struct{}) <-chan []string {
	t.Helper()
	out := make(chan []string, 1)
	go func() {
		var all []string
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		for i := 0; ; i++ {
			select {
			case <-stop:
				out <- all
				return
			default:
			}
			vals := values(name+string(rune('a'+i%26))+time.Duration(i).String(), 20)
			if _, err := p.Append(ctx, topic, messages(vals)); err != nil {
				t.Errorf("append: %v", err)
				out <- all
				return
			}
			all = append(all, vals...)
		}
	}()
	return out
}
