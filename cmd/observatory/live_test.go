package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/election-observatory/observatory/collectors/bluesky"
	"github.com/election-observatory/observatory/internal/app"
	"github.com/election-observatory/observatory/internal/replay"
	"github.com/election-observatory/observatory/schema"
)

const (
	liveEvents = 6000
	liveFeeds  = 30
	liveItems  = 12
	liveNotes  = 600
	liveTweets = 450
)

// TestLiveSourcesSurviveKills collects from replay servers that fail now and
// then, while the program is killed again and again, and compares what is stored
// with what the servers had.
func TestLiveSourcesSurviveKills(t *testing.T) {
	t.Parallel()
	later := &delayed{Generated: replay.Generated{Seed: 5, PerSecond: 400, End: liveEvents}}
	stream := replay.NewJetstream(later, time.Now, 36*time.Hour, 0)
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

	fediverse := replay.NewMastodon()
	fediverse.Token = "s3cret-of-the-test"
	fediverse.Faults.Add(replay.MastodonStream, replay.MastodonFault{Cut: true, After: 5}, replay.MastodonFault{Status: 503}, replay.MastodonFault{Cut: true, After: 20})
	fediverse.Faults.Add(replay.MastodonTimeline, replay.MastodonFault{}, replay.MastodonFault{Status: 500}, replay.MastodonFault{Status: 429, RetryAfter: "1"})
	instance := httptest.NewServer(fediverse)
	t.Cleanup(instance.Close)
	t.Cleanup(instance.CloseClientConnections)
	begun := time.Now()
	published := make(chan struct{})
	go func() {
		defer close(published)
		for n := range liveNotes {
			fediverse.Publish(replay.MastodonNote("social.example", n, time.Now()))
			time.Sleep(40 * time.Millisecond)
		}
	}()
	paid := replay.NewX()
	paid.Token, paid.Thump = "b3arer-of-the-test", time.Second
	paid.Faults.Add(replay.XStream, replay.XFault{}, replay.XFault{Cut: true, After: 10})
	asked := httptest.NewServer(paid)
	t.Cleanup(asked.Close)
	t.Cleanup(asked.CloseClientConnections)
	tweeted := make(chan []replay.XPost, 1)
	go func() {
		var all []replay.XPost
		for n := range liveTweets {
			all = append(all, replay.XNote(n, time.Now()))
			paid.Publish(all[n])
			time.Sleep(100 * time.Millisecond)
		}
		tweeted <- all
	}()
	var study strings.Builder
	fmt.Fprintf(&study, "queries: [{name: wahl, terms: [Wahl]}]\nx: {allow_private: true, api: %q, reads_per_day: 100000, usd_per_month: 900}\n", asked.URL)
	fmt.Fprintf(&study, "mastodon: {allow_private: true, servers: [{url: %q, since: %s}]}\n", instance.URL, begun.UTC().Format(time.RFC3339))
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
	p.env = append(p.env, "OBSERVATORY_CONFIG="+config, "OBSERVATORY_MASTODON_TOKEN="+fediverse.Token, "OBSERVATORY_X_BEARER_TOKEN="+paid.Token)

	var source replay.Generated
	for round := range 4 {
		victim := p.start("up", "--listen-clickhouse=127.0.0.1:0", "--listen-page=127.0.0.1:0", "--listen-kafka=127.0.0.1:0")
		waitFor(t, "the collector to connect", func() bool { return stream.Open() > 0 && paid.Open() > 0 || victim.ended() })
		if round == 0 { // What was before that is nobody's to collect.
			source = later.begin(time.Now().Add(time.Second))
		}
		had := app.Dir(p.data).LogBytes() + 50_000
		waitFor(t, "the log to grow", func() bool {
			return app.Dir(p.data).LogBytes() > had || victim.ended() || time.Now().After(source.Start.Add(30*time.Second))
		})
		time.Sleep(time.Duration(100+350*round) * time.Millisecond)
		victim.kill()
		_ = victim.wait()
		waitFor(t, "the servers to notice", func() bool { return stream.Open() == 0 && paid.Open() == 0 })
	}
	_, stop := p.up()
	wantPosts, wantGone := streamed(t, source)
	posts := "SELECT native_id FROM post_refs WHERE platform = 'bluesky' ORDER BY native_id"
	lines := func(query string) []string {
		return strings.Fields(p.ask(query, "--user", "custodian"))
	}
	defer func() {
		if t.Failed() {
			t.Logf("of the stream are missing:\n%s", missing(source, wantPosts, lines(posts)))
		}
	}()
	waitFor(t, "all posts of the stream", func() bool { return len(lines(posts)) >= len(wantPosts) })
	rss := "SELECT substring(native_id, position(native_id, '#') + 1) AS id FROM post_refs WHERE platform = 'rss' ORDER BY id"
	waitFor(t, "all items of the feeds", func() bool { return len(lines(rss)) >= len(items) })
	waitFor(t, "all deletions", func() bool {
		return p.ask("SELECT count() FROM tombstones") == strconv.Itoa(len(wantGone))
	})
	<-published
	waitFor(t, "all statuses", func() bool {
		return p.ask("SELECT count(), uniqExact(post_id) FROM posts WHERE platform = 'mastodon'") == fmt.Sprintf("%[1]d\t%[1]d", liveNotes)
	})
	slices.Sort(items)
	if got := lines(posts); !slices.Equal(got, wantPosts) {
		t.Errorf("%d posts of Bluesky are stored, want %d", len(got), len(wantPosts))
	}
	if got := lines(rss); !slices.Equal(got, items) {
		t.Errorf("%d items of feeds are stored, want %d", len(got), len(items))
	}
	if got := p.ask("SELECT count() FROM coverage WHERE gap_from IS NOT NULL AND collector IN ('bluesky', 'mastodon')"); got != "0" {
		t.Errorf("%s gaps are declared in a stream that had everything all the time", got)
	}
	if got := p.run("status"); !strings.Contains(got, "rss") || !strings.Contains(got, "bluesky") || !strings.Contains(got, "allow_private") || strings.Count(got, "\n") > 50 {
		t.Errorf("status says\n%s", got)
	}
	if got := p.run("doctor"); !strings.Contains(got, "/local opens its stream") || !strings.Contains(got, "takes the token and the rules") || strings.Contains(got, fediverse.Token) || strings.Contains(got, paid.Token) {
		t.Errorf("doctor says\n%s", got)
	}
	theRestIsDeclared(t, p, <-tweeted)
	// A credential that is revoked, and one that is no longer paid for, show in status.
	paid.Deny("another")
	asked.CloseClientConnections()
	waitFor(t, "status to say that the token is refused", func() bool { return strings.Contains(p.run("status"), "unauthorised") })
	stop()
}

// theRestIsDeclared holds that every post of X is stored once, with its label, or lies in a
// gap: the stream does not give again what passed.
func theRestIsDeclared(t *testing.T, p *program, sent []replay.XPost) {
	t.Helper()
	var stored []string
	waitFor(t, "the last post of X", func() bool {
		stored = strings.Fields(p.ask("SELECT native_id FROM post_refs WHERE platform = 'x'", "--user", "custodian"))
		return slices.Contains(stored, sent[len(sent)-1].ID)
	})
	if labelled := p.ask("SELECT countIf(has(queries, 'wahl')) FROM posts WHERE platform = 'x'"); labelled != strconv.Itoa(len(stored)) || len(stored) < 20 {
		t.Errorf("%s of %d posts of X have the label of their rule", labelled, len(stored))
	}
	var gaps [][2]int64
	for line := range strings.Lines(p.ask("SELECT toUnixTimestamp64Milli(from), toUnixTimestamp64Milli(to) FROM missing WHERE source LIKE '%/search' AND kind = 'gap'")) {
		var gap [2]int64
		if _, err := fmt.Sscan(line, &gap[0], &gap[1]); err != nil {
			t.Fatal(err)
		}
		gaps = append(gaps, gap)
	}
	const grace = 200 // Between a post's being made and its being sent, in milliseconds.
	begun := false
	for i := range sent {
		ms := schema.IdentityTime(schema.PlatformX, sent[i].ID)
		if slices.Contains(stored, sent[i].ID) {
			begun = true
		} else if begun && !slices.ContainsFunc(gaps, func(gap [2]int64) bool { return gap[0]-grace <= ms && ms <= gap[1]+grace }) {
			t.Errorf("the post of X of %s is neither stored nor in one of %d gaps", time.UnixMilli(ms).Format(time.StampMilli), len(gaps))
		}
	}
	if got := p.run("status"); !strings.Contains(got, "posts read today of 100000") || len(gaps) < 3 {
		t.Errorf("%d gaps are declared; status says\n%s", len(gaps), got)
	}
}

// delayed is a stream that begins when it is told to.
type delayed struct {
	replay.Generated
	start atomic.Int64 // In Unix microseconds; 0 before it is told.
}

func (d *delayed) begin(at time.Time) replay.Generated {
	d.start.Store(at.UnixMicro())
	return d.stream()
}

func (d *delayed) stream() replay.Generated {
	of := d.Generated
	of.Start = time.UnixMicro(d.start.Load())
	return of
}

func (d *delayed) Tip(now time.Time) int64 {
	if d.start.Load() == 0 {
		return 0
	}
	return d.stream().Tip(now)
}

func (d *delayed) Find(us int64) int64 {
	if d.start.Load() == 0 {
		return 0
	}
	return d.stream().Find(us)
}

func (d *delayed) Due(index int64) (time.Time, bool) {
	if d.start.Load() == 0 {
		return time.Now().Add(20 * time.Millisecond), true
	}
	return d.stream().Due(index)
}

func (d *delayed) At(index int64) replay.JetstreamEvent { return d.stream().At(index) }

// missing says which events of a stream have posts that are wanted and not stored.
func missing(source replay.Generated, want, stored []string) string {
	want = slices.DeleteFunc(slices.Clone(want), func(id string) bool { return slices.Contains(stored, id) })
	var said strings.Builder
	first := int64(-1)
	for n := range source.End + 1 {
		lost := false
		if n < source.End {
			out, err := bluesky.Decode(source.At(n).V1)
			lost = err == nil && slices.Contains(want, out.Event.GetPost().GetNativeId())
		}
		switch {
		case lost && first < 0:
			first = n
		case !lost && first >= 0:
			fmt.Fprintf(&said, "%d to %d (%s)\n", first, n-1, time.UnixMicro(source.At(first).US).Format(time.StampMilli))
			first = -1
		}
	}
	return said.String()
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
