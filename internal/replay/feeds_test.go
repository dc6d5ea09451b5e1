package replay

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

var start = time.Date(2024, 6, 5, 12, 0, 0, 0, time.UTC)

func newFeeds(t *testing.T) (*Feeds, string) {
	t.Helper()
	feeds := NewFeeds(func() time.Time { return start.Add(time.Hour) })
	feeds.Set("/a.xml", []FeedItem{{ID: "2", Title: "Two & more", Published: start}, {ID: "1", Title: "One", Text: strings.Repeat("x", 1000)}})
	server := httptest.NewServer(feeds)
	t.Cleanup(server.Close)
	return feeds, server.URL
}

func get(t *testing.T, url, etag string) (*http.Response, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("If-None-Match", etag)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

func TestFeedsAnswerThatNothingIsNew(t *testing.T) {
	t.Parallel()
	feeds, url := newFeeds(t)
	resp, body, err := get(t, url+"/a.xml", "")
	if err != nil || resp.StatusCode != 200 || !strings.Contains(body, "<title>Two &amp; more</title>") || resp.Header.Get("Last-Modified") == "" {
		t.Fatal(err, resp, body)
	}
	etag := resp.Header.Get("ETag")
	if resp, body, err := get(t, url+"/a.xml", etag); err != nil || resp.StatusCode != 304 || body != "" {
		t.Error(err, resp, body)
	}
	feeds.Set("/a.xml", []FeedItem{{ID: "3"}})
	if resp, _, err := get(t, url+"/a.xml", etag); err != nil || resp.StatusCode != 200 || resp.Header.Get("ETag") == etag {
		t.Error(err, resp)
	}
	if resp, _, err := get(t, url+"/b.xml", ""); err != nil || resp.StatusCode != 404 || feeds.Requests("/a.xml") != 3 {
		t.Error(err, resp, feeds.Requests("/a.xml"))
	}
}

func TestFeedsFailAsTheyAreTold(t *testing.T) {
	t.Parallel()
	feeds, url := newFeeds(t)
	feeds.Faults.Add("/a.xml",
		FeedFault{Status: 429, RetryAfter: "7"}, FeedFault{Status: 301, Location: "/b.xml"}, FeedFault{Drop: true}, FeedFault{CutAfter: 300},
		FeedFault{ContentType: "text/html", Body: "<html>"}, FeedFault{Twice: true, Reverse: true}, FeedFault{Pause: time.Millisecond})
	if resp, _, err := get(t, url+"/a.xml", ""); err != nil || resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "7" {
		t.Error(err, resp)
	}
	if resp, _, err := get(t, url+"/a.xml", ""); err != nil || resp.StatusCode != 301 || resp.Header.Get("Location") != "/b.xml" {
		t.Error(err, resp)
	}
	if _, _, err := get(t, url+"/a.xml", ""); err == nil {
		t.Error("the connection was not closed")
	}
	if _, body, err := get(t, url+"/a.xml", ""); err == nil || len(body) != 300 {
		t.Errorf("%v, %d bytes of a document that is cut", err, len(body))
	}
	if resp, body, err := get(t, url+"/a.xml", ""); err != nil || body != "<html>" || resp.Header.Get("Content-Type") != "text/html" {
		t.Error(err, body)
	}
	if _, body, err := get(t, url+"/a.xml", ""); err != nil || strings.Count(body, "<item>") != 4 || strings.Index(body, "One") > strings.Index(body, "Two") {
		t.Error(err, body)
	}
	if _, body, err := get(t, url+"/a.xml", ""); err != nil || strings.Count(body, "<item>") != 2 || feeds.Faults.Left("/a.xml") != 0 {
		t.Error(err, body)
	}
}

// TestGeneratedFeeds are the same at the same time, and go on as time passes.
func TestGeneratedFeeds(t *testing.T) {
	t.Parallel()
	g := FeedGenerator{Feeds: 30, Every: time.Minute, Shown: 10, Start: start, Edits: 2}
	edited := 0
	for n := range g.Feeds {
		before, found := g.items(g.Path(n), start.Add(time.Hour))
		again, _ := g.items(g.Path(n), start.Add(time.Hour))
		later, _ := g.items(g.Path(n), start.Add(time.Hour+3*time.Minute))
		if !found || len(before) != 10 || fmt.Sprint(before) != fmt.Sprint(again) || later[3].ID != before[0].ID {
			t.Errorf("feed %d: %v, then %v", n, before, later)
		}
		if later[3].Title != before[0].Title {
			edited++
		}
	}
	if edited == 0 || edited == g.Feeds {
		t.Errorf("the newest item was edited in %d of %d feeds", edited, g.Feeds)
	}
	for _, path := range []string{"/generated/30.xml", "/generated/-1.xml", "/generated/0.atom", "/generated/x", "/"} {
		if _, found := g.items(path, start); found {
			t.Errorf("there is a feed at %s", path)
		}
	}
}
