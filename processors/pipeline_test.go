package processors_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
	"github.com/election-observatory/observatory/internal/eventlog"
	"github.com/election-observatory/observatory/processors"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// emitted keeps what a pipeline hands to the log.
type emitted struct {
	mu     sync.Mutex
	events []*schema.Event
	err    error
}

func (e *emitted) emit(_ context.Context, batch []*schema.Event) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err != nil {
		return e.err
	}
	for _, event := range batch {
		e.events = append(e.events, proto.CloneOf(event))
	}
	return nil
}

func newPipeline(t *testing.T) (*processors.Pipeline, *emitted, *enginetest.Engine) {
	t.Helper()
	e := enginetest.Start(t)
	s := storeOf(t, e)
	if _, err := store.Migrate(t.Context(), s.DB(), zap.NewNop()); err != nil {
		t.Fatal(err)
	}
	tagging := tag.DefaultConfig()
	tagging.Key = bytes.Repeat([]byte{7}, tag.KeyBytes)
	tagger, err := tag.New(tagging)
	if err != nil {
		t.Fatal(err)
	}
	out := &emitted{}
	p, err := processors.New(processors.Config{LogID: "log"}, s, func() processors.Tagger { return tagger.Worker() }, out.emit, zap.NewNop(), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return p, out, e
}

func storeOf(t *testing.T, e *enginetest.Engine) *store.Store {
	t.Helper()
	cfg := store.DefaultConfig()
	cfg.Addr, cfg.User, cfg.Password = e.URL, string(engine.RoleOwner), store.Secret(enginetest.Password(engine.RoleOwner))
	s, err := store.New(cfg, zap.NewNop(), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func encode(t *testing.T, event *schema.Event) []byte {
	t.Helper()
	value, err := event.MarshalVT()
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func batchOf(topic string, first int64, values ...[]byte) *eventlog.Batch {
	b := &eventlog.Batch{Topic: topic, First: first, Next: first + int64(len(values))}
	for i, value := range values {
		b.Records = append(b.Records, eventlog.Record{Offset: first + int64(i), AppendedMS: time.Now().UnixMilli(), Value: value})
	}
	return b
}

func examplePost(id, text string) *schema.Event {
	return &schema.Event{Kind: &schema.Event_Post{Post: &schema.Post{
		Platform: schema.PlatformX, NativeId: id, Kind: schema.KindPost, Author: &schema.AccountSnapshot{NativeId: "4200000001", Handle: "someone"},
		ClaimedMs: 1_400_000_000_000, CollectedMs: 1_400_000_000_500, ImportedMs: time.Now().UnixMilli(), Text: text, Collector: "test", Source: "s",
	}}}
}

func ask(t *testing.T, e *enginetest.Engine, query string) string {
	t.Helper()
	got, err := e.Ask(engine.RoleOwner, query)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(got)
}

func TestEventsOfEveryTopicEndInTheirTables(t *testing.T) {
	t.Parallel()
	p, out, e := newPipeline(t)
	deletion := &schema.Event{Kind: &schema.Event_Delete{Delete: &schema.Delete{Platform: schema.PlatformX, NativeId: "454016550023229441", AuthorId: "4200000001", CollectedMs: 1_400_000_001_000}}}
	posts := batchOf(schema.TopicPosts, 0, encode(t, deletion), encode(t, examplePost("454016550023229440", "one")), encode(t, examplePost("454016550023229441", "two")), []byte("\xff\xffnot an event"))
	coverage := batchOf(schema.TopicCoverage, 0, encode(t, &schema.Event{Kind: &schema.Event_Coverage{Coverage: &schema.Coverage{Source: "s", MinuteMs: 60_000, Received: 2}}}))
	for range 2 { // Delivered twice.
		for _, b := range []*eventlog.Batch{posts, coverage} {
			if err := p.Handle(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(out.events) != 2 {
		t.Fatalf("%d rejects", len(out.events))
	}
	if err := p.Handle(t.Context(), batchOf(schema.TopicRejects, 0, encode(t, out.events[0]), encode(t, out.events[1]))); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"SELECT groupArray(text) FROM observatory.posts":                                               "['one']",
		"SELECT count() FROM observatory.tombstones":                                                   "1",
		"SELECT source, received FROM observatory.coverage":                                            "s\t2",
		"SELECT source, position, reason, raw_size FROM observatory.rejects":                           "log/posts.v1/0\t3\tundecodable\t14",
		"SELECT native_id, handle FROM observatory.identities":                                         "4200000001\tsomeone",
		"SELECT topic, max(next_offset) FROM observatory_store.progress GROUP BY topic ORDER BY topic": "coverage.v1\t1\nposts.v1\t4\nrejects.v1\t2",
		"SELECT DISTINCT next_offset, hour FROM observatory_store.changed_hours":                       "4\t2014-05-13 16:00:00",
	} {
		if diff := cmp.Diff(want, ask(t, e, query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

func TestABatchIsNotDoneBeforeItsRejectsAreInTheLog(t *testing.T) {
	t.Parallel()
	p, out, e := newPipeline(t)
	out.err = errors.New("the log is full")
	b := batchOf(schema.TopicPosts, 0, []byte{0xff}, encode(t, examplePost("454016550023229440", "one")))
	if err := p.Handle(t.Context(), b); !errors.Is(err, out.err) {
		t.Fatalf("got %v", err)
	}
	if got := ask(t, e, "SELECT count() FROM observatory_store.progress"); got != "0" {
		t.Errorf("%s rows of progress", got)
	}
	out.err = nil
	if err := p.Handle(t.Context(), b); err != nil || len(out.events) != 1 {
		t.Fatalf("%v, %d rejects", err, len(out.events))
	}
}

func TestAGapIsInCoverage(t *testing.T) {
	t.Parallel()
	p, _, e := newPipeline(t)
	b := batchOf(schema.TopicPosts, 100, encode(t, examplePost("454016550023229440", "one")))
	b.Gap = &eventlog.Gap{From: 40, To: 100}
	empty := &eventlog.Batch{Topic: schema.TopicPosts, Partition: 1, First: 7, Next: 7, Gap: &eventlog.Gap{From: 7, To: 9}}
	replaced := &eventlog.Batch{Topic: schema.TopicPosts, Partition: 2, First: 0, Next: 0, Gap: &eventlog.Gap{From: 5, To: 9}}
	for _, b := range []*eventlog.Batch{b, b, empty, replaced} {
		if err := p.Handle(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	want := "log/posts.v1/0\tlog_retention\t60\t1\nlog/posts.v1/1\tlog_retention\t2\t1\nlog/posts.v1/2\tlog_replaced\t4\t1"
	if got := ask(t, e, "SELECT source, gap_reason, expected, gap_to IS NOT NULL FROM observatory.coverage ORDER BY source"); got != want {
		t.Errorf("got %s", got)
	}
}
