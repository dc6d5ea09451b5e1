package websub

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/collectortest"
	"github.com/election-observatory/observatory/internal/replay"
)

// free is an address that nobody listens at.
func free(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // It was only asked for.
	return l.Addr().String()
}

// running is a subscriber that runs until the test ends, by a clock that can be moved.
func running(t *testing.T, cursors *collectors.Cursors) (s *Subscriber, forward func(time.Duration)) {
	t.Helper()
	var mu sync.Mutex
	ahead := time.Duration(0)
	now := func() time.Time { mu.Lock(); defer mu.Unlock(); return time.Now().Add(ahead) }
	listen := free(t)
	s, err := New(Config{Callback: "http://" + listen + "/websub/", Listen: listen, AllowPrivate: true}, cursors, now, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s, func(d time.Duration) { mu.Lock(); defer mu.Unlock(); ahead += d }
}

func woken(wake <-chan struct{}) bool {
	select {
	case <-wake:
		return true
	case <-time.After(50 * time.Millisecond):
		return false
	}
}

const feed = "https://news.example/feed"

// A hub verifies, what it signs wakes, and what it does not sign does nothing.
func TestASubscription(t *testing.T) {
	t.Parallel()
	hub := replay.NewHub()
	server := httptest.NewServer(hub)
	t.Cleanup(server.Close)
	cursors := collectors.NewCursors(t.TempDir())
	s, forward := running(t, cursors)
	wake := s.Want(feed, server.URL)
	collectortest.Eventually(t, "the subscription", func() bool { list, _ := hub.Subscriptions(); return s.Active() == 1 && len(list) == 1 })
	verified, asked := hub.Subscriptions()
	if len(verified) != 1 || asked != 1 || verified[0].Topic != feed || len(verified[0].Secret) != 32 {
		t.Fatalf("%v after %d requests", verified, asked)
	}
	if woken(wake) {
		t.Error("it is woken though nothing is new")
	}
	for range 3 {
		if status := hub.Publish(feed, []byte("<feed/>")); status != http.StatusAccepted {
			t.Errorf("what is signed is answered %d", status)
		}
	}
	if !woken(wake) || woken(wake) {
		t.Error("several news wake once")
	}
	callback := verified[0].Callback
	for _, signature := range []string{"", "sha256=", "sha256=00", "sha256=" + strings.Repeat("0", 64), "md5=00", "sha1"} {
		if status := replay.Distribute(callback, []byte("<feed/>"), signature); status != http.StatusAccepted || woken(wake) {
			t.Errorf("the signature %q is answered %d", signature, status)
		}
	}
	if status := replay.Distribute(callback, make([]byte, maxContent+1), "sha256="+strings.Repeat("0", 64)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("too much is answered %d", status)
	}
	if status := replay.Distribute(callback+"0", nil, ""); status != http.StatusNotFound {
		t.Errorf("another callback is answered %d", status)
	}
	// It is renewed before it runs out, and another process has the same callback.
	forward(lease*9/10 + time.Minute)
	collectortest.Eventually(t, "the renewal", func() bool { _, asked := hub.Subscriptions(); return asked == 2 })
	again, err := New(Config{Callback: "https://observatory.example/websub"}, cursors, time.Now, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	if again.derive("callback", feed) != s.derive("callback", feed) || again.derive("callback", feed) == again.derive("secret", feed) {
		t.Error("the callback does not last")
	}
}

// verification is what a callback answers to a hub.
func verification(t *testing.T, s *Subscriber, query string) (status int, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/websub/"+s.derive("callback", feed)+"?"+query, http.NoBody))
	return w.Code, w.Body.String()
}

func TestVerification(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Callback: "https://observatory.example/websub"}, collectors.NewCursors(t.TempDir()), time.Now, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	s.Want(feed, "https://hub.example/")
	for _, tc := range []struct {
		query  string
		status int
		body   string
	}{
		{"hub.mode=subscribe&hub.topic=" + feed + "&hub.challenge=abc&hub.lease_seconds=3600", http.StatusOK, "abc"},
		{"hub.mode=subscribe&hub.topic=https://other.example/&hub.challenge=abc", http.StatusNotFound, ""},
		{"hub.mode=unsubscribe&hub.topic=" + feed + "&hub.challenge=abc", http.StatusNotFound, ""},
		{"hub.mode=subscribe&hub.topic=" + feed, http.StatusBadRequest, ""},
		{"hub.mode=denied&hub.topic=" + feed, http.StatusOK, ""},
	} {
		status, body := verification(t, s, tc.query)
		if status != tc.status || tc.body != "" && body != tc.body {
			t.Errorf("%s is answered %d %q", tc.query, status, body)
		}
	}
	if s.Active() != 0 {
		t.Error("what is denied is active")
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/websub/"+s.derive("callback", feed)+"?hub.mode=subscribe&hub.topic="+feed+"&hub.challenge=%3Cscript%3E", http.NoBody))
	if kind := w.Header().Get("Content-Type"); !strings.HasPrefix(kind, "text/plain") {
		t.Errorf("a challenge is sent as %q", kind)
	}
}

// A hub inside a private network is not asked, unless the study says so.
func TestPrivateHubs(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 10)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked <- struct{}{} }))
	t.Cleanup(server.Close)
	s, err := New(Config{Callback: "https://observatory.example/websub"}, collectors.NewCursors(t.TempDir()), time.Now, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ask(t.Context(), "id", feed, server.URL, "secret"); err == nil || !strings.Contains(err.Error(), "private") {
		t.Errorf("a private hub: %v", err)
	}
	if len(asked) > 0 {
		t.Error("a private hub was asked")
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]Config{
		"is no public address": {Callback: "http://observatory.example/websub"},
		"is not HOST:PORT":     {Callback: "https://observatory.example/websub", Listen: "8090"},
		"":                     {Callback: "https://observatory.example/websub", Listen: "127.0.0.1:8090"},
	} {
		if err := cfg.Validate(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
