package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/election-observatory/observatory/collectors/bluesky"
	"github.com/election-observatory/observatory/internal/app"
	"github.com/election-observatory/observatory/internal/replay"
)

const (
	liveEvents = 6000
	liveFeeds  = 30
	liveItems  = 12
)

// TestLiveSourcesSurviveKills collects from replay servers that fail now and
// then, while the program is killed again and again, and compares what is stored
// with what the servers had.
func TestLiveSourcesSurviveKills(t *testing.T) {
	t.Parallel()
	// The stream begins when the collector has been there for a while: what was
	// before is nobody's to collect.
	source := replay.Generated{Seed: 5, PerSecond: 400, Start: time.Now().Add(20 * time.Second), End: liveEvents}
	stream := replay.NewJetstream(source, time.Now, 36*time.Hour, 0)
	stream.Sometimes(
		replay.JetstreamFault{After: 900, Cut: true}, replay.JetstreamFault{After: 700, Half: true}, replay.JetstreamFault{After: 500, Twice: true},
		replay.JetstreamFault{Status: 503}, replay.JetstreamFault{After: 300, Swap: true}, replay.JetstreamFault{After: 1100, Garbage: true},
	)
	jetstream := httptest.NewServer(stream)
	t.Cleanup(jetstream.Close)
	feeds := replay.NewFeeds(time.Now)
	feeds.Sometimes(4, replay.FeedFault{Status: 500}, replay.FeedFault{Drop: true}, replay.FeedFault{CutAfter: 200}, replay.FeedFault{Twice: true}, replay.FeedFault{Reverse: true})
	server := httptest.NewServer(feeds)
	t.Cleanup(server.Close)

	var study strings.Builder
	fmt.Fprintf(&study, "fetch: {allow_private: true, min_interval: 1s, max_interval: 3s}\nbluesky: {allow_private: true, likes: count, rewind: 2s, hosts: [%q]}\nfeeds:\n", strings.Replace(jetstream.URL, "http://", "ws://", 1))
	var items []string
	for n := range liveFeeds {
		path := fmt.Sprintf("/feed/%d.xml", n)
		var list []replay.FeedItem
		for k := range liveItems {
			id := fmt.Sprintf("item-%d-%d", n, k)
			list = append(list, replay.FeedItem{ID: id, Title: "Report " + id, Text: "text", Link: "https://news.example/" + id, Published: time.Now().Add(-time.Duration(k) * time.Hour)})
			items = append(items, id)
		}
		feeds.Set(path, list)
		fmt.Fprintf(&study, "  - url: %s%s\n", server.URL, path)
	}
	p := newProgram(t)
	config := filepath.Join(t.TempDir(), "study.yaml")
	if err := os.WriteFile(config, []byte(study.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	p.env = append(p.env, "OBSERVATORY_CONFIG="+config)

	for round := range 4 {
		victim := p.start("up", "--listen-clickhouse=127.0.0.1:0", "--listen-page=127.0.0.1:0", "--listen-kafka=127.0.0.1:0")
		waitFor(t, "the collector to connect", func() bool { return stream.Open() > 0 || victim.ended() })
		had := app.Dir(p.data).LogBytes() + 50_000
		waitFor(t, "the log to grow", func() bool {
			return app.Dir(p.data).LogBytes() > had || victim.ended() || time.Now().After(source.Start.Add(30*time.Second))
		})
		time.Sleep(time.Duration(100+350*round) * time.Millisecond)
		victim.kill()
		_ = victim.wait()
	}
	_, stop := p.up()
	wantPosts, wantGone := streamed(t, source)
	posts := "SELECT native_id FROM post_refs WHERE platform = 'bluesky' ORDER BY native_id"
	lines := func(query string) []string {
		return strings.Fields(p.ask(query, "--user", "custodian"))
	}
	waitFor(t, "all posts of the stream", func() bool { return len(lines(posts)) >= len(wantPosts) })
	rss := "SELECT substring(native_id, position(native_id, '#') + 1) AS id FROM post_refs WHERE platform = 'rss' ORDER BY id"
	waitFor(t, "all items of the feeds", func() bool { return len(lines(rss)) >= len(items) })
	waitFor(t, "all deletions", func() bool {
		return p.ask("SELECT count() FROM tombstones") == strconv.Itoa(len(wantGone))
	})
	slices.Sort(items)
	if got := lines(posts); !slices.Equal(got, wantPosts) {
		t.Errorf("%d posts of Bluesky are stored, want %d", len(got), len(wantPosts))
	}
	if got := lines(rss); !slices.Equal(got, items) {
		t.Errorf("%d items of feeds are stored, want %d", len(got), len(items))
	}
	if got := p.ask("SELECT count() FROM coverage WHERE gap_from IS NOT NULL AND collector = 'bluesky'"); got != "0" {
		t.Errorf("%s gaps are declared in a stream that had everything all the time", got)
	}
	if got := p.run("status"); !strings.Contains(got, "rss") || !strings.Contains(got, "bluesky") || !strings.Contains(got, "allow_private") || strings.Count(got, "\n") > 50 {
		t.Errorf("status says\n%s", got)
	}
	stop()
}

// streamed are the posts that a stream leaves, and those that it deletes.
func streamed(t *testing.T, source replay.Generated) (posts, gone []string) {
	t.Helper()
	there, deleted := map[string]bool{}, map[string]bool{}
	for n := range source.End {
		out, err := bluesky.Decode(source.At(n).V1)
		switch {
		case err != nil: // Some of it is meant to be refused.
		case out.Event.GetPost() != nil:
			there[out.Event.GetPost().GetNativeId()] = true
		case out.Event.GetDelete() != nil:
			deleted[out.Event.GetDelete().GetNativeId()] = true
		}
	}
	for id := range there {
		if !deleted[id] {
			posts = append(posts, id)
		}
	}
	for id := range deleted {
		gone = append(gone, id)
	}
	slices.Sort(posts)
	return posts, gone
}
