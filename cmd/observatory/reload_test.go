package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/election-observatory/observatory/internal/app"
)

// TestTheStudyIsReadAgain changes the feeds of a running observatory.
func TestTheStudyIsReadAgain(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	asked := map[string]int{}
	times := func(path string) int {
		mu.Lock()
		defer mu.Unlock()
		return asked[path]
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked[r.URL.Path]++
		mu.Unlock()
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		_, _ = fmt.Fprint(w, "<rss version='2.0'><channel><title>t</title></channel></rss>")
	}))
	t.Cleanup(server.Close)
	config := filepath.Join(t.TempDir(), "study.yaml")
	write := func(text string) {
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	study := func(paths ...string) string {
		text := "fetch: {allow_private: true, min_interval: 1s, max_interval: 1s}\nfeeds:\n"
		for _, path := range paths {
			text += "  - url: " + server.URL + path + "\n"
		}
		return text
	}
	p := newProgram(t)
	p.env = append(p.env, "OBSERVATORY_CONFIG="+config)
	write(study("/stays", "/goes"))
	up := p.start("up", "--listen-clickhouse=127.0.0.1:0", "--listen-page=127.0.0.1:0", "--listen-kafka=127.0.0.1:0")
	waitFor(t, "both feeds to be asked", func() bool { return times("/stays") > 0 && times("/goes") > 0 || up.ended() })
	var ends app.Endpoints
	waitFor(t, "the addresses to be told", func() bool {
		var ok bool
		ends, ok = app.Dir(p.data).ReadEndpoints()
		return ok && ends.PID > 0 || up.ended()
	})
	hangUp := func() {
		if err := syscall.Kill(ends.PID, syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	write("feeds: [{url: nonsense}]")
	hangUp()
	waitFor(t, "the fault to be told", func() bool { return strings.Contains(up.said(), "the configuration stays as it was") })
	write(study("/stays", "/comes"))
	hangUp()
	waitFor(t, "the new feed to be asked", func() bool { return times("/comes") > 0 })
	gone, stayed := times("/goes"), times("/stays")
	waitFor(t, "the feed that stays to be asked again", func() bool { return times("/stays") > stayed+2 })
	if again := times("/goes"); again > gone+1 { // One request may have been under way.
		t.Errorf("the feed that was taken out was asked %d times more", again-gone)
	}
	if !strings.Contains(up.said(), `"started": 1, "ended": 1`) {
		t.Errorf("the log does not tell what changed:\n%s", up.said())
	}
}
