package fetch

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/election-observatory/observatory/schema"
)

func TestEncodings(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("<item>It says something.</item>\n", 300)
	pack := func(open func(io.Writer) io.WriteCloser) []byte {
		var b bytes.Buffer
		w := open(&b)
		_, _ = io.WriteString(w, text)
		_ = w.Close()
		return b.Bytes()
	}
	gz := pack(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
	for name, c := range map[string]struct {
		encoding string
		body     []byte
		want     schema.Outage
	}{
		"plain":       {"", []byte(text), ""},
		"identity":    {"identity", []byte(text), ""},
		"gzip":        {"gzip", gz, ""},
		"zlib":        {"deflate", pack(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }), ""},
		"raw deflate": {"deflate", pack(func(w io.Writer) io.WriteCloser { f, _ := flate.NewWriter(w, 9); return f }), ""},
		"brotli":      {"br", pack(func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }), ""},
		"unknown":     {"zstd", gz, schema.OutageContent},
		"twice":       {"gzip, gzip", gz, schema.OutageContent},
		"not gzip":    {"gzip", []byte(text), schema.OutageContent},
		"not brotli":  {"br", []byte(text), schema.OutageContent},
		"cut gzip":    {"gzip", gz[:len(gz)/2], schema.OutageClosed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, page(func(w http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("Accept-Encoding"); got != encodings {
					t.Errorf("Accept-Encoding %q", got)
				}
				w.Header().Set("Content-Encoding", c.encoding)
				_, _ = w.Write(c.body)
			}))
			result, err := New(near(), time.Now).Get(t.Context(), Request{URL: server.URL + "/feed"})
			if c.want != "" {
				if OutageOf(err) != c.want || err == nil {
					t.Errorf("%v, want %s", err, c.want)
				}
				return
			}
			if err != nil || string(result.Body) != text {
				t.Errorf("%v, or another text", err)
			}
		})
	}
}

// TestBodiesAreBounded sends what grows and what never ends.
func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	zeros := func(open func(io.Writer) io.WriteCloser) []byte { // A megabyte of them.
		var b bytes.Buffer
		w := open(&b)
		_, _ = w.Write(make([]byte, 1<<20))
		_ = w.Close()
		return b.Bytes()
	}
	gz := zeros(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }) // One after the other is gzip too.
	br := func(w io.Writer) io.WriteCloser { return many{brotli.NewWriterLevel(w, 2)} }
	noise := make([]byte, 1<<20)
	rng := rand.NewChaCha8([32]byte{})
	_, _ = rng.Read(noise)
	for name, send := range map[string]http.HandlerFunc{
		"200 MB of gzip":     body("gzip", bytes.Repeat(gz, 200)),
		"2 MB of gzip":       body("gzip", bytes.Repeat(gz, 2)), // Below the bound, above the ratio.
		"20 MB of brotli":    body("br", zeros(br)),
		"a length beyond it": body("", make([]byte, 5<<20)),
		"never ending": func(w http.ResponseWriter, _ *http.Request) {
			for range 64 {
				if _, err := w.Write(noise); err != nil {
					return
				}
			}
		},
		"headers": func(w http.ResponseWriter, _ *http.Request) {
			for n := range 200 {
				w.Header().Set(fmt.Sprint("X-", n), strings.Repeat("x", 1000))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, page(send))
			result, err := New(near(), time.Now).Get(t.Context(), Request{URL: server.URL + "/feed"})
			if err == nil || OutageOf(err) != schema.OutageContent {
				t.Errorf("%v, %v; want %s", result != nil, err, schema.OutageContent)
			}
		})
	}
}

// many writes everything 20 times.
type many struct{ io.WriteCloser }

func (m many) Write(p []byte) (int, error) {
	for range 20 {
		if _, err := m.WriteCloser.Write(p); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func body(encoding string, bytes []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", encoding)
		w.Header().Set("Content-Length", fmt.Sprint(len(bytes)))
		_, _ = w.Write(bytes)
	}
}

// TestSlowServers come with nothing, with too little, or never to an end.
func TestSlowServers(t *testing.T) {
	t.Parallel()
	drip := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = w.Write([]byte("x"))
			_ = http.NewResponseController(w).Flush()
			time.Sleep(5 * time.Millisecond)
		}
	}
	for name, c := range map[string]struct {
		change func(*Config)
		send   http.HandlerFunc
	}{
		"no headers":      {func(c *Config) { c.HeaderTimeout = 50 * time.Millisecond }, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		"a dripping body": {func(c *Config) { c.RateWindow, c.MinRate = 50*time.Millisecond, 10_000 }, drip},
		"no end":          {func(c *Config) { c.Timeout, c.MinRate = 200*time.Millisecond, 0 }, drip},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := near()
			c.change(&cfg)
			server := serve(t, page(c.send))
			_, err := New(cfg, time.Now).Get(t.Context(), Request{URL: server.URL + "/feed"})
			if err == nil || OutageOf(err) != schema.OutageTimeout || errors.Is(err, errSlow) != (name == "a dripping body") {
				t.Errorf("%v, want %s", err, schema.OutageTimeout)
			}
		})
	}
}

func TestOutages(t *testing.T) {
	t.Parallel()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	secure.Config.ErrorLog = nil
	closed := newTrap(t, "127.0.0.1:0")
	silent := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	nobody := serve(t, http.NotFound)
	nobody.Close()
	statuses := serve(t, page(func(w http.ResponseWriter, r *http.Request) {
		var status int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &status)
		w.Header().Set("Retry-After", r.URL.Query().Get("after"))
		w.WriteHeader(status)
	}))
	for url, want := range map[string]schema.Outage{
		secure.URL:                          schema.OutageTLS,
		"https://" + closed.Addr().String(): schema.OutageClosed,
		silent.URL:                          schema.OutageClosed,
		nobody.URL:                          schema.OutageUnreachable,
		statuses.URL + "/400":               schema.OutageRefused,
		statuses.URL + "/401":               schema.OutageUnauthorised,
		statuses.URL + "/403":               schema.OutageRefused,
		statuses.URL + "/404":               schema.OutageNotFound,
		statuses.URL + "/408":               schema.OutageTimeout,
		statuses.URL + "/410":               schema.OutageGone,
		statuses.URL + "/429":               schema.OutageRateLimited,
		statuses.URL + "/429?after=7":       schema.OutageRateLimited,
		statuses.URL + "/500":               schema.OutageServer,
		statuses.URL + "/503":               schema.OutageServer,
		statuses.URL + "/503?after=7":       schema.OutageRateLimited,
		statuses.URL + "/300":               schema.OutageRedirects,
		statuses.URL + "/301":               schema.OutageRedirects,
		"ftp://example.org/":                schema.OutageRedirects,
		"http:///nowhere":                   schema.OutageRedirects,
	} {
		_, err := New(near(), time.Now).Get(t.Context(), Request{URL: url})
		if err == nil || OutageOf(err) != want {
			t.Errorf("%s: %v, want %s", url, err, want)
		}
		if e, ok := errors.AsType[*Error](err); strings.HasSuffix(url, "after=7") && (!ok || e.Wait != 7*time.Second) {
			t.Errorf("%s: %v does not ask to wait 7 s", url, err)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, 6, 5, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "120": 2 * time.Minute, " 5 ": 5 * time.Second, "-5": 0, "soon": 0, "99999999999": 0, "Wed, 05 Jun 2024 12:00:30 GMT": 30 * time.Second,
		"Wed, 05 Jun 2024 11:00:00 GMT": 0,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q is %v, want %v", value, got, want)
		}
	}
}

// TestPermanentRedirects are those before the first that is not.
func TestPermanentRedirects(t *testing.T) {
	t.Parallel()
	server := serve(t, page(func(w http.ResponseWriter, r *http.Request) {
		if hop, rest, found := strings.Cut(r.URL.Path[1:], "/"); found {
			var status int
			_, _ = fmt.Sscan(hop, &status)
			http.Redirect(w, r, "/"+rest, status)
			return
		}
		_, _ = fmt.Fprint(w, r.Header.Get("If-None-Match"))
	}))
	for path, want := range map[string]string{
		"/end": "", "/301/end": "/end", "/308/end": "/end", "/302/end": "", "/307/end": "", "/301/308/end": "/end", "/301/302/end": "/302/end",
		"/302/301/end": "", "/301/301/301/301/301/end": "/end",
	} {
		result, err := New(near(), time.Now).Get(t.Context(), Request{URL: server.URL + path, ETag: `"e"`})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if got := strings.TrimPrefix(result.Permanent, server.URL); got != want || result.URL != server.URL+"/end" || string(result.Body) != `"e"` {
			t.Errorf("%s: permanently %q, from %s; want %q", path, got, result.URL, want)
		}
	}
	if _, err := New(near(), time.Now).Get(t.Context(), Request{URL: server.URL + "/301/301/301/301/301/301/end"}); OutageOf(err) != schema.OutageRedirects {
		t.Errorf("six redirects: %v", err)
	}
}

// TestTurns asks many things at once of few hosts.
func TestTurns(t *testing.T) {
	t.Parallel()
	var most, now [3]atomic.Int64
	var all, mostAll atomic.Int64
	servers := make([]*httptest.Server, len(most))
	for n := range servers {
		servers[n] = serve(t, func(http.ResponseWriter, *http.Request) {
			raise(&most[n], now[n].Add(1))
			raise(&mostAll, all.Add(1))
			time.Sleep(2 * time.Millisecond)
			now[n].Add(-1)
			all.Add(-1)
		})
	}
	cfg := near()
	cfg.Hosts = 2
	c := New(cfg, time.Now)
	var wg sync.WaitGroup
	for n := range 60 {
		wg.Go(func() {
			if _, err := c.Get(t.Context(), Request{URL: servers[n%len(servers)].URL + "/" + fmt.Sprint(n)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for n := range most {
		if most[n].Load() != 1 {
			t.Errorf("%d requests to one host at the same time", most[n].Load())
		}
	}
	if mostAll.Load() > 2 {
		t.Errorf("%d hosts at the same time", mostAll.Load())
	}
}

func raise(most *atomic.Int64, n int64) {
	for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
	}
}

// TestRequestsToAHostAreApart holds the times of requests against the interval.
func TestRequestsToAHostAreApart(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var at []time.Time
	server := serve(t, func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		at = append(at, time.Now())
	})
	cfg := near()
	cfg.HostInterval = 30 * time.Millisecond
	c := New(cfg, time.Now)
	for range 3 {
		if _, err := c.Get(t.Context(), Request{URL: server.URL + "/a"}); err != nil {
			t.Fatal(err)
		}
	}
	if len(at) != 4 {
		t.Fatalf("%d requests, want robots.txt and 3", len(at))
	}
	for n := range at[1:] {
		if gap := at[n+1].Sub(at[n]); gap < cfg.HostInterval {
			t.Errorf("request %d came %v after the one before", n+1, gap)
		}
	}
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	cfg := near()
	cfg.HostInterval = time.Hour
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	if _, err := New(cfg, time.Now).Get(ctx, Request{URL: server.URL}); err == nil || ctx.Err() == nil {
		t.Errorf("%v: it did not wait", err)
	}
}

func TestForgottenHosts(t *testing.T) {
	t.Parallel()
	h := newHosts(1, 0)
	kept := h.use("kept")
	for n := range 5000 {
		known := h.use(fmt.Sprint(n))
		known.seen = time.Now().Add(-2 * robotsFor)
		h.leave(known)
	}
	if len(h.known) > 1025 || h.use("kept") != kept {
		t.Errorf("%d hosts are known", len(h.known))
	}
}
