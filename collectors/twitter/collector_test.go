package twitter

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/collectortest"
	"github.com/election-observatory/observatory/internal/replay"
	"github.com/election-observatory/observatory/schema"
)

func serve(t *testing.T, server *replay.Twitter) string {
	t.Helper()
	s := httptest.NewServer(server)
	t.Cleanup(s.Close)
	t.Cleanup(s.CloseClientConnections)
	return s.URL + "/1.1/"
}

func quick(address string) Config {
	return Config{API: address, AllowPrivate: true, BatchEvents: 10, BatchEvery: 5 * time.Millisecond, Silence: time.Minute, RetryFirst: time.Millisecond, RetryLast: 5 * time.Millisecond}
}

var wahl = []Query{{Name: "wahl", Terms: []string{"Wahl", "domain:news.example", "open end*"}, Languages: []string{"de", "de-AT"}}}

// journal is a log that keeps what it is given.
type journal struct {
	mu      sync.Mutex
	events  []*schema.Event
	posts   map[string]int
	rejects []string
	gaps    []*schema.Coverage
	reasons []string
}

func (j *journal) emit(_ context.Context, batch []*schema.Event) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.posts == nil {
		j.posts = map[string]int{}
	}
	for _, e := range batch {
		row := e.GetCoverage()
		switch {
		case row == nil:
			j.events = append(j.events, e)
		case row.GetGapToMs() > 0:
			j.gaps = append(j.gaps, row)
		case row.GetGapReason() != "":
			j.reasons = append(j.reasons, row.GetGapReason())
		}
		if p := e.GetPost(); p != nil {
			j.posts[p.GetNativeId()]++
		}
		if r := e.GetReject(); r != nil {
			j.rejects = append(j.rejects, r.GetReason())
		}
	}
	return nil
}

func (j *journal) look(f func() bool) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return f()
}

func newCollector(t *testing.T, cfg Config, token string, cursors *collectors.Cursors) *Collector {
	t.Helper()
	c, err := New(cfg, wahl, token, cursors, time.Now, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func start(t *testing.T, c *Collector, j *journal) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, j.emit) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// recording are the messages of a recorded stream.
func recording(t *testing.T) [][]byte {
	t.Helper()
	dir := os.Getenv("OBSERVATORY_TESTDATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	f, err := os.Open(filepath.Join(dir, "platforms/twitter_v11_stream.jsonl.gz"))
	if err != nil {
		t.Skip("no recording: OBSERVATORY_TESTDATA may name the folder of recordings")
	}
	defer f.Close() //nolint:errcheck // It was only read.
	in, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(text), []byte("\n"))
}

// What came through the library says what the bytes said.
func TestTheLibraryKeepsWhatMatters(t *testing.T) {
	t.Parallel()
	server := replay.NewTwitter()
	server.Token = "s3cret-of-the-test"
	log := &journal{}
	stop := start(t, newCollector(t, quick(serve(t, server)), server.Token, collectors.NewCursors(t.TempDir())), log)
	collectortest.Eventually(t, "a stream", func() bool { return server.Open() == 1 })
	var want []*schema.Event
	rejects := 0
	for _, line := range recording(t) {
		server.Publish(line)
		switch out, err := Decode(line); {
		case err != nil:
			rejects++
		case out.Event != nil:
			want = append(want, out.Event)
		}
	}
	collectortest.Eventually(t, "all messages", func() bool { return log.look(func() bool { return len(log.events) == len(want)+rejects }) })
	stop()
	if len(want) < 400 {
		t.Fatalf("the recording has %d events", len(want))
	}
	var got []*schema.Event
	for _, e := range log.events {
		if e.GetReject() == nil {
			got = append(got, e)
		}
	}
	if diff := cmp.Diff(want, got, protocmp.Transform(), protocmp.IgnoreFields(&schema.Post{}, "collector", "source", "collected_ms"), protocmp.IgnoreFields(&schema.Delete{}, "collector", "source", "collected_ms", "claimed_ms")); diff != "" {
		t.Errorf("(-bytes +library)\n%.4000s", diff)
	}
	if asked := server.Asked(); len(asked) != 1 || !strings.HasPrefix(asked[0], "POST /1.1/statuses/filter.json?") || !strings.Contains(asked[0], "track=Wahl%2Cnews+example%2Copen+end") || !strings.Contains(asked[0], "language=de&") {
		t.Errorf("it asked %q", asked)
	}
}

// Whatever happens to the stream, a status is taken once, or lies in a gap that says why.
func TestFaults(t *testing.T) {
	t.Parallel()
	server := replay.NewTwitter()
	server.Faults.Add(
		replay.XStream, replay.XFault{Status: 503}, replay.XFault{Cut: true, After: 7}, replay.XFault{Status: 420}, replay.XFault{Mute: true, After: 4},
		replay.XFault{Say: "not JSON", After: 3}, replay.XFault{Say: `{"disconnect":{"code":4,"reason":"stall"}}`, After: 3}, replay.XFault{Say: strings.Repeat("x", 3<<20), After: 1},
	)
	log, cursors := &journal{}, collectors.NewCursors(t.TempDir())
	cfg := quick(serve(t, server))
	cfg.Silence = 300 * time.Millisecond
	stop := start(t, newCollector(t, cfg, "", cursors), log)
	sent := map[string]time.Time{}
	for n := 0; server.Faults.Left(replay.XStream) > 0 || n < 50; n++ {
		at := time.Now()
		id, message := replay.TwitterNote(n, at)
		sent[id] = at
		server.Publish(message)
		time.Sleep(3 * time.Millisecond)
	}
	// The last fault is over when one of a later stream is there.
	n := 1_000_000
	collectortest.Eventually(t, "a status after all faults", func() bool {
		id, message := replay.TwitterNote(n, time.Now())
		n++
		server.Publish(message)
		time.Sleep(10 * time.Millisecond)
		return log.look(func() bool { return log.posts[id] == 1 && len(log.gaps) >= 5 })
	})
	stop()
	lost := 0
	const grace = 50 // Between a status's being made and its being sent, in milliseconds.
	for id, at := range sent {
		if log.posts[id] > 1 {
			t.Errorf("%s was taken %d times", id, log.posts[id])
		}
		inGap := slices.ContainsFunc(log.gaps, func(gap *schema.Coverage) bool {
			return at.UnixMilli() >= gap.GetGapFromMs()-grace && at.UnixMilli() <= gap.GetGapToMs()+grace
		})
		if log.posts[id] == 0 && !inGap && at.UnixMilli() > log.gaps[0].GetGapFromMs() {
			lost++
		}
	}
	why := map[string]bool{}
	for _, gap := range log.gaps {
		why[gap.GetGapReason()] = true
	}
	if lost > 0 || !why["closed"] || !why["rate_limited"] || !why["timeout"] || !why["bad_content"] {
		t.Errorf("%d statuses are lost in no gap; gaps for %v", lost, why)
	}
}

// A token that is not taken is said, and not shown.
func TestRefusals(t *testing.T) {
	t.Parallel()
	server := replay.NewTwitter()
	server.Token = "another"
	c := newCollector(t, quick(serve(t, server)), "s3cret-of-the-test", collectors.NewCursors(t.TempDir()))
	if err := c.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "unauthorised") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("the check says %v", err)
	}
	log := &journal{}
	stop := start(t, c, log)
	collectortest.Eventually(t, "the reason", func() bool { return log.look(func() bool { return slices.Contains(log.reasons, "unauthorised") }) })
	stop()
	server.Token = ""
	if err := c.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]Config{
		"name an endpoint":             {},
		"is no address of an endpoint": {API: "http://stream.example/1.1/"},
		"give the study queries":       {API: "https://stream.example/1.1/"},
		"":                             {API: "https://stream.example/1.1/", Sample: true},
	} {
		_, err := New(cfg, nil, "", nil, time.Now, zap.NewNop())
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	long := []Query{{Name: "q", Terms: []string{strings.Repeat("x", 61)}}}
	if _, _, err := track(long); err == nil {
		t.Error("a phrase that is too long is none")
	}
}
