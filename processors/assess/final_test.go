package assess_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/processors/assess"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

const (
	manyDays = 60
	perDay   = 1000
	dayMS    = 24 * 3600 * 1000
)

// settledPost is post n of a day, written in the hour n%24 of it.
func settledPost(day, n int) tag.Post {
	ms := epoch + int64(day)*dayMS + int64(n%24)*3600_000
	return tag.Post{
		Platform: schema.PlatformX, Kind: schema.KindPost, IDDay: uint16(ms / dayMS), IdentityMS: ms, ClaimedMS: ms, CreatedMS: ms, CollectedMS: ms + 1, ImportedMS: ms,
		PostID: uuid.UUID{byte(n), byte(n >> 8), byte(day), 0, 0, 0, 0x80, 0, 0x80, 15: 1}, AccountID: uuid.UUID{byte(n % 50), 0, 0, 0, 0, 0, 0x80, 0, 0x80, 15: 1}, Lang: "de", Version: tag.Version{Low: 1},
	}
}

// deliverPosts writes posts as one batch.
func deliverPosts(ctx context.Context, t *testing.T, w *store.Writer, log string, first uint64, posts []tag.Post) {
	t.Helper()
	w.Begin(store.Batch{Partition: store.Partition{Log: log, Topic: schema.TopicPosts}, First: first, Next: first + uint64(len(posts))})
	for i := range posts {
		if err := w.Add(&tag.Event{Post: &posts[i], Offset: first + uint64(i)}, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(ctx); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) ask(t *testing.T, query string, params ...string) string {
	t.Helper()
	got, err := b.engine.Ask(engine.RoleOwner, query, params...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(got)
}

// The index on the event time must not hide that a post has moved: a newer
// version in another granule, which the index skips, still counts.
func TestAnIndexedReadSeesPostsThatMoved(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Minute)
	w := b.store.NewWriter()
	var all, moved []tag.Post
	for day := range manyDays {
		for n := range perDay {
			p := settledPost(day, n)
			all = append(all, p)
			if n%10 == 0 { // Edited into another year.
				p.Revision, p.Version.High = 1, 1
				p.CreatedMS += 400 * dayMS
				moved = append(moved, p)
			}
		}
	}
	deliverPosts(t.Context(), t, w, "log", 0, all)
	deliverPosts(t.Context(), t, w, "log", uint64(len(all)), moved)
	from := epoch + 30*dayMS
	query := fmt.Sprintf("SELECT count() FROM observatory.posts WHERE created_at >= fromUnixTimestamp64Milli(%d) AND created_at < fromUnixTimestamp64Milli(%d)", from, from+dayMS)
	want := fmt.Sprint(perDay - perDay/10)
	if got := b.ask(t, query); got != want {
		t.Errorf("a day has %s posts, want %s", got, want)
	}
	if got := b.ask(t, query, "use_skip_indexes_if_final", "1", "use_skip_indexes_if_final_exact_mode", "0"); got == want {
		t.Error("the index skips nothing: this test proves nothing")
	}
	hour := assess.Hour(from / 1000)
	if err := assess.NewHourly(b.store.DB()).Compute(t.Context(), []assess.Hour{hour}, 1); err != nil {
		t.Fatal(err)
	}
	shown := 0
	for n := 0; n < perDay; n += 24 {
		if n%10 != 0 {
			shown++
		}
	}
	if got, want := b.ask(t, "SELECT sum(posts) FROM observatory.hourly"), fmt.Sprint(shown); got != want {
		t.Errorf("the hour has %s posts, want %s", got, want)
	}
}

// Readers see the same while the same posts come again, hours are computed again
// and everything is merged.
func TestReadersSeeTheSameDuringMerges(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Minute)
	var posts []tag.Post
	for day := range 3 {
		for n := range perDay {
			posts = append(posts, settledPost(day, n))
		}
	}
	deliverPosts(t.Context(), t, b.store.NewWriter(), "log", 0, posts)
	if _, err := b.runner.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	var over atomic.Bool
	var deliveries atomic.Int64
	var writers sync.WaitGroup
	next := uint64(len(posts))
	writers.Go(func() {
		w := b.store.NewWriter()
		for ; !over.Load(); next += uint64(len(posts)) {
			b.again(t.Context(), t, w, next, posts)
			deliveries.Add(1)
		}
	})
	writers.Go(func() {
		for !over.Load() {
			b.merge(t)
		}
	})
	want := fmt.Sprintf("%d\t%d", len(posts), len(posts))
	reads := 0
	for ; (reads < 20 || deliveries.Load() < 3) && !t.Failed(); reads++ {
		if got := b.ask(t, "SELECT (SELECT count() FROM observatory.posts), (SELECT sum(posts) FROM observatory.hourly)"); got != want {
			t.Errorf("read %d: %s, want %s", reads, got, want)
			break
		}
	}
	over.Store(true)
	writers.Wait()
}

func (b *bench) again(ctx context.Context, t *testing.T, w *store.Writer, first uint64, posts []tag.Post) {
	t.Helper()
	deliverPosts(ctx, t, w, "log", first, posts)
	if _, err := b.runner.Once(ctx); err != nil {
		t.Error(err)
	}
}

func (b *bench) merge(t *testing.T) {
	t.Helper()
	for _, table := range []string{schema.TablePosts, schema.TableHourly} {
		if _, err := b.engine.Ask(engine.RoleOwner, "OPTIMIZE TABLE observatory_store."+table+" FINAL"); err != nil {
			t.Error(err)
		}
	}
}
