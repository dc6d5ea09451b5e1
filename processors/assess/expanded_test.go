package assess_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/processors/assess"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

// The hours of short links are counted again when it becomes known where these
// lead, by a runner that goes on and by one that has just begun.
func TestHoursOfExpandedLinksAreCountedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Minute)
	recent := time.Now().Add(-3 * time.Hour).Truncate(time.Hour)
	var posts []tag.Post
	for n, short := range []string{"https://t.co/a", "https://t.co/b"} {
		p := linking(n, 1, "t.co")
		p.CreatedMS = recent.Add(time.Duration(n) * time.Hour).UnixMilli()
		p.Links = []tag.Link{{URL: short, Domain: "t.co", Unresolved: true}}
		posts = append(posts, p)
	}
	w := b.store.NewWriter()
	deliverPosts(t.Context(), t, w, "log", 0, posts)
	unresolved := func(want string) {
		t.Helper()
		cfg := assess.DefaultConfig()
		cfg.Watch, cfg.Poll = 50*time.Millisecond, 20*time.Millisecond
		r, err := assess.New(cfg, b.store, assess.Work{Methods: []assess.Method{assess.NewLinks(b.store.DB()), assess.NewHourly(b.store.DB())}}, zap.NewNop(), prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		got := ""
		for deadline := time.Now().Add(2 * time.Minute); got != want && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
			got = b.ask(t, "SELECT sum(unresolved) FROM observatory.hourly WHERE query = '' AND source_class = ''")
		}
		stop()
		if err := <-done; err != nil || got != want {
			t.Fatalf("%s links are unresolved, want %s: %v", got, want, err)
		}
	}
	unresolved("2")
	follow := func(offset uint64, short string) {
		t.Helper()
		w.Begin(store.Batch{Partition: store.Partition{Log: "log", Topic: schema.TopicPosts}, First: offset, Next: offset + 1})
		x := tag.Event{Offset: offset, Expansion: &tag.Expansion{URL: short, Status: "resolved", ExpandedMS: time.Now().UnixMilli(), Target: tag.Link{URL: "https://example.org/", Domain: "example.org"}, Version: tag.Version{Low: 1}}}
		if err := w.Add(&x, time.Now().UnixMilli()); err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	follow(10, "https://t.co/a")
	unresolved("1")
	go func() {
		time.Sleep(500 * time.Millisecond)
		follow(11, "https://t.co/b")
	}()
	unresolved("0")
}
