package fetch

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/election-observatory/observatory/schema"
)

func TestNextGoesOneStep(t *testing.T) {
	t.Parallel()
	var gets atomic.Int64
	server := serve(t, page(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			gets.Add(1)
		}
		switch r.URL.Path {
		case "/moved":
			w.Header().Set("Location", "/there?a=b#c")
			w.WriteHeader(http.StatusMovedPermanently)
		case "/away":
			w.Header().Set("Location", "https://user:secret@example.org/x")
			w.WriteHeader(http.StatusFound)
		case "/get-only":
			if r.Method == http.MethodHead {
				w.WriteHeader(http.StatusMethodNotAllowed)
				return
			}
			w.Header().Set("Location", "ftp://example.org/")
			w.WriteHeader(http.StatusFound)
		case "/page":
			_, _ = w.Write([]byte(strings.Repeat("x", 1<<20)))
		default:
			http.NotFound(w, r)
		}
	}))
	client := New(near(), time.Now)
	for path, want := range map[string]string{"/moved": server.URL + "/there?a=b#c", "/away": "https://example.org/x", "/get-only": "ftp://example.org/", "/page": ""} {
		if got, err := client.Next(t.Context(), server.URL+path, true); err != nil || got != want {
			t.Errorf("%s leads to %q, %v, want %q", path, got, err, want)
		}
	}
	if _, err := client.Next(t.Context(), server.URL+"/nothing", true); OutageOf(err) != schema.OutageNotFound {
		t.Errorf("says %v", err)
	}
	if n := gets.Load(); n != 2 {
		t.Errorf("%d requests with GET, want 2", n)
	}
}

func TestNextKeepsToRobotsAndGuard(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			_, _ = w.Write([]byte("User-agent: *\nDisallow: /\n"))
			return
		}
		w.Header().Set("Location", "/there")
		w.WriteHeader(http.StatusFound)
	})
	client := New(near(), time.Now)
	if _, err := client.Next(t.Context(), server.URL+"/a", true); OutageOf(err) != schema.OutageRobots {
		t.Errorf("says %v", err)
	}
	if got, err := client.Next(t.Context(), server.URL+"/a", false); err != nil || got != server.URL+"/there" {
		t.Errorf("leads to %q, %v", got, err)
	}
	guarded := New(DefaultConfig(), time.Now)
	for _, address := range []string{server.URL, "http://10.0.0.1/", "http://[::1]/", "http://localhost/"} {
		if _, err := guarded.Next(t.Context(), address, false); OutageOf(err) != schema.OutagePrivate {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := guarded.Next(t.Context(), "file:///etc/passwd", false); OutageOf(err) != schema.OutageRedirects {
		t.Errorf("says %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Next(ended, server.URL, false); err == nil || ended.Err() == nil {
		t.Error("goes on when it is to end")
	}
}
