package rss

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/collectortest"
	"github.com/election-observatory/observatory/internal/replay"
)

// growing shows more each time that it is asked with the validator of what it
// showed last, so that a run that begins anew goes on where the cursor stands.
func growing(t *testing.T, ending string) *httptest.Server {
	t.Helper()
	const steps = 4
	stages := make([]*replay.Feeds, steps)
	for n := range stages {
		stages[n] = replay.NewFeeds(time.Now)
		items := articles(1, 3*(n+1))
		items[0].ID, items[0].Title, items[0].Link, items[0].Text = "", "", "", "" // A reject, of a time of its own.
		items[len(items)-1].Title += strings.Repeat(", edited", n)
		stages[n].Set("/feed"+ending, items)
	}
	etags := make([]string, steps)
	for n, stage := range stages {
		w := httptest.NewRecorder()
		stage.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/feed"+ending, nil))
		etags[n] = w.Header().Get("ETag")
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := 0
		for n, etag := range etags {
			if r.Header.Get("If-None-Match") == etag {
				at = min(n+1, steps-1)
			}
		}
		stages[at].ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, ending := range []string{".xml", ".atom", ".json"} {
		t.Run(ending, func(t *testing.T) {
			t.Parallel()
			server := growing(t, ending)
			// 11 articles, the first of them in 4 versions; of the newest of each
			// document, which says nothing, one reject, since all are alike.
			collectortest.Run(t, collectortest.Subject{
				Endless: true, Events: 11 + 3 + 1, Rejects: 1,
				New: func(t *testing.T, cursors *collectors.Cursors) collectors.Collector {
					t.Helper()
					reader := NewReader(quick(), cursors, zap.NewNop(), func() time.Time { return noon })
					return reader.Feed(FeedConfig{URL: server.URL + "/feed" + ending})
				},
			})
		})
	}
}
