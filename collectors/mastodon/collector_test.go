package mastodon

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/collectortest"
	"github.com/election-observatory/observatory/collectors/live"
	"github.com/election-observatory/observatory/internal/replay"
	"github.com/election-observatory/observatory/schema"
)

// start is when the statuses of tests begin.
func start() time.Time { return time.Date(2026, 6, 7, 18, 0, 0, 0, time.UTC) }

func fixed(at time.Time) func() time.Time { return func() time.Time { return at } }

// idOf is the number of the nth status: one a second.
func idOf(n int) string {
	return strconv.FormatInt(start().Add(time.Duration(n)*time.Second).UnixMilli()<<16+int64(n%7), 10)
}

// written is the nth status; every fifth is of another server, and of every seventh the
// account declines.
func written(n int, words string, change ...func(map[string]any)) replay.MastodonStatus {
	host, acct := "social.example", "someone"
	if n%5 == 4 {
		host, acct = "other.example", "someone@other.example"
	}
	at := start().Add(time.Duration(n) * time.Second).Format("2006-01-02T15:04:05.000Z")
	of := map[string]any{
		"id": idOf(n), "uri": fmt.Sprintf("https://%s/users/someone/statuses/%s", host, idOf(n)), "url": fmt.Sprintf("https://%s/@someone/%s", host, idOf(n)), "created_at": at,
		"visibility": "public", "language": "de", "content": "<p>" + words + "</p>", "account": map[string]any{"acct": acct, "url": "https://" + host + "/@someone", "discoverable": n%7 != 6, "noindex": false},
		"tags": []map[string]string{{"name": "wahl"}},
	}
	for _, f := range change {
		f(of)
	}
	text, _ := json.Marshal(of)
	return replay.MastodonStatus{ID: idOf(n), Local: host == "social.example", Tags: []string{"wahl"}, JSON: text}
}

// declined says whether the nth status is not collected.
func declined(n int) bool { return n%7 == 6 }

// serve runs a server.
func serve(t *testing.T, m *replay.Mastodon) string {
	t.Helper()
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	return server.URL
}

// quick is a configuration with which nothing waits long.
func quick(address string, streams ...string) Config {
	return Config{
		Servers: []Server{{URL: address, Streams: streams}}, AllowPrivate: true, BatchEvents: 20, BatchEvery: 5 * time.Millisecond,
		Silence: time.Minute, RetryFirst: time.Millisecond, RetryLast: 10 * time.Millisecond,
	}
}

func newCollector(t *testing.T, cfg Config, token string, cursors *collectors.Cursors, now func() time.Time) *Collector {
	t.Helper()
	all, err := New(cfg, func(Server) (string, error) { return token, nil }, cursors, now, zap.NewNop())
	if err != nil || len(all) != 1 {
		t.Fatalf("%d collectors: %v", len(all), err)
	}
	for _, c := range all {
		return c
	}
	return nil
}

// TestConformance runs the suite of all collectors over what a timeline has.
func TestConformance(t *testing.T) {
	t.Parallel()
	m := replay.NewMastodon()
	events := 0
	for n := range 150 {
		m.Add(written(n, "w"))
		if !declined(n) {
			events++
		}
	}
	cfg := quick(serve(t, m), public)
	cfg.Servers[0].Since = start().Format(time.RFC3339)
	collectortest.Run(t, collectortest.Subject{
		New: func(t *testing.T, cursors *collectors.Cursors) collectors.Collector {
			t.Helper()
			return newCollector(t, cfg, "", cursors, fixed(start().Add(time.Hour)))
		},
		Events: events, Endless: true, MaxCuts: 3, // After the fourth there is nothing more to emit.
	})
}

// journal is a log that keeps what it is given.
type journal struct {
	mu      sync.Mutex
	posts   map[string]*schema.Post // By identity and revision.
	times   map[string]int
	deletes map[string]int
	rejects int
	rows    []*schema.Coverage
}

func newJournal() *journal {
	return &journal{posts: map[string]*schema.Post{}, times: map[string]int{}, deletes: map[string]int{}}
}

func (j *journal) emit(_ context.Context, batch []*schema.Event) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range batch {
		switch kind := e.GetKind().(type) {
		case *schema.Event_Post:
			key := fmt.Sprintf("%s/%d", kind.Post.GetNativeId(), kind.Post.GetRevision())
			j.posts[key] = kind.Post
			j.times[key]++
		case *schema.Event_Delete:
			j.deletes[kind.Delete.GetNativeId()]++
		case *schema.Event_Reject:
			j.rejects++
		case *schema.Event_Coverage:
			j.rows = append(j.rows, kind.Coverage)
		}
	}
	return nil
}

func (j *journal) count() (posts, deletes, rejects int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.posts), len(j.deletes), j.rejects
}

// outages are the reasons that coverage gives, and how many gaps there are.
func (j *journal) outages() (reasons map[string]bool, gaps int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	reasons = map[string]bool{}
	for _, c := range j.rows {
		if c.GetGapReason() != "" {
			reasons[c.GetGapReason()] = true
		}
		if c.GetGapFromMs() > 0 {
			gaps++
		}
	}
	return reasons, gaps
}

// running runs a collector until stop is called.
func running(t *testing.T, c *Collector, j *journal) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx, j.emit) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Run: %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// clock runs from a time on as fast as the machine's.
func clock(from time.Time) func() time.Time {
	began := time.Now()
	return func() time.Time { return from.Add(time.Since(began)) }
}

func TestTheStreamIsTaken(t *testing.T) {
	t.Parallel()
	m := replay.NewMastodon()
	j := newJournal()
	address := serve(t, m)
	c := newCollector(t, quick(address, public), "", collectors.NewCursors(t.TempDir()), clock(start().Add(time.Minute)))
	own := strings.TrimPrefix(address, "http://")
	stop := running(t, c, j)
	waitFor(t, "a stream", func() bool { return m.Open() == 1 })
	for n := range 10 { // Six declines; four and nine are of another server.
		m.Publish(written(n, "w"))
	}
	m.Edit(written(1, "corrected", func(of map[string]any) { of["edited_at"] = "2026-06-07T18:30:00.000Z" }))
	m.Publish(written(11, "secret", func(of map[string]any) { of["visibility"] = "unlisted" }))
	m.Publish(written(12, "hidden", func(of map[string]any) { of["account"].(map[string]any)["noindex"] = true }))
	m.Tell("update", "{")
	m.Tell("delete", "no number")
	m.Tell("announcement", "{}")
	m.Delete(idOf(2))
	m.Delete(idOf(4))
	waitFor(t, "all of it", func() bool { posts, deletes, rejects := j.count(); return posts == 10 && deletes == 2 && rejects == 2 })
	stop()
	if j.deletes["social.example/"+idOf(2)] != 1 || j.deletes["other.example/"+idOf(4)] != 1 {
		t.Errorf("deleted are %v", j.deletes)
	}
	if p := j.posts[fmt.Sprintf("social.example/%s/%d", idOf(1), time.Date(2026, 6, 7, 18, 30, 0, 0, time.UTC).UnixMilli())]; p == nil || p.GetText() != "corrected" || p.GetCollector() != "mastodon" || p.GetSource() != own+"/public" {
		t.Errorf("the edit is %v", p)
	}
	kinds, received := map[string]uint64{}, uint64(0)
	last := map[int64]*schema.Coverage{}
	for _, row := range j.rows {
		last[row.GetMinuteMs()] = row
	}
	for _, row := range last {
		received += row.GetReceived()
		for kind, n := range row.GetKinds() {
			kinds[kind] += n
		}
	}
	if diff := cmp.Diff(map[string]uint64{"post": 9, "post_update": 1, "declined": 2, "not_public": 1, "delete": 2, "other": 1}, kinds); diff != "" || received != 18 {
		t.Errorf("coverage counts %d (-want +got):\n%s", received, diff)
	}
}

// Whatever the server does, and however often the process ends: every status is there
// once, and nothing is called a gap that the timeline had.
func TestNothingIsLostUnderFaults(t *testing.T) {
	t.Parallel()
	m := replay.NewMastodon()
	m.Faults.Add(replay.MastodonStream, replay.MastodonFault{Status: 503, RetryAfter: "0"}, replay.MastodonFault{Cut: true, After: 3}, replay.MastodonFault{Garbage: true}, replay.MastodonFault{Mute: true, After: 5}, replay.MastodonFault{Cut: true}, replay.MastodonFault{Status: 500}, replay.MastodonFault{Cut: true, After: 40})
	m.Faults.Add(replay.MastodonTimeline, replay.MastodonFault{}, replay.MastodonFault{Status: 500}, replay.MastodonFault{Garbage: true}, replay.MastodonFault{Status: 429, RetryAfter: "0"})
	cfg := quick(serve(t, m), "#Wahl")
	cfg.Silence = 300 * time.Millisecond
	cfg.Servers[0].Since = start().Format(time.RFC3339)
	cursors := collectors.NewCursors(t.TempDir())
	j := newJournal()
	now := clock(start().Add(10 * time.Minute))
	const all = 400
	want := 0
	for n := range all {
		if !declined(n) {
			want++
		}
	}
	published := make(chan struct{})
	go func() {
		defer close(published)
		for n := range all {
			m.Publish(written(n, "w"))
			time.Sleep(3 * time.Millisecond)
		}
	}()
	for range 3 { // The process ends, and begins again from its cursor.
		stop := running(t, newCollector(t, cfg, "", cursors, now), j)
		time.Sleep(300 * time.Millisecond)
		stop()
	}
	stop := running(t, newCollector(t, cfg, "", cursors, now), j)
	<-published
	waitFor(t, "all statuses", func() bool { posts, _, _ := j.count(); return posts == want })
	waitFor(t, "the faults", func() bool { return m.Faults.Left(replay.MastodonStream) == 0 })
	stop()
	for key, times := range j.times {
		if times > 2 { // At most what was emitted before its cursor was saved.
			t.Errorf("%s was emitted %d times", key, times)
		}
	}
	if reasons, gaps := j.outages(); gaps != 0 || !reasons["server_error"] && !reasons["rate_limited"] && !reasons["closed"] && !reasons["bad_content"] {
		t.Errorf("%d gaps; outages %v", gaps, reasons)
	}
}

// What the server does not give is a gap, and so is what is too much.
func TestWhatIsNotGivenIsAGap(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault  replay.MastodonFault
		pages  int
		reason string
	}{
		"refused":  {replay.MastodonFault{Status: 401}, 0, "unauthorised"},
		"too much": {replay.MastodonFault{}, 1, "cursor_too_old"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := replay.NewMastodon()
			for n := range 100 {
				m.Add(written(n, "w"))
			}
			m.Faults.Add(replay.MastodonTimeline, c.fault)
			cfg := quick(serve(t, m), public)
			cfg.MostPages = c.pages
			cfg.Servers[0].Since = start().Format(time.RFC3339)
			j := newJournal()
			stop := running(t, newCollector(t, cfg, "", collectors.NewCursors(t.TempDir()), clock(start().Add(time.Hour))), j)
			waitFor(t, "the gap", func() bool { _, gaps := j.outages(); return gaps == 1 })
			m.Publish(written(4000, "afterwards"))
			waitFor(t, "what comes after it", func() bool {
				j.mu.Lock()
				defer j.mu.Unlock()
				return j.times["social.example/"+idOf(4000)+"/0"] == 1 || j.times["other.example/"+idOf(4000)+"/0"] == 1
			})
			stop()
			if reasons, _ := j.outages(); !reasons[c.reason] {
				t.Errorf("reasons are %v", reasons)
			}
		})
	}
}

// A token that is refused is said, minute by minute, and is in nothing that is said.
func TestARevokedTokenIsSaid(t *testing.T) {
	t.Parallel()
	m := replay.NewMastodon()
	m.Token = "right"
	j := newJournal()
	stop := running(t, newCollector(t, quick(serve(t, m), local), "wrong s3cret", collectors.NewCursors(t.TempDir()), clock(start())), j)
	waitFor(t, "the outage", func() bool { reasons, _ := j.outages(); return reasons["unauthorised"] })
	stop()
	for _, row := range j.rows {
		if strings.Contains(row.String(), "s3cret") || row.GetConnected() {
			t.Errorf("coverage has %v", row)
		}
	}
	stop = running(t, newCollector(t, quick(serve(t, m), local), "right", collectors.NewCursors(t.TempDir()), clock(start())), newJournal())
	waitFor(t, "a stream", func() bool { return m.Open() == 1 })
	stop()
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{`{servers: [{url: "https://social.example", streams: [local, public, "#Wähl_24"], since: 2024-06-03}]}`, ""},
		{`{servers: [{url: "http://127.0.0.1:1"}], allow_private: true}`, ""},
		{`{}`, "name at least one server"},
		{`{servers: [{url: "http://social.example"}]}`, "is no address of a server"},
		{`{servers: [{url: "https://u:secret@social.example"}]}`, "is no address of a server"},
		{`{servers: [{url: "https://social.example/web"}]}`, "is no address of a server"},
		{`{servers: [{url: "https://social.example", streams: [home]}]}`, `there is no stream "home"`},
		{`{servers: [{url: "https://social.example", streams: ["#a b"]}]}`, "there is no stream"},
		{`{servers: [{url: "https://social.example"}, {url: "https://social.example/", streams: [local]}]}`, "named twice"},
		{`{servers: [{url: "https://social.example", since: soon}]}`, "is no time"},
		{`{servers: [{url: "https://social.example", streaming: "ftp://x"}]}`, "is no address of a server"},
	} {
		var cfg Config
		if err := yaml.Unmarshal([]byte(c[0]), &cfg); err != nil {
			t.Fatal(err)
		}
		if err := cfg.Validate(); (err == nil) != (c[1] == "") || err != nil && !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v, want %q", c[0], err, c[1])
		}
	}
}

func TestPostID(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"https://Social.example/users/a/statuses/112":          "social.example/112",
		"https://social.example/users/a/statuses/112/activity": "social.example/112",
		"https://social.example/ap/users/9/statuses/112":       "social.example/112",
		"https://pleroma.example/objects/a-b?x=1":              "pleroma.example/objects/a-b?x=1",
		"https://social.example/users/a/statuses/x":            "social.example/users/a/statuses/x",
		"tag:social.example,2020:1":                            "",
		"":                                                     "",
	} {
		if got := PostID(uri); got != want {
			t.Errorf("%s is %q, want %q", uri, got, want)
		}
	}
}

// FuzzEvents holds that no stream stops the reader, and that what it gives is bounded.
func FuzzEvents(f *testing.F) {
	f.Add([]byte(":thump\nevent: update\ndata: {\ndata: }\n\nevent: delete\r\ndata:7\r\n\r\n"))
	f.Add([]byte("data\n\nevent\n\n:\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		in, given := bufio.NewReaderSize(strings.NewReader(string(text)), 16), 0
		var m message
		for {
			line, size, err := live.ReadLine(in, 40)
			if err != nil {
				return
			}
			if len(line) > 40 || size > len(text) {
				t.Fatalf("a line of %d bytes, %d before it was cut, of %d", len(line), size, len(text))
			}
			if m.line(line, size) {
				if given += len(m.data); given > len(text) {
					t.Fatalf("%d bytes of %d", given, len(text))
				}
				m = message{}
			}
		}
	})
}
