package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/election-observatory/observatory/collectors"
)

// TestWhatIsNoTextIsNamed gives files that hold good records, in a way that is
// not undone.
func TestWhatIsNoTextIsNamed(t *testing.T) {
	t.Parallel()
	posts := many(3, post)
	tarred, zipped := tarOf(t, posts), zipOf(t, posts)
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"a.tar":     {tarred, "tar"},
		"a.tgz":     {gzipped(t, tarred), "tar"},
		"a.zip":     {zipped, "zip"},
		"a.zip.gz":  {gzipped(t, zipped), "zip"},
		"a.xz":      {[]byte("\xfd7zXZ\x00\x00\x04"), "xz"},
		"a.bz2":     {[]byte("BZh91AY&SY"), "bzip2"},
		"a.lz4":     {[]byte("\x04\x22\x4d\x18\x64"), "lz4"},
		"a.7z":      {[]byte("7z\xbc\xaf\x27\x1c\x00\x04"), "7z"},
		"a.parquet": {[]byte("PAR1\x15\x04"), "Parquet"},
		"a.db":      {[]byte("SQLite format 3\x00\x10\x00"), "SQLite"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log sink
			file := write(t, name, c.content)
			err := newArchive(t, config("jetstream", file), collectors.NewCursors(t.TempDir())).Run(t.Context(), log.emit)
			if err == nil || !strings.Contains(err.Error(), file+" is ") || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "unpack it") || len(log.events) != 0 {
				t.Errorf("%v, %d events", err, len(log.events))
			}
		})
	}
	if kind := foreign(posts); kind != "" {
		t.Errorf("posts are %s", kind)
	}
}

func tarOf(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: "a.jsonl", Mode: 0o600, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipOf(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("a.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
