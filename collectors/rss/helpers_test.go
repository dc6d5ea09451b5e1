package rss

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/internal/replay"
	"github.com/election-observatory/observatory/schema"
)

// noon is a Wednesday.
var noon = time.Date(2024, 6, 5, 12, 0, 0, 0, time.UTC)

// quick asks servers on this machine, as often as a test can wait for.
func quick() FetchConfig {
	return FetchConfig{AllowPrivate: true, MinInterval: 5 * time.Millisecond, MaxInterval: 50 * time.Millisecond}
}

// journal is a log in memory.
type journal struct {
	mu     sync.Mutex
	events []*schema.Event
	done   func(*journal) bool // When the run may stop.
	stop   context.CancelFunc
}

func (j *journal) emit(_ context.Context, batch []*schema.Event) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range batch {
		j.events = append(j.events, proto.CloneOf(e))
	}
	if j.done != nil && j.done(j) {
		j.stop()
	}
	return nil
}

func (j *journal) posts() (posts []*schema.Post) {
	for _, e := range j.events {
		if p := e.GetPost(); p != nil {
			posts = append(posts, p)
		}
	}
	return posts
}

func (j *journal) coverage() (rows []*schema.Coverage) {
	for _, e := range j.events {
		if c := e.GetCoverage(); c != nil {
			rows = append(rows, c)
		}
	}
	return rows
}

func (j *journal) rejects() (rejects []*schema.Reject) {
	for _, e := range j.events {
		if r := e.GetReject(); r != nil {
			rejects = append(rejects, r)
		}
	}
	return rejects
}

// polls stops a run after so many records of coverage.
func polls(n int) func(*journal) bool {
	return func(j *journal) bool { return len(j.coverage()) >= n }
}

// bench is a feed server and where its collector keeps cursors.
type bench struct {
	*replay.Feeds
	server  *httptest.Server
	cursors *collectors.Cursors
	cfg     FetchConfig
	mu      sync.Mutex
	clock   time.Time
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{cursors: collectors.NewCursors(t.TempDir()), cfg: quick(), clock: noon}
	b.Feeds = replay.NewFeeds(b.now)
	b.server = httptest.NewServer(b.Feeds)
	t.Cleanup(b.server.Close)
	return b
}

// now goes on by a second each time that it is asked.
func (b *bench) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clock = b.clock.Add(time.Second)
	return b.clock
}

// run runs a collector of a path until the journal is done.
func (b *bench) run(t *testing.T, path string, done func(*journal) bool) *journal {
	t.Helper()
	return b.runFeed(t, FeedConfig{URL: b.server.URL + path}, done)
}

func (b *bench) runFeed(t *testing.T, feed FeedConfig, done func(*journal) bool) *journal {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	j := &journal{done: done, stop: stop}
	reader := NewReader(b.cfg, b.cursors, zap.NewNop(), b.now)
	if err := reader.Feed(feed).Run(ctx, j.emit); err != nil {
		t.Fatal(err)
	}
	if ctx.Err() == context.DeadlineExceeded {
		t.Fatalf("%s: not done after 30 s: %d records of coverage, %d posts, last %v", feed.URL, len(j.coverage()), len(j.posts()), j.coverage()[max(0, len(j.coverage())-1):])
	}
	return j
}

// articles are items from..to, the newest first.
func articles(from, to int) (items []replay.FeedItem) {
	for n := to; n >= from; n-- {
		items = append(items, replay.FeedItem{
			ID: fmt.Sprintf("article-%d", n), Title: fmt.Sprintf("Article %d", n), Link: fmt.Sprintf("https://news.example.org/%d", n),
			Text: "<p>It says something.</p>", Published: noon.Add(time.Duration(n-1000) * time.Minute),
		})
	}
	return items
}

// testData is a recording, or the test is skipped.
func testData(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("OBSERVATORY_TESTDATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	path := filepath.Join(root, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no recordings: set OBSERVATORY_TESTDATA to where %s is", name)
	}
	return path
}

// documentOf is a document of so many items, each of a few paragraphs.
func documentOf(ending string, items int) []byte {
	feeds := replay.NewFeeds(time.Now)
	all := articles(1, items)
	for n := range all {
		all[n].Text = strings.Repeat(`<p>All stations &amp; offices are <a href="https://example.org/map">open</a>, says a <em>report</em>.</p>`, 8)
	}
	feeds.Set("/f"+ending, all)
	w := httptest.NewRecorder()
	feeds.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/f"+ending, http.NoBody))
	return w.Body.Bytes()
}
