package rss

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/fetch"
	"github.com/election-observatory/observatory/internal/replay"
	"github.com/election-observatory/observatory/schema"
)

// TestEveryItemOnceUnderFaults lets a feed go on while its server fails in every
// way, and its collector starts anew again and again.
func TestEveryItemOnceUnderFaults(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/news.xml", "/news.atom", "/news.json"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.Faults.Add(path, replay.FeedFault{Drop: true})
			posts, reasons := map[string]int{}, map[string]int{}
			for step := range 12 {
				b.Set(path, articles(step*5, step*5+20))
				b.Faults.Add(path,
					[]replay.FeedFault{{Status: 500}, {Status: 503, RetryAfter: "1"}, {CutAfter: 700}, {Twice: true}, {Body: "<html><body>Busy"}, {Status: 404}}[step%6],
					[]replay.FeedFault{{Reverse: true}, {Drop: true}, {Pause: time.Millisecond}, {ContentType: "text/html; charset=utf-16"}, {Body: " "}, {Status: 403}}[step%6],
				)
				want := step*5 + 21
				j := b.run(t, path, func(*journal) bool { // Until it has all, and nothing goes wrong any more.
					return b.Faults.Left(path) == 0
				})
				for _, p := range j.posts() {
					posts[p.GetNativeId()]++
				}
				for _, c := range j.coverage() {
					reasons[c.GetGapReason()]++
				}
				j = b.run(t, path, polls(1))
				for _, p := range j.posts() {
					posts[p.GetNativeId()]++
				}
				if len(posts) != want {
					t.Fatalf("step %d: %d items, want %d", step, len(posts), want)
				}
			}
			for id, n := range posts {
				if n != 1 {
					t.Errorf("%s came %d times", id, n)
				}
			}
			for _, why := range []schema.Outage{schema.OutageServer, schema.OutageClosed, schema.OutageRateLimited, schema.OutageContent, schema.OutageNotFound, schema.OutageRefused} {
				if reasons[string(why)] == 0 {
					t.Errorf("no coverage says %s: %v", why, reasons)
				}
			}
			if reasons[string(schema.OutageWindow)] != 0 {
				t.Error("a window overran though documents overlap")
			}
		})
	}
}

// TestCoverageOfEachPoll holds the records of a few polls against what happened.
func TestCoverageOfEachPoll(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Set("/f.xml", articles(1, 3))
	first := b.run(t, "/f.xml", polls(1)).coverage()[0]
	if first.GetSource() != b.server.URL+"/f.xml" || first.GetCollector() != "rss" || first.GetPlatform() != schema.PlatformRSS || !first.GetConnected() ||
		first.GetReceived() != 3 || first.GetEmitted() != 3 || first.GetKinds()["item"] != 3 || first.GetPart() != "1" || first.Expected != nil || first.GetLagS() != 0 {
		t.Errorf("first: %v", first)
	}
	second := b.run(t, "/f.xml", polls(1))
	if c := second.coverage()[0]; c.GetReceived() != 0 || !c.GetConnected() || c.GetPart() != "2" || len(second.posts()) != 0 {
		t.Errorf("nothing new: %v", c)
	}
	items := articles(2, 5)
	items[2].Title = "Article 3, corrected"
	b.Set("/f.xml", items)
	third := b.run(t, "/f.xml", polls(1))
	if c := third.coverage()[0]; c.GetReceived() != 3 || c.GetKinds()["item"] != 2 || c.GetKinds()["item_update"] != 1 || c.GetPart() != "3" || c.GetLagS() <= 0 {
		t.Errorf("two new, one edited: %v", c)
	}
	var revisions []uint64
	for _, p := range append(b.run(t, "/f.xml", polls(1)).posts(), third.posts()...) {
		if strings.HasSuffix(p.GetNativeId(), "#article-3") {
			revisions = append(revisions, p.GetRevision())
			if p.GetTitle() != "Article 3, corrected" || int64(p.GetRevision()) != p.GetCollectedMs() {
				t.Errorf("revision: %v", p)
			}
		} else if p.GetRevision() != 0 {
			t.Errorf("a new item has revision %d", p.GetRevision())
		}
	}
	if len(revisions) != 1 {
		t.Errorf("revisions %v", revisions)
	}
	b.Faults.Add("/f.xml", replay.FeedFault{Status: 500})
	if c := b.run(t, "/f.xml", polls(1)).coverage()[0]; c.GetConnected() || c.GetGapReason() != "server_error" || c.GetGapFromMs() != 0 || c.GetReceived() != 0 {
		t.Errorf("a failure: %v", c)
	}
}

// TestWindowOverrun shows a document that has nothing of the one before.
func TestWindowOverrun(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Set("/f.xml", articles(1, 5))
	seen := b.run(t, "/f.xml", polls(1)).coverage()[0]
	b.Faults.Add("/f.xml", replay.FeedFault{Status: 500})
	b.run(t, "/f.xml", polls(1))
	b.Set("/f.xml", articles(50, 55))
	j := b.run(t, "/f.xml", polls(1))
	c := j.coverage()[0]
	if !c.GetConnected() || c.GetGapReason() != "window_overrun" || c.GetGapFromMs()/60000 != seen.GetMinuteMs()/60000 || c.GetGapToMs() <= c.GetGapFromMs() || len(j.posts()) != 6 {
		t.Errorf("%v", c)
	}
	b.Set("/f.xml", articles(55, 60))
	if c := b.run(t, "/f.xml", polls(1)).coverage()[0]; c.GetGapReason() != "" || c.GetReceived() != 5 {
		t.Errorf("documents that overlap: %v", c)
	}
}

func TestAFeedThatIsGoneIsAskedOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Faults.Add("/f.xml", replay.FeedFault{Status: http.StatusGone})
	j := b.run(t, "/f.xml", nil) // It ends by itself.
	if c := j.coverage(); len(c) != 1 || c[0].GetConnected() || c[0].GetGapReason() != "gone" {
		t.Errorf("%v", c)
	}
	b.Set("/f.xml", articles(1, 3))
	if j := b.run(t, "/f.xml", nil); len(j.events) != 0 || b.Requests("/f.xml") != 1 {
		t.Errorf("%d events, %d requests", len(j.events), b.Requests("/f.xml"))
	}
}

func TestRedirectsAreRememberedIfTheyArePermanent(t *testing.T) {
	t.Parallel()
	for status, remembered := range map[int]bool{301: true, 308: true, 302: false, 307: false, 303: false} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.Set("/new.xml", articles(1, 3))
			for range 3 {
				b.Faults.Add("/old.xml", replay.FeedFault{Status: status, Location: "/new.xml"})
			}
			for run := range 3 {
				j := b.run(t, "/old.xml", polls(1))
				if posts := j.posts(); (run == 0) != (len(posts) == 3) || !j.coverage()[0].GetConnected() || j.coverage()[0].GetSource() != b.server.URL+"/old.xml" {
					t.Errorf("run %d: %d posts, %v", run, len(posts), j.coverage())
				}
			}
			want := 3
			if remembered {
				want = 1
			}
			if got := b.Requests("/old.xml"); got != want {
				t.Errorf("the old address was asked %d times, want %d", got, want)
			}
			if !remembered {
				return
			}
			b.Faults.Add("/new.xml", replay.FeedFault{Status: 404}) // The new address fails: back to the old one.
			b.run(t, "/old.xml", polls(1))
			if j := b.run(t, "/old.xml", polls(1)); b.Requests("/old.xml") != 2 || !j.coverage()[0].GetConnected() {
				t.Errorf("after a failure the old address was asked %d times", b.Requests("/old.xml"))
			}
		})
	}
}

// TestPrivateAddressesAreNotAsked leads to a listener that notices.
func TestPrivateAddressesAreNotAsked(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var connections atomic.Int64
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	b := newBench(t)
	b.cfg = FetchConfig{}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, host := range []string{"127.0.0.1", "[::ffff:127.0.0.1]", "localhost", "2130706433", "0x7f.1"} {
		j := b.runFeed(t, FeedConfig{URL: "http://" + host + ":" + port + "/feed"}, polls(1))
		if c := j.coverage()[0]; c.GetConnected() || c.GetGapReason() != "private_address" || c.GetGapFromMs() != 0 || len(j.events) != 1 {
			t.Errorf("%s: %v", host, j.events)
		}
	}
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for connections.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	_ = conn.Close()
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections, and one is the test's own", n)
	}
}

// TestWaits asks how long failures keep a feed from being asked.
func TestWaits(t *testing.T) {
	t.Parallel()
	reader := NewReader(FetchConfig{MaxInterval: 6 * time.Hour}, collectors.NewCursors(t.TempDir()), zap.NewNop(), func() time.Time { return noon })
	for _, c := range []struct {
		err  *fetch.Error
		want time.Duration
	}{
		{&fetch.Error{Outage: schema.OutageRateLimited, Wait: time.Hour, Err: errors.New("x")}, time.Hour},
		{&fetch.Error{Outage: schema.OutageRateLimited, Wait: 900 * time.Hour, Err: errors.New("x")}, longestRetry},
		{&fetch.Error{Outage: schema.OutagePrivate, Err: errors.New("x")}, 6 * time.Hour},
		{&fetch.Error{Outage: schema.OutageServer, Err: errors.New("x")}, 0},
	} {
		r := &run{Feed: reader.Feed(FeedConfig{URL: "https://example.org/feed"})}
		err := r.fail(r.begin(), c.err)
		var asked *collectors.WaitError
		if got := errors.As(err, &asked); got != (c.want > 0) || (got && asked.Wait != c.want) || !errors.Is(err, c.err) {
			t.Errorf("%v: %v, want to wait %v", c.err, err, c.want)
		}
	}
}

// TestWhatIsNoFeedIsToldOnce answers with pages, and notes each poll.
func TestWhatIsNoFeedIsToldOnce(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"HTML": "<!DOCTYPE html><html><body>Welcome</body></html>", "empty": " ", "JSON": `{"a": 1}`, "text": "Not found"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			for range 3 {
				b.Faults.Add("/f.xml", replay.FeedFault{Body: body})
			}
			j := b.run(t, "/f.xml", polls(3))
			rejects, received := j.rejects(), uint64(0)
			for _, c := range j.coverage() {
				received += c.GetReceived()
				if c.GetConnected() || c.GetGapReason() != "bad_content" {
					t.Errorf("%v", c)
				}
			}
			if len(rejects) != 1 || received != 1 || rejects[0].GetReason() != "syntax" || string(rejects[0].GetRaw()) != body {
				t.Errorf("%d received, rejects %v", received, rejects)
			}
		})
	}
}

func TestDocumentsThatAreTooMuch(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Set("/many.xml", articles(1, 1500))
	j := b.run(t, "/many.xml", polls(2))
	c := j.coverage()[0]
	if len(j.posts()) != maxItems || len(j.rejects()) != 1 || c.GetReceived() != 1500 || c.GetRejected()["too_large"] != 500 || !c.GetConnected() || c.GetEmitted() != maxItems {
		t.Errorf("%d posts, %d rejects, %v", len(j.posts()), len(j.rejects()), c)
	}
	b.Faults.Add("/deep.xml", replay.FeedFault{Body: "<rss><channel>" + strings.Repeat("<a>", 500)})
	j = b.run(t, "/deep.xml", polls(1))
	if c := j.coverage()[0]; !c.GetConnected() || c.GetRejected()["too_deep"] != 1 || c.GetReceived() != 1 {
		t.Errorf("%v", c)
	}
	whole := `<rss version="2.0"><channel><title>T</title><item><guid>1</guid><title>One</title></item><item><guid>2</guid><title>Tw`
	b.Faults.Add("/broken.xml", replay.FeedFault{Body: whole})
	j = b.run(t, "/broken.xml", polls(1))
	if posts := j.posts(); len(posts) != 1 || posts[0].GetTitle() != "One" || len(j.rejects()) != 1 || !j.coverage()[0].GetConnected() {
		t.Errorf("what breaks off: %v", j.events)
	}
}

func TestAnAnswerThatNothingIsNewToNoQuestion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Faults.Add("/f.xml", replay.FeedFault{Status: http.StatusNotModified})
	if c := b.run(t, "/f.xml", polls(1)).coverage()[0]; c.GetConnected() || c.GetGapReason() != "bad_content" {
		t.Errorf("%v", c)
	}
}

// TestValidators are sent back as they came, if they may be.
func TestValidators(t *testing.T) {
	t.Parallel()
	for _, etag := range []string{`"abc"`, `W/"x, y"`, `unquoted`, "\"\xe9\"", strings.Repeat("x", maxETag+1), "a\x01b", ""} {
		var asked []string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/f" {
				http.NotFound(w, r)
				return
			}
			asked = append(asked, strings.Join(r.Header.Values("If-None-Match"), "|")+"/"+r.Header.Get("If-Modified-Since"))
			w.Header()["Etag"] = []string{etag}
			w.Header().Set("Last-Modified", "yesterday")
			_, _ = w.Write([]byte(`<rss><channel><item><guid>1</guid></item></channel></rss>`))
		}))
		b := newBench(t)
		b.runFeed(t, FeedConfig{URL: server.URL + "/f"}, polls(2))
		server.Close()
		want := validator(etag, maxETag) + "/yesterday"
		if strings.Contains(etag, "\x01") { // The standard library refuses the whole answer.
			want = "/"
		}
		if len(asked) < 2 || asked[0] != "/" || asked[1] != want {
			t.Errorf("%q: asked with %q", etag, asked)
		}
	}
	if validator("a\r\nb", 10) != "" || validator("a\x01b", 10) != "" || validator("12345678901", 10) != "" || validator(`W/"x"`, 10) != `W/"x"` {
		t.Error("a validator that must not be sent back")
	}
}

// TestFailuresOfTheLogEndTheRun so that they are not taken for the source's.
func TestFailuresOfTheLogEndTheRun(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Set("/f.xml", articles(1, 3))
	reader := NewReader(b.cfg, b.cursors, zap.NewNop(), b.now)
	failure := errors.New("the log is full")
	feed := reader.Feed(FeedConfig{URL: b.server.URL + "/f.xml"})
	if err := feed.Run(t.Context(), func(context.Context, []*schema.Event) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("%v", err)
	}
	if posts := b.run(t, "/f.xml", polls(1)).posts(); len(posts) != 3 {
		t.Errorf("%d posts after the log came back", len(posts))
	}
}

// TestManyFeedsOfOneGroup runs generated feeds side by side, with faults now and then.
func TestManyFeedsOfOneGroup(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	g := replay.FeedGenerator{Feeds: 15, Every: time.Minute, Shown: 40, Start: noon.Add(-20 * time.Minute), Edits: 5}
	b.Generate(g)
	b.Sometimes(7, replay.FeedFault{Status: 500}, replay.FeedFault{Drop: true}, replay.FeedFault{CutAfter: 900}, replay.FeedFault{Reverse: true, Twice: true})
	reader := NewReader(b.cfg, b.cursors, zap.NewNop(), b.now)
	log := &journal{}
	group := collectors.NewGroup(log.emit, zap.NewNop())
	wanted := map[string]collectors.Collector{}
	for n := range g.Feeds {
		wanted[g.Path(n)] = reader.Feed(FeedConfig{URL: b.server.URL + g.Path(n)})
	}
	group.Set(wanted)
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	log.stop, log.done = stop, polls(300)
	if err := group.Run(ctx); err != nil {
		t.Fatal(err)
	}
	originals := map[string]int{}
	for _, p := range log.posts() {
		if p.GetRevision() == 0 {
			originals[p.GetNativeId()]++
		}
	}
	if len(originals) < 15*20 {
		t.Errorf("%d items", len(originals))
	}
	if most := slices.Max(slices.Collect(maps.Values(originals))); most != 1 {
		t.Errorf("an item came %d times as new", most)
	}
}

// TestWhatWasToldIsNotToldAgain changes a document whose faults stay.
func TestWhatWasToldIsNotToldAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	empty := replay.FeedItem{}
	b.Set("/f.xml", append(articles(1, 3), empty, empty))
	if c := b.run(t, "/f.xml", polls(1)).coverage()[0]; c.GetReceived() != 5 || c.GetRejected()["missing_id"] != 2 {
		t.Errorf("first: %v", c)
	}
	b.Set("/f.xml", append(articles(1, 5), empty, empty))
	if c := b.run(t, "/f.xml", polls(1)).coverage()[0]; c.GetReceived() != 2 || c.GetEmitted() != 2 || !c.GetConnected() {
		t.Errorf("then: %v", c)
	}
	deep := replay.FeedFault{Body: "<rss>" + strings.Repeat("<a>", maxDepth+1)}
	b.Faults.Add("/f.xml", deep, deep)
	if c := b.run(t, "/f.xml", polls(1)).coverage()[0]; c.GetReceived() != 1 || c.GetRejected()["too_deep"] != 1 || !c.GetConnected() {
		t.Errorf("too deep: %v", c)
	}
	if c := b.run(t, "/f.xml", polls(1)).coverage()[0]; c.GetReceived() != 0 || !c.GetConnected() {
		t.Errorf("too deep, again: %v", c)
	}
	b.Set("/f.xml", articles(90, 95)) // What passed while nothing could be read is a gap from before that.
	var s state
	feed := NewReader(b.cfg, b.cursors, zap.NewNop(), b.now).Feed(FeedConfig{URL: b.server.URL + "/f.xml"})
	if found, err := b.cursors.Load(feed.cursorName(), &s); !found || err != nil || s.AnsweredMS >= s.AskedMS {
		t.Fatalf("%v, answered at %d, asked at %d", err, s.AnsweredMS, s.AskedMS)
	}
	if c := b.run(t, "/f.xml", polls(1)).coverage()[0]; c.GetGapReason() != "window_overrun" || c.GetGapFromMs() != s.AnsweredMS {
		t.Errorf("after that: %v, want a gap from %d", c, s.AnsweredMS)
	}
}

// TestANewAddressThatIsNoFeedAnyMore goes back to the old one.
func TestANewAddressThatIsNoFeedAnyMore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Set("/new.xml", articles(1, 3))
	b.Faults.Add("/old.xml", replay.FeedFault{Status: 301, Location: "/new.xml"})
	b.run(t, "/old.xml", polls(1))
	b.Faults.Add("/new.xml", replay.FeedFault{Body: "<html>This name is for sale</html>"})
	b.Set("/old.xml", articles(1, 4))
	if c := b.run(t, "/old.xml", polls(1)).coverage()[0]; c.GetGapReason() != "bad_content" {
		t.Errorf("%v", c)
	}
	if c := b.run(t, "/old.xml", polls(1)).coverage()[0]; !c.GetConnected() || c.GetEmitted() != 1 || b.Requests("/old.xml") != 2 {
		t.Errorf("%v", c)
	}
}
