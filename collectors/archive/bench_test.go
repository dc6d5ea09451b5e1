package archive

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/schema"
)

// records are the records of a recording, with their decoder.
func records(tb testing.TB, cfg Config) (decoder, [][]byte) {
	tb.Helper()
	a := newArchive(tb, cfg, nil)
	f, err := openFile(tb.Context(), cfg.Files[0], &a.read)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(f.Close)
	d, split, err := a.decoderFor(f)
	if err != nil {
		tb.Fatal(err)
	}
	var list [][]byte
	for {
		arena, rec, err := split.next(nil, schema.MaxRejectBytes)
		if errors.Is(err, io.EOF) {
			return d, list
		}
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, arena[rec.from:rec.to])
	}
}

func BenchmarkDecode(b *testing.B) {
	for format, name := range map[string]string{
		"twitter-v1": "platforms/twitter_v11_stream.jsonl.gz",
		"jetstream":  "platforms/jetstream_v1_events.jsonl",
		"ira-csv":    "campaign/ira_german_2017.csv.gz",
		"shares-csv": "coordination/russian_coord_tweets.csv.gz",
	} {
		b.Run(format, func(b *testing.B) {
			cfg := config(format, recording(b, name))
			if format == "shares-csv" {
				cfg.Platform, cfg.Object = schema.PlatformX, "url"
			}
			d, list := records(b, cfg)
			benchmark(b, d, list)
		})
	}
	b.Run("jetstream-posts", func(b *testing.B) {
		d, list := records(b, config("jetstream", recording(b, "platforms/jetstream_v1_events.jsonl")))
		posts := list[:0:0]
		for _, rec := range list {
			if out, err := d.decode(rec); err == nil && out.Event.GetPost() != nil {
				posts = append(posts, rec)
			}
		}
		benchmark(b, d, posts)
	})
}

func benchmark(b *testing.B, d decoder, list [][]byte) {
	b.Helper()
	var size int64
	for _, rec := range list {
		size += int64(len(rec))
	}
	b.SetBytes(size / int64(len(list)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, err := d.decode(list[n%len(list)]); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

// BenchmarkImport reads a file of invented posts from disk to the log's door.
func BenchmarkImport(b *testing.B) {
	const posts = 50_000
	path := filepath.Join(b.TempDir(), "posts.jsonl")
	data := many(posts, post)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		a := newArchive(b, config("jetstream", path), collectors.NewCursors(b.TempDir()))
		if err := a.Run(b.Context(), func(context.Context, []*schema.Event) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/posts, "ns/post")
}
