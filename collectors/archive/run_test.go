package archive

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/schema"
)

// like is an event that is only counted.
func like(n int) string {
	return fmt.Sprintf(`{"did":"did:plc:invented","time_us":%d,"kind":"commit","commit":{"rev":"3l3qo2vuow32b","operation":"create","collection":"app.bsky.feed.like","rkey":"k%d"}}`, 1725911162000000+int64(n)*1000, n)
}

// post is an event that is a post.
func post(n int) string {
	return fmt.Sprintf(`{"did":"did:plc:invented%d","time_us":%d,"kind":"commit","commit":{"rev":"3l3qo2vuow32b","operation":"create","collection":"app.bsky.feed.post","rkey":"k%d","record":{"text":"Number %d","createdAt":"2024-09-09T19:46:02Z"}}}`,
		n%7, 1725911162000000+int64(n)*1000, n, n)
}

func many(n int, record func(int) string) []byte {
	var b bytes.Buffer
	for i := range n {
		b.WriteString(record(i))
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstandard(t *testing.T, data []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(data, nil)
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCompressedFilesAreReadAsTheyAre(t *testing.T) {
	t.Parallel()
	data := many(100, post)
	half := len(data) / 2
	for name, file := range map[string][]byte{
		"plain": data, "byte order mark": append([]byte("\xef\xbb\xbf"), data...),
		"gzip": gzipped(t, data), "zstd": zstandard(t, data),
		"two gzip members": append(gzipped(t, data[:half]), gzipped(t, data[half:])...),
		"two zstd frames":  append(zstandard(t, data[:half]), zstandard(t, data[half:])...),
		"no last break":    bytes.TrimSuffix(data, []byte("\n")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if sum, _ := read(t, config("jetstream", write(t, "any.name", file))); sum.Posts != 100 || len(sum.Rejected) != 0 {
				t.Errorf("%+v", sum)
			}
		})
	}
}

func TestAnEmptyFileIsNoFault(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"twitter-v1", "jetstream", "ira-csv"} {
		for name, data := range map[string][]byte{"plain": nil, "gzip": gzipped(t, nil), "line breaks": []byte("\n\n")} {
			if sum, events := read(t, config(format, write(t, name, data))); sum.Read != 0 || len(events) != 0 || len(sum.Rejected) != 0 {
				t.Errorf("%s, %s: %+v, %d events", format, name, sum, len(events))
			}
		}
	}
}

func TestFilesThatCannotBeReadToTheEnd(t *testing.T) {
	t.Parallel()
	data := many(2000, post)
	gz, zs := gzipped(t, data), zstandard(t, data)
	damaged := slices.Clone(gz)
	damaged[len(gz)-6] ^= 0xff // In the checksum.
	for name, c := range map[string]struct {
		file  []byte
		least uint64
	}{
		"gzip cut short":      {gz[:len(gz)*9/10], 1000},
		"zstd cut short":      {zs[:len(zs)*9/10], 0},
		"gzip, wrong sum":     {damaged, 1900},
		"gzip, then nonsense": {append(slices.Clone(gz), []byte("nonsense, and more of it")...), 2000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log sink
			path := write(t, "cut.jsonl", c.file)
			a := newArchive(t, config("jetstream", path), collectors.NewCursors(t.TempDir()))
			err := a.Run(t.Context(), log.emit)
			if err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error does not name the file in one line: %v", err)
			}
			if sum := a.Summary(); sum.Posts < c.least || sum.Posts > 2000 || len(sum.Rejected) != 0 || uint64(len(distinct(log.events))) != sum.Posts {
				t.Errorf("%+v, %d on the log", sum, len(distinct(log.events)))
			}
		})
	}
}

func TestErrorsSayWhatToChange(t *testing.T) {
	t.Parallel()
	posts := write(t, "posts.jsonl", many(30, post))
	table := write(t, "table.csv", []byte("author_id,content\na,b\n"))
	nested := write(t, "twice.gz", gzipped(t, gzipped(t, many(3000, post))))
	for name, c := range map[string]struct {
		format, file string
		want         []string
	}{
		"another format":       {"twitter-v1", posts, []string{posts, "does not look like twitter-v1", "--format"}},
		"no table":             {"ira-csv", posts, []string{posts, "author_id", "--format"}},
		"a missing column":     {"ira-csv", table, []string{table, "publish_date"}},
		"no file":              {"jetstream", posts + ".absent", []string{posts + ".absent", "cannot be read"}},
		"a directory":          {"jetstream", filepath.Dir(posts), []string{"is a directory"}},
		"a device":             {"jetstream", "/dev/zero", []string{"not a regular file"}},
		"compressed too often": {"jetstream", nested, []string{nested, "does not look like jetstream"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log sink
			err := newArchive(t, config(c.format, c.file), collectors.NewCursors(t.TempDir())).Run(t.Context(), log.emit)
			if err == nil || len(log.events) != 0 {
				t.Fatalf("%v, %d events", err, len(log.events))
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
}

func TestTheSameContentTwiceIsReadOnce(t *testing.T) {
	t.Parallel()
	data := many(50, post)
	a, b := write(t, "a.jsonl", data), write(t, "b.jsonl", data)
	sum, events := read(t, config("jetstream", a, b, a))
	if sum.Read != 50 || len(distinct(events)) != 50 {
		t.Errorf("%+v", sum)
	}
}

func TestImportingAgainEmitsTheSame(t *testing.T) {
	t.Parallel()
	cursors := collectors.NewCursors(t.TempDir())
	cfg := config("jetstream", write(t, "a.jsonl", many(50, post)), write(t, "b.jsonl", many(70, like)))
	var logs [2]sink
	for n := range logs {
		a := newArchive(t, cfg, cursors)
		if err := a.Run(t.Context(), logs[n].emit); err != nil {
			t.Fatal(err)
		}
		if sum := a.Summary(); sum.Read != 120 {
			t.Errorf("run %d: %+v", n, sum)
		}
		if p := a.Progress(); p.FilesDone != 2 || p.BytesDone != p.Bytes || p.Bytes == 0 {
			t.Errorf("progress at the end: %+v", p)
		}
	}
	if a, b := sortedBytes(t, logs[0].events), sortedBytes(t, logs[1].events); !slices.Equal(a, b) {
		t.Error("the second import says something else")
	}
}

func TestASummaryCountsEarlierRunsToo(t *testing.T) {
	t.Parallel()
	cursors := collectors.NewCursors(t.TempDir())
	cfg := config("jetstream", write(t, "a.jsonl", many(100, post)))
	cfg.ChunkRecords = 10
	calls := 0
	failing := func(context.Context, []*schema.Event) error {
		if calls++; calls == 6 {
			return errors.New("no")
		}
		return nil
	}
	if err := newArchive(t, cfg, cursors).Run(t.Context(), failing); err == nil {
		t.Fatal("no error")
	}
	var log sink
	a := newArchive(t, cfg, cursors)
	if err := a.Run(t.Context(), log.emit); err != nil {
		t.Fatal(err)
	}
	if sum := a.Summary(); sum.Posts != 100 || len(distinct(log.events)) != 50 {
		t.Errorf("%+v; the second run emitted %d posts", sum, len(distinct(log.events)))
	}
}

func TestAFileThatChangesIsAnError(t *testing.T) {
	t.Parallel()
	path := write(t, "live.jsonl", many(100, post))
	cfg := config("jetstream", path)
	cfg.ChunkRecords = 10
	changing := func(context.Context, []*schema.Event) error {
		return os.Chtimes(path, time.Now(), time.Now().Add(time.Hour))
	}
	err := newArchive(t, cfg, collectors.NewCursors(t.TempDir())).Run(t.Context(), changing)
	if err == nil || !strings.Contains(err.Error(), path+" changed") {
		t.Errorf("%v", err)
	}
}

func TestConfigurationsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Config){
		`no format "x"`:         func(c *Config) { c.Format = "x" },
		"at least one file":     func(c *Config) { c.Files = nil },
		"above zero":            func(c *Config) { c.ChunkRecords = 0 },
		"needs --platform":      func(c *Config) { c.Format, c.Object = "shares-csv", "url" },
		"and --object":          func(c *Config) { c.Format, c.Platform, c.Object = "shares-csv", schema.PlatformX, "likes" },
		"leave out --platform":  func(c *Config) { c.Platform = schema.PlatformX },
		"leave out --platform ": func(c *Config) { c.Object = "url" },
	} {
		cfg := config("jetstream", "a")
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), strings.TrimSpace(want)) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}
