package archive

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap/zaptest"
	"google.golang.org/protobuf/proto"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/schema"
)

// recording is where recordings of real posts lie; the test is skipped where
// there are none.
func recording(tb testing.TB, name string) string {
	tb.Helper()
	root := os.Getenv("OBSERVATORY_TESTDATA")
	if root == "" {
		root = "../../../shared/data"
	}
	path := filepath.Join(root, name)
	if _, err := os.Stat(path); err != nil {
		tb.Skipf("no recordings: set OBSERVATORY_TESTDATA to where %s is", name)
	}
	return path
}

// sink is a log that keeps what it is given.
type sink struct {
	mu     sync.Mutex
	events []*schema.Event
}

func (s *sink) emit(_ context.Context, batch []*schema.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, batch...)
	return nil
}

func importTime() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

func newArchive(tb testing.TB, cfg Config, cursors *collectors.Cursors) *Archive {
	tb.Helper()
	a, err := New(cfg, cursors, importTime, zaptest.NewLogger(tb), prometheus.NewRegistry())
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// read imports files whole and returns what reached the log.
func read(tb testing.TB, cfg Config) (Summary, []*schema.Event) {
	tb.Helper()
	var log sink
	a := newArchive(tb, cfg, collectors.NewCursors(tb.TempDir()))
	if err := a.Run(tb.Context(), log.emit); err != nil {
		tb.Fatal(err)
	}
	return a.Summary(), log.events
}

func config(format string, files ...string) Config {
	cfg := DefaultConfig()
	cfg.Format, cfg.Files = format, files
	return cfg
}

// distinct are the posts that are left when versions of one collapse.
func distinct(events []*schema.Event) map[string]*schema.Post {
	posts := map[string]*schema.Post{}
	for _, e := range events {
		if p := e.GetPost(); p != nil {
			posts[p.GetNativeId()+"\x00"+p.GetAuthor().GetNativeId()+p.GetAuthor().GetHandle()] = p
		}
	}
	return posts
}

func TestPostsOfTheInternetResearchAgency(t *testing.T) {
	t.Parallel()
	sum, events := read(t, config("ira-csv", recording(t, "campaign/ira_german_2017.csv.gz")))
	if sum.Read != 55_834 || sum.Posts != 55_834 || len(sum.Rejected) != 0 {
		t.Errorf("read %d, posts %d, rejected %v", sum.Read, sum.Posts, sum.Rejected)
	}
	posts := distinct(events)
	if len(posts) != 55_646 {
		t.Errorf("%d distinct posts, want 55646", len(posts))
	}
	accounts, kinds, languages := map[string]bool{}, map[string]int{}, map[string]int{}
	linked := 0
	for _, p := range posts {
		accounts[p.GetAuthor().GetHandle()] = true
		kinds[p.GetKind().Name()]++
		languages[p.GetLangs()[0]]++
		if len(p.GetLinks()) > 0 {
			linked++
		}
		if day := time.UnixMilli(p.GetClaimedMs()).UTC().Format(time.DateOnly); day < "2017-01-01" || day > "2017-09-30" {
			t.Fatalf("a post of %s", day)
		}
	}
	if len(accounts) != 167 || languages["de"] != len(posts) {
		t.Errorf("%d accounts, languages %v", len(accounts), languages)
	}
	t.Logf("kinds %v, with links %d", kinds, linked)
}

func TestStreamOfTwitter(t *testing.T) {
	t.Parallel()
	sum, events := read(t, config("twitter-v1", recording(t, "platforms/twitter_v11_stream.jsonl.gz")))
	posts := distinct(events)
	if sum.Read != 478 || sum.Posts != 474 || sum.Deleted != 4 || len(sum.Rejected) != 0 || len(posts) != 474 {
		t.Errorf("%+v, %d distinct posts", sum, len(posts))
	}
	hit := 0
	for _, e := range events {
		if d := e.GetDelete(); d != nil && posts[d.GetNativeId()+"\x00"+authorOf(posts, d)] != nil {
			hit++
		}
	}
	if hit != 3 {
		t.Errorf("%d deletions hit a post of their author, want 3", hit)
	}
}

// authorOf is the author of the deleted post where it is the one that the
// notice names, as [distinct] writes authors.
func authorOf(posts map[string]*schema.Post, d *schema.Delete) string {
	for _, p := range posts {
		if p.GetNativeId() == d.GetNativeId() && p.GetAuthor().GetNativeId() == d.GetAuthorId() {
			return p.GetAuthor().GetNativeId() + p.GetAuthor().GetHandle()
		}
	}
	return ""
}

func TestEventsOfJetstream(t *testing.T) {
	t.Parallel()
	sum, events := read(t, config("jetstream", recording(t, "platforms/jetstream_v1_events.jsonl")))
	if sum.Read != 152 || len(sum.Rejected) != 0 || sum.Deleted != 1 {
		t.Errorf("%+v", sum)
	}
	kinds := map[string]int{}
	for _, p := range distinct(events) {
		kind := p.GetKind().Name()
		if kind != "repost" {
			kind = "post"
		}
		kinds[kind]++
	}
	if kinds["post"] != 17 || kinds["repost"] != 15 || sum.Kinds["like"] != 105 || sum.Kinds["follow"] != 6 {
		t.Errorf("%v; by kind %v", kinds, sum.Kinds)
	}
	var received, emitted uint64
	byKind := map[string]uint64{}
	for _, e := range events {
		if c := e.GetCoverage(); c != nil {
			received, emitted = received+c.GetReceived(), emitted+c.GetEmitted()
			for kind, n := range c.GetKinds() {
				byKind[kind] += n
			}
		}
	}
	if received != 152 || emitted != sum.Emitted || byKind["like"] != 105 || byKind["follow"] != 6 {
		t.Errorf("coverage has received %d, emitted %d, kinds %v; the summary %+v", received, emitted, byKind, sum)
	}
}

func TestSharesOfRussianAccounts(t *testing.T) {
	t.Parallel()
	cfg := config("shares-csv", recording(t, "coordination/russian_coord_tweets.csv.gz"))
	cfg.Platform, cfg.Object = schema.PlatformX, "url"
	sum, events := read(t, cfg)
	if sum.Read != 35_125 || len(sum.Rejected) != 0 {
		t.Errorf("%+v", sum)
	}
	type share struct {
		object, account, content string
		ms                       int64
	}
	shares := map[share]bool{}
	for _, e := range events {
		if p := e.GetPost(); p != nil {
			shares[share{p.GetShares()[0].GetObject(), p.GetAuthor().GetNativeId(), p.GetNativeId(), p.GetShares()[0].GetClaimedMs()}] = true
		}
	}
	if posts := distinct(events); len(posts) != 35_085 || len(shares) != 35_124 {
		t.Errorf("%d posts, want 35085; %d shares, want 35124", len(posts), len(shares))
	}
}

// TestTheOrderOfFilesDoesNotMatter cuts a recording into three files.
func TestTheOrderOfFilesDoesNotMatter(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(recording(t, "platforms/jetstream_v1_events.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var files [3]string
	lines := bytes.SplitAfter(data, []byte("\n"))
	for n := range files {
		files[n] = filepath.Join(t.TempDir(), "part.jsonl")
		if err := os.WriteFile(files[n], slices.Concat(lines[n*len(lines)/3:(n+1)*len(lines)/3]...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, one := read(t, config("jetstream", files[0], files[1], files[2]))
	_, other := read(t, config("jetstream", files[2], files[0], files[1], files[0]))
	if a, b := sortedBytes(t, one), sortedBytes(t, other); !slices.Equal(a, b) {
		t.Errorf("the events of the same files in another order differ: %d and %d", len(a), len(b))
	}
}

func sortedBytes(tb testing.TB, events []*schema.Event) []string {
	tb.Helper()
	list := make([]string, 0, len(events))
	for _, e := range events {
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(e)
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, string(b))
	}
	slices.Sort(list)
	return list
}
