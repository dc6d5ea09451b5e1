package store_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

// benchBatch is how many posts a commit writes, twice what a consumer hands over
// at once when it is behind.
const benchBatch = 50_000

// BenchmarkCommit writes batches of posts with their authors' identities
// through the engine, with and without waiting for the disk, one partition at a
// time and two. An operation is a batch of each partition.
func BenchmarkCommit(b *testing.B) {
	for _, c := range []struct{ sync, writers int }{{1, 1}, {0, 1}, {1, 2}} {
		b.Run(fmt.Sprintf("fsync=%d/partitions=%d", c.sync, c.writers), func(b *testing.B) {
			s, e := open(b)
			if c.sync == 0 {
				for _, table := range schema.Tables() {
					if err := s.DB().Exec(b.Context(), "ALTER TABLE observatory_store."+table.Name+" MODIFY SETTING fsync_after_insert = 0, fsync_part_directory = 0"); err != nil {
						b.Fatal(err)
					}
				}
			}
			writers := make([]*store.Writer, c.writers)
			for i := range writers {
				writers[i] = s.NewWriter()
			}
			posts := 0
			engineCPU, ownCPU := engineTime(b, e), ownTime(b)
			for b.Loop() {
				var running sync.WaitGroup
				for i, w := range writers {
					first := posts + i*benchBatch
					running.Go(func() {
						if err := commitPosts(b, w, uint32(i), first); err != nil {
							b.Error(err)
						}
					})
				}
				running.Wait()
				posts += len(writers) * benchBatch
			}
			b.ReportMetric(float64(posts)/b.Elapsed().Seconds(), "posts/s")
			b.ReportMetric(float64((ownTime(b)-ownCPU).Microseconds())/float64(posts), "own-µs/post")
			b.ReportMetric(float64((engineTime(b, e)-engineCPU).Microseconds())/float64(posts), "engine-µs/post")
		})
	}
}

func commitPosts(b *testing.B, w *store.Writer, partition uint32, first int) error {
	b.Helper()
	at := store.Partition{Log: "log", Topic: schema.TopicPosts, Partition: partition}
	w.Begin(store.Batch{Partition: at, First: uint64(first), Next: uint64(first + benchBatch)})
	rng := rand.New(rand.NewPCG(uint64(first), 0))
	for i := range benchBatch {
		n := first + i
		ms := int64(1_700_000_000_000 + n*20)
		p := tag.Post{
			Platform: schema.PlatformBluesky, Kind: schema.KindPost, IDDay: uint16(ms / 86_400_000), IdentityMS: ms, PostID: random(rng), AccountID: numbered(rng.IntN(30_000)),
			ClaimedMS: ms, CreatedMS: ms, CollectedMS: ms + 800, ImportedMS: ms, Lang: "de", LangSource: "declared", Text: words(rng),
			TextHash: rng.Uint64(), Collector: "bluesky", Source: "s", NativeID: fmt.Sprintf("at://did:plc:%020d/app.bsky.feed.post/%013d", n%3000, n),
		}
		ev := tag.Event{Post: &p, Offset: uint64(n), Identities: []tag.Identity{{Platform: p.Platform, AccountID: p.AccountID, NativeID: "did:plc:x", ImportedMS: 4102444800000}}}
		if err := w.Add(&ev, 0); err != nil {
			return err
		}
	}
	return w.Commit(b.Context())
}

func random(rng *rand.Rand) uuid.UUID {
	var id uuid.UUID
	binary.LittleEndian.PutUint64(id[:8], rng.Uint64())
	binary.LittleEndian.PutUint64(id[8:], rng.Uint64())
	return id
}

// words is a text of some 150 bytes.
func words(rng *rand.Rand) string {
	const vocabulary = "the vote count in every district shows how turnout grew since morning and observers met few delays at polling stations while parties wait for results"
	all := strings.Fields(vocabulary)
	var b strings.Builder
	for b.Len() < 150 {
		b.WriteString(all[rng.IntN(len(all))])
		b.WriteByte(' ')
	}
	return b.String()
}

// engineTime is the CPU time of the engine's threads.
func engineTime(b *testing.B, e *enginetest.Engine) time.Duration {
	b.Helper()
	got, err := e.Ask(engine.RoleOwner, "SELECT sum(value) FROM system.events WHERE event IN ('OSCPUVirtualTimeMicroseconds')")
	if err != nil {
		b.Fatal(err)
	}
	us, err := strconv.ParseInt(strings.TrimSpace(got), 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return time.Duration(us) * time.Microsecond
}

// ownTime is the CPU time of this process.
func ownTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkCountPosts counts five million posts through the view, collapse and
// deletions included, before and after merges.
func BenchmarkCountPosts(b *testing.B) {
	if testing.Short() {
		b.Skip("it writes five million posts first")
	}
	const posts = 5_000_000
	s, e := open(b)
	w := s.NewWriter()
	for first := 0; first < posts; first += benchBatch {
		if err := commitPosts(b, w, 0, first); err != nil {
			b.Fatal(err)
		}
	}
	queries := map[string]string{
		"all": "SELECT count() FROM observatory.posts", "by language": "SELECT lang, count() FROM observatory.posts GROUP BY lang",
		"a day": "SELECT count() FROM observatory.posts WHERE created_at >= '2023-11-15' AND created_at < '2023-11-16'", "hourly": "SELECT sum(posts) FROM observatory.hourly",
	}
	for _, state := range []string{"as written", "merged"} {
		if state == "merged" {
			if err := s.DB().Exec(b.Context(), "OPTIMIZE TABLE observatory_store.post_rows FINAL"); err != nil {
				b.Fatal(err)
			}
		}
		for name, query := range queries {
			b.Run(state+"/"+name, func(b *testing.B) {
				for b.Loop() {
					if _, err := e.Ask(engine.RoleResearcher, query); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
