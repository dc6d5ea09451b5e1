package rss

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/websub"
	"github.com/election-observatory/observatory/internal/replay"
)

// The hub of a feed is that of the headers, else that of the document, in each format.
func TestHubs(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		header, document, hub, self string
	}{
		"atom":      {"", `<feed xmlns="http://www.w3.org/2005/Atom"><link rel="hub" href="https://hub.example/"/><link rel="self" href="https://a.example/feed"/><entry><id>1</id><link rel="hub" href="https://bad.example/"/></entry></feed>`, "https://hub.example/", "https://a.example/feed"},
		"rss":       {"", `<rss xmlns:atom="http://www.w3.org/2005/Atom"><channel><atom:link href="https://hub.example/" rel="HUB"/><item><guid>1</guid></item></channel></rss>`, "https://hub.example/", ""},
		"json feed": {"", `{"version":"https://jsonfeed.org/version/1.1","feed_url":"https://a.example/feed.json","hubs":[{"type":"rssCloud","url":"https://cloud.example/"},{"type":"WebSub","url":"https://hub.example/"}],"items":[]}`, "https://hub.example/", "https://a.example/feed.json"},
		"headers":   {`<https://first.example/>; rel="hub", <https://a.example/other>; rel="self"`, `<feed><link rel="hub" href="https://hub.example/"/></feed>`, "https://first.example/", "https://a.example/other"},
		"none":      {"", `<feed><link href="https://a.example/"/></feed>`, "", ""},
	} {
		got := readDocument(FeedConfig{URL: "https://a.example/feed"}, []byte(tc.document), "", "https://a.example/feed", time.Now())
		if !got.whole {
			t.Fatalf("%s: %v", name, got.refused)
		}
		header := http.Header{}
		if tc.header != "" {
			header.Set("Link", tc.header)
		}
		if hub, self := hubOf(header, &got.hints); hub != tc.hub || self != tc.self {
			t.Errorf("%s: hub %q, self %q", name, hub, self)
		}
	}
}

// verified says whether a hub has a subscription.
func verified(hub *replay.Hub) bool {
	list, _ := hub.Subscriptions()
	return len(list) > 0
}

// A feed that would be asked in an hour is asked at once when its hub has news.
func TestNewsOfAHub(t *testing.T) {
	t.Parallel()
	hub := replay.NewHub()
	hubs := httptest.NewServer(hub)
	t.Cleanup(hubs.Close)
	feeds := replay.NewFeeds(time.Now)
	feeds.Hub = hubs.URL
	server := httptest.NewServer(feeds)
	t.Cleanup(server.Close)
	old := replay.FeedItem{ID: "old", Title: "Old", Link: "https://news.example/old", Published: time.Now().Add(-time.Hour)}
	feeds.Set("/feed.xml", []replay.FeedItem{old})
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := l.Addr().String()
	_ = l.Close()
	cursors := collectors.NewCursors(t.TempDir())
	push, err := websub.New(websub.Config{Callback: "http://" + listen, Listen: listen, AllowPrivate: true}, cursors, time.Now, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go push.Run(ctx) //nolint:errcheck // The test ends it.
	cfg := FetchConfig{AllowPrivate: true, MinInterval: time.Hour}
	reader := NewReader(cfg, cursors, zap.NewNop(), time.Now)
	reader.Push = push
	j := &journal{stop: stop, done: func(j *journal) bool { return len(j.posts()) == 2 }}
	ended := make(chan error, 1)
	go func() { ended <- reader.Feed(FeedConfig{URL: server.URL + "/feed.xml"}).Run(ctx, j.emit) }()
	for deadline := time.Now().Add(2 * time.Minute); !verified(hub); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited for the subscription")
		}
	}
	feeds.Set("/feed.xml", []replay.FeedItem{{ID: "new", Title: "New", Link: "https://news.example/new", Published: time.Now()}, old})
	if status := hub.Publish(server.URL+"/feed.xml", []byte("anything")); status != http.StatusAccepted {
		t.Fatalf("the news is answered %d", status)
	}
	select {
	case err := <-ended:
		if err != nil || feeds.Requests("/feed.xml") != 2 {
			t.Errorf("%d requests: %v", feeds.Requests("/feed.xml"), err)
		}
	case <-time.After(2 * time.Minute):
		t.Error("the feed is not asked again")
	}
}

// FuzzHubs holds that whatever a header says, a hub is an address of http or https, or none.
func FuzzHubs(f *testing.F) {
	f.Add(`<https://hub.example/>; rel="hub", <https://a.example/>; rel=self`, "https://a.example/feed")
	f.Add(`<;rel=hub,<<>>;rel="hub`, "x")
	f.Fuzz(func(t *testing.T, header, document string) {
		of := hints{}
		of.link("hub self", document)
		hub, self := hubOf(http.Header{"Link": {header}}, &of)
		base, _ := url.Parse("https://a.example/feed")
		for _, given := range []string{hub, self} {
			if at := absolute(base, given); at != "" && !strings.HasPrefix(at, "http://") && !strings.HasPrefix(at, "https://") {
				t.Fatalf("%q became %q", given, at)
			}
		}
	})
}
