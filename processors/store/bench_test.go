package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

// BenchmarkCommit writes batches of 20,000 posts through the engine, with and
// without waiting for the disk.
func BenchmarkCommit(b *testing.B) {
	for _, sync := range []int{1, 0} {
		b.Run(fmt.Sprint("fsync=", sync), func(b *testing.B) {
			s, _ := open(b)
			if sync == 0 {
				for _, table := range schema.Tables() {
					if err := s.DB().Exec(b.Context(), "ALTER TABLE observatory_store."+table.Name+" MODIFY SETTING fsync_after_insert = 0, fsync_part_directory = 0"); err != nil {
						b.Fatal(err)
					}
				}
			}
			const size = 20_000
			w := s.NewWriter()
			total := 0
			for b.Loop() {
				w.Begin(batch(uint64(total), uint64(total+size)))
				for i := range size {
					n := total + i
					ms := int64(1_700_000_000_000 + n*20)
					p := tag.Post{
						Platform: schema.PlatformBluesky, Kind: schema.KindPost, IDDay: uint16(ms / 86_400_000), PostID: numbered(n * 7919), AccountID: numbered(n % 3000),
						ClaimedMS: ms, CreatedMS: ms, CollectedMS: ms + 800, ImportedMS: ms, Lang: "de", LangSource: "declared", Text: strings.Repeat(fmt.Sprint("word", n%97, " "), 25),
						TextHash: uint64(n), Collector: "bluesky", Source: "s", NativeID: fmt.Sprintf("at://did:plc:%020d/app.bsky.feed.post/%013d", n%3000, n),
					}
					ev := tag.Event{Post: &p, Offset: uint64(n), Identities: []tag.Identity{{Platform: p.Platform, AccountID: p.AccountID, NativeID: "did:plc:x", ImportedMS: 4102444800000}}}
					if err := w.Add(&ev, 0); err != nil {
						b.Fatal(err)
					}
				}
				if err := w.Commit(b.Context()); err != nil {
					b.Fatal(err)
				}
				total += size
			}
			b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "posts/s")
			b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms/batch")
		})
	}
}
