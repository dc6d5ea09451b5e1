package rss

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/election-observatory/observatory/schema"
)

// archived calls visit with each file of an archive.
func archived(t *testing.T, name string, visit func(name string, body []byte)) {
	t.Helper()
	f, err := os.Open(testData(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	gz, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for entries := tar.NewReader(gz); ; {
		head, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if head.Typeflag != tar.TypeReg {
			continue
		}
		body, err := io.ReadAll(entries)
		if err != nil {
			t.Fatal(err)
		}
		visit(head.Name, body)
	}
}

// headerOf is a header that a test document wants to be served with.
func headerOf(body []byte, name string) string {
	for line := range strings.SplitSeq(string(body[:min(len(body), 2000)]), "\n") {
		if key, value, found := strings.Cut(strings.TrimSpace(line), ":"); found && strings.EqualFold(key, name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// TestCorpus reads the feeds of another reader's tests, well-formed and not, and
// says how many it could not read, and why.
func TestCorpus(t *testing.T) {
	t.Parallel()
	documents, read, items := 0, 0, 0
	why, examples := map[string]int{}, map[string]string{}
	archived(t, "feeds/feedparser_tests.tar.gz", func(name string, body []byte) {
		documents++
		got := readDocument(FeedConfig{URL: "https://example.org/feed"}, body, headerOf(body, "Content-Type"), "https://example.org/feed", noon)
		items += len(got.items)
		if got.whole {
			read++
		}
		for _, r := range got.refused {
			kind, _, _ := strings.Cut(r.position, " ")
			detail, _, _ := strings.Cut(r.detail, ":")
			if strings.Contains(r.detail, "XML syntax error") {
				detail = "syntax error of XML"
			}
			key := fmt.Sprintf("%s %s: %.60s", kind, r.reason, detail)
			why[key]++
			examples[key] = name
		}
		for _, it := range got.items {
			checkPost(t, name, it.post)
		}
	})
	t.Logf("%d of %d documents were read, with %d items", read, documents, items)
	for _, key := range slices.SortedFunc(maps.Keys(why), func(a, b string) int { return why[b] - why[a] }) {
		t.Logf("%5d %s (for example %s)", why[key], key, examples[key])
	}
	if documents < 2000 || read < documents*8/10 {
		t.Errorf("only %d of %d documents were read", read, documents)
	}
}

// checkPost holds what is true of every item.
func checkPost(t *testing.T, name string, p *schema.Post) {
	t.Helper()
	if p.GetNativeId() == "" || p.GetKind() != schema.KindItem || p.GetPlatform() != schema.PlatformRSS || p.GetSource() != p.GetAuthor().GetNativeId() {
		t.Errorf("%s: %v", name, p)
	}
	if _, err := p.MarshalVT(); err != nil || p.SizeVT() > schema.MaxEventBytes {
		t.Errorf("%s: %v, %d bytes", name, err, p.SizeVT())
	}
	if strings.ContainsRune(p.GetText(), 0) || strings.Contains(p.GetText(), "<script") {
		t.Errorf("%s: %.100q", name, p.GetText())
	}
}

// TestLists reads lists of feeds, most of which are not well-formed.
func TestLists(t *testing.T) {
	t.Parallel()
	lists, found, lines := 0, 0, 0
	why := map[string]int{}
	archived(t, "feeds/opml_lists.tar.gz", func(name string, body []byte) {
		if !strings.HasSuffix(name, ".opml") {
			return
		}
		lists++
		feeds, skipped := ReadOPML(strings.NewReader(string(body)))
		tags := strings.Count(string(body), "xmlUrl=")
		if len(feeds)+len(skipped) < tags {
			t.Errorf("%s: %d feeds and %d skipped of %d", name, len(feeds), len(skipped), tags)
		}
		found, lines = found+len(feeds), lines+tags
		for _, s := range skipped {
			reason, _, _ := strings.Cut(s.Reason, " of line")
			why[reason]++
			if s.Line < 1 || s.Line > strings.Count(string(body), "\n")+1 {
				t.Errorf("%s: %v", name, s)
			}
		}
		for _, feed := range feeds {
			if strings.ContainsAny(feed.URL, "<>\"") {
				t.Errorf("%s: %+v", name, feed)
			}
		}
	})
	t.Logf("%d lists: %d of %d feeds; skipped: %v", lists, found, lines, why)
	if lists != 118 || found < lines*9/10 {
		t.Errorf("%d lists, %d of %d feeds", lists, found, lines)
	}
}
