package bluesky

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/internal/replay"
	"github.com/election-observatory/observatory/schema"
)

// start is when the streams of tests begin.
func start() time.Time { return time.Date(2026, 6, 7, 18, 0, 0, 0, time.UTC) }

// clock runs from a time on as fast as the machine's.
func clock(from time.Time) func() time.Time {
	began := time.Now()
	return func() time.Time { return from.Add(time.Since(began)) }
}

func fixed(at time.Time) func() time.Time { return func() time.Time { return at } }

// recording are the recorded events; the test is skipped where there are none.
func recording(tb testing.TB) replay.Recorded {
	tb.Helper()
	root := os.Getenv("OBSERVATORY_TESTDATA")
	if root == "" {
		root = "../../../shared/data"
	}
	text, err := os.ReadFile(filepath.Join(root, "platforms/jetstream_v1_events.jsonl"))
	if err != nil {
		tb.Skip("no recordings: set OBSERVATORY_TESTDATA to where platforms/jetstream_v1_events.jsonl is")
	}
	events, err := replay.ReadRecorded(text)
	if err != nil {
		tb.Fatal(err)
	}
	return events
}

// serve runs a host and returns its address.
func serve(tb testing.TB, s *replay.Jetstream) string {
	tb.Helper()
	server := httptest.NewServer(s)
	tb.Cleanup(func() { s.Drop(); server.Close() })
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

// config is for hosts of tests: nothing waits long.
func config(api string, hosts ...string) Config {
	return Config{
		Hosts: hosts, API: api, AllowPrivate: true, BatchEvents: 100, BatchEvery: 10 * time.Millisecond,
		RetryFirst: time.Millisecond, RetryLast: 5 * time.Millisecond, Silence: 20 * time.Second,
	}
}

// journal is a log that keeps what it is given.
type journal struct {
	mu       sync.Mutex
	posts    map[string]*schema.Post // By identity, as the store has them.
	deletes  map[string]bool
	accounts map[string]bool
	rejects  []*schema.Reject
	events   []*schema.Event             // All but rejects and coverage.
	coverage map[string]*schema.Coverage // What stands at the end, by source, minute and part.
	emitted  int                         // Events in all, coverage apart.
	batches  int
	enough   func(*journal) bool
	stop     context.CancelFunc
}

func newJournal(enough func(*journal) bool) *journal {
	return &journal{posts: map[string]*schema.Post{}, deletes: map[string]bool{}, accounts: map[string]bool{}, coverage: map[string]*schema.Coverage{}, enough: enough}
}

func (j *journal) emit(_ context.Context, batch []*schema.Event) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.batches++
	for _, e := range batch {
		j.take(e)
	}
	if j.enough(j) {
		j.stop()
	}
	return nil
}

func (j *journal) take(e *schema.Event) {
	if e.GetCoverage() == nil {
		j.emitted++
	}
	if e.GetCoverage() == nil && e.GetReject() == nil {
		j.events = append(j.events, e)
	}
	switch kind := e.GetKind().(type) {
	case *schema.Event_Post:
		j.posts[kind.Post.GetNativeId()+"/"+time.UnixMilli(int64(kind.Post.GetRevision()>>20)).String()] = kind.Post
	case *schema.Event_Delete:
		j.deletes[kind.Delete.GetNativeId()] = true
	case *schema.Event_Account:
		j.accounts[kind.Account.GetNativeId()+time.UnixMilli(kind.Account.GetCollectedMs()).String()] = true
	case *schema.Event_Reject:
		j.rejects = append(j.rejects, kind.Reject)
	case *schema.Event_Coverage:
		c := kind.Coverage
		key := strings.Join([]string{c.GetSource(), time.UnixMilli(c.GetMinuteMs()).UTC().Format(time.RFC3339), c.GetPart()}, " ")
		if old := j.coverage[key]; old == nil || c.GetReceived() >= old.GetReceived() {
			j.coverage[key] = c
		}
	}
}

// parts are the records of coverage of one part, in no order.
func (j *journal) parts(part string) (all []*schema.Coverage) {
	for _, c := range j.coverage {
		if strings.HasPrefix(c.GetPart(), part) {
			all = append(all, c)
		}
	}
	return all
}

// patience is how long a test waits for what must come.
const patience = 120 * time.Second

// collect runs a collector until the journal has enough.
func collect(tb testing.TB, cfg Config, cursors *collectors.Cursors, now func() time.Time, j *journal) {
	tb.Helper()
	c, err := New(cfg, nil, cursors, now, zap.NewNop())
	if err != nil {
		tb.Fatal(err)
	}
	ctx, stop := context.WithTimeout(tb.Context(), patience)
	defer stop()
	j.stop = stop
	if err := c.Run(ctx, j.emit); err != nil {
		tb.Fatal(err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.enough(j) {
		tb.Fatalf("after %v: %d posts, %d deletes, %d accounts, %d rejects, %d records of coverage", patience, len(j.posts), len(j.deletes), len(j.accounts), len(j.rejects), len(j.coverage))
	}
}

// contents is what a source has, as an independent count.
type contents struct{ posts, deletes, accounts, counted, actions int } // Actions are counted too.

func (c contents) events() int { return c.posts + c.deletes + c.accounts }

func contentsOf(source replay.JetstreamSource, from, to int64) (c contents) {
	for i := from; i < to; i++ {
		switch e := source.At(i); {
		case e.Kind != "commit":
			c.accounts++
		case e.Collection != feedPost && e.Collection != feedRepost:
			c.counted++
			if e.Collection == feedLike || e.Collection == graphFollow { // All are created, and likes are of posts.
				c.actions++
			}
		case strings.Contains(string(e.V1), `"operation":"delete"`):
			c.deletes++
		default:
			c.posts++
		}
	}
	return c
}

// quick is a directory for cursors, in memory where the machine has such: what
// survives the loss of power is tested elsewhere.
func quick(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "bluesky") //nolint:usetesting // Its directories are where the disk is.
	if err != nil {
		return tb.TempDir()
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
