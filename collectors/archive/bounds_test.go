package archive

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/schema"
)

// bomb is a gzip file of a record that is size MB long, between two others.
func bomb(t *testing.T, size int) string {
	t.Helper()
	part := gzipped(t, bytes.Repeat([]byte("{"), 1<<20))
	return write(t, "bomb.jsonl.gz", slices.Concat(gzipped(t, []byte(post(1)+"\n")), bytes.Repeat(part, size), gzipped(t, []byte("\n"+post(2)+"\n"))))
}

// TestMemoryIsBounded is not parallel: it looks at what the process holds.
func TestMemoryIsBounded(t *testing.T) {
	columns := []byte("author_id,publish_date,content\n")
	for name, c := range map[string]struct {
		file    string
		records uint64
	}{
		"one line of 300 MB":  {bomb(t, 300), 3},
		"many lines of 5 MB":  {write(t, "long.jsonl.gz", bytes.Repeat(gzipped(t, append(bytes.Repeat([]byte("x"), 5<<20), 10)), 40)), 40},
		"a million brackets":  {write(t, "deep.jsonl.gz", bytes.Repeat(gzipped(t, append(bytes.Repeat([]byte("["), 1<<20), 10)), 100)), 100},
		"likes without end":   {write(t, "likes.jsonl.gz", gzipped(t, many(50_000, like))), 50_000},
		"rows of open quotes": {write(t, "quotes.csv", append(columns, bytes.Repeat([]byte("\"a\n"), 1<<17)...)), 1 << 19},
	} {
		t.Run(name, func(t *testing.T) {
			peak := uint64(0)
			runtime.GC()
			var before runtime.MemStats
			runtime.ReadMemStats(&before)
			done := make(chan struct{})
			go func() {
				defer close(done)
				cfg := config("jetstream", c.file)
				if strings.HasSuffix(c.file, ".csv") {
					cfg.Format = "ira-csv"
				}
				var n uint64
				a := newArchive(t, cfg, collectors.NewCursors(t.TempDir()))
				err := a.Run(t.Context(), func(context.Context, []*schema.Event) error { return nil })
				sum := a.Summary()
				for _, rejected := range sum.Rejected {
					n += rejected
				}
				refused := err != nil && strings.Contains(err.Error(), "does not look like")
				if n += sum.Read; !refused && (err != nil || n != c.records) {
					t.Errorf("%d records, want %d; %v", n, c.records, err)
				}
			}()
			for {
				select {
				case <-done:
					if peak > before.HeapInuse+192<<20 {
						t.Errorf("the heap grew from %d to %d MB", before.HeapInuse>>20, peak>>20)
					}
					t.Logf("the heap was %d MB at most", peak>>20)
					return
				case <-time.After(5 * time.Millisecond):
					var now runtime.MemStats
					runtime.ReadMemStats(&now)
					peak = max(peak, now.HeapInuse)
				}
			}
		})
	}
}

// TestAFailingLogEndsReading has a log that fails at once, and a line after the
// first that would take long to read.
func TestAFailingLogEndsReading(t *testing.T) {
	t.Parallel()
	path := write(t, "sparse.jsonl", []byte(post(1)+"\n"))
	if err := os.Truncate(path, 512<<20); err != nil {
		t.Fatal(err)
	}
	cfg := config("jetstream", path)
	cfg.ChunkRecords = 1
	fault := errors.New("no")
	a := newArchive(t, cfg, collectors.NewCursors(t.TempDir()))
	err := a.Run(t.Context(), func(context.Context, []*schema.Event) error { return fault })
	if p := a.Progress(); !errors.Is(err, fault) || p.BytesDone >= p.Bytes {
		t.Errorf("%v after %d of %d bytes", err, p.BytesDone, p.Bytes)
	}
}

// TestTheEndOfTheContextIsQuick ends a run in the middle of a line that would
// take long.
func TestTheEndOfTheContextIsQuick(t *testing.T) {
	t.Parallel()
	path := bomb(t, 3000)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	err := newArchive(t, config("jetstream", path), collectors.NewCursors(t.TempDir())).Run(ctx, func(context.Context, []*schema.Event) error { return nil })
	if took := time.Since(start); err != nil || took > 5*time.Second {
		t.Errorf("%v after %v", err, took)
	}
}
