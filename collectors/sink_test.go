package collectors

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"github.com/election-observatory/observatory/internal/eventlog"
	"github.com/election-observatory/observatory/schema"
)

// startLog runs the embedded broker and returns its address.
func startLog(t *testing.T) string {
	t.Helper()
	var listen net.ListenConfig
	ln, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := eventlog.DefaultBrokerConfig()
	cfg.Dir = t.TempDir()
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- eventlog.ServeBroker(ctx, ln, cfg, zap.NewNop()) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	addr := ln.Addr().String()
	if err := eventlog.EnsureTopics(t.Context(), []string{addr}, schema.Topics(), 1); err != nil {
		t.Fatal(err)
	}
	return addr
}

// readAll reads as many events as there are from all topics.
func readAll(t *testing.T, addr string, want int) []*schema.Event {
	t.Helper()
	cfg := eventlog.DefaultConsumerConfig()
	cfg.Brokers, cfg.Group, cfg.MaxWait = []string{addr}, "test", 10*time.Millisecond
	for _, topic := range schema.Topics() {
		cfg.Topics = append(cfg.Topics, topic.Name)
	}
	var mu sync.Mutex
	var all []*schema.Event
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	take := func(_ context.Context, b *eventlog.Batch) error {
		mu.Lock()
		defer mu.Unlock()
		for _, r := range b.Records {
			e := new(schema.Event)
			if err := proto.Unmarshal(r.Value, e); err != nil {
				return err
			}
			if e.Topic() != b.Topic || string(e.AppendKey(nil)) != string(r.Key) {
				t.Errorf("an event of %s under %q is on %s under %q", e.Topic(), e.AppendKey(nil), b.Topic, r.Key)
			}
			all = append(all, e)
		}
		if len(all) >= want {
			stop()
		}
		return nil
	}
	c, err := eventlog.NewConsumer(cfg, take, zap.NewNop(), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Run(ctx); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	return all
}

func testPost(id, text string) *schema.Event {
	return &schema.Event{Kind: &schema.Event_Post{Post: &schema.Post{
		Platform: schema.PlatformX, NativeId: id, Kind: schema.KindPost, Author: &schema.AccountSnapshot{NativeId: "1"}, Text: text, Collector: "c", Source: "s",
	}}}
}

// TestEventsReachTheLog emits every kind of event, one of them too large.
func TestEventsReachTheLog(t *testing.T) {
	t.Parallel()
	addr := startLog(t)
	cfg := eventlog.DefaultProducerConfig()
	cfg.Brokers = []string{addr}
	producer, err := eventlog.NewProducer(cfg, zap.NewNop(), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = producer.Close() })
	emitter := NewLogEmitter(producer)
	tally := Tally{Source: "s", Collector: "c", Platform: schema.PlatformX}
	tally.Received(90_000, "post", 1)
	batch := append([]*schema.Event{
		testPost("1", "small"), testPost("2", strings.Repeat("x", schema.MaxEventBytes)),
		{Kind: &schema.Event_Delete{Delete: &schema.Delete{Platform: schema.PlatformX, NativeId: "1"}}},
		{Kind: &schema.Event_Account{Account: &schema.AccountSnapshot{Platform: schema.PlatformX, NativeId: "1"}}},
		{Kind: &schema.Event_Reject{Reject: &schema.Reject{Source: "s", Reason: string(schema.ReasonSyntax)}}},
	}, tally.Events("0")...)
	for range 2 {
		if err := emitter.Emit(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	kinds := map[string]int{}
	for _, e := range readAll(t, addr, 2*len(batch)) {
		kind := e.Topic()
		if r := e.GetReject(); r != nil {
			kind = r.GetReason()
			if r.GetReason() == string(schema.ReasonTooLarge) && (len(r.GetRaw()) != schema.MaxRejectBytes || r.GetRawSize() <= schema.MaxEventBytes || r.GetPosition() != "2" || r.GetSource() != "s") {
				t.Errorf("the reject of a large event: %d of %d bytes, position %q", len(r.GetRaw()), r.GetRawSize(), r.GetPosition())
			}
		}
		kinds[kind]++
	}
	if want := map[string]int{schema.TopicPosts: 6, schema.TopicCoverage: 2, "syntax": 2, "too_large": 2}; !maps.Equal(kinds, want) {
		t.Errorf("on the log: %v, want %v", kinds, want)
	}
	for _, topic := range schema.Topics() {
		ends, err := eventlog.Ends(t.Context(), []string{addr}, topic.Name)
		if err != nil {
			t.Fatal(err)
		}
		for partition, next := range ends {
			if got := emitter.Ends()[Place{topic.Name, partition}]; got != next {
				t.Errorf("%s/%d ends at %d, the emitter says %d", topic.Name, partition, next, got)
			}
		}
	}
}

// brokenLog fails for one topic.
type brokenLog struct {
	broken string
	taken  []string
}

var errBroken = errors.New("broken")

func (b *brokenLog) Append(_ context.Context, topic string, _ []eventlog.Message) ([]eventlog.Span, error) {
	if topic == b.broken {
		return nil, errBroken
	}
	b.taken = append(b.taken, topic)
	return []eventlog.Span{{Topic: topic, First: 0, Next: 1}}, nil
}

func TestAFailureOfOneTopicIsTheFailureOfTheBatch(t *testing.T) {
	t.Parallel()
	reject := &schema.Event{Kind: &schema.Event_Reject{Reject: &schema.Reject{Source: "s", Reason: "syntax"}}}
	log := &brokenLog{broken: schema.TopicRejects}
	emitter := NewLogEmitter(log)
	err := emitter.Emit(t.Context(), []*schema.Event{testPost("1", "x"), reject})
	if !errors.Is(err, errBroken) || !strings.Contains(err.Error(), schema.TopicRejects) || !slices.Equal(log.taken, []string{schema.TopicPosts}) {
		t.Errorf("%v after %v", err, log.taken)
	}
	if ends := emitter.Ends(); len(ends) != 1 || ends[Place{schema.TopicPosts, 0}] != 1 {
		t.Errorf("%v", ends)
	}
}
