package expand

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/schema"
)

// web is a shortener, which is called localhost, and a site, which is called
// 127.0.0.1.
type web struct {
	short, site string
	asked       atomic.Int64 // Requests to the shortener, robots.txt apart.
}

func newWeb(t *testing.T) *web {
	t.Helper()
	w := &web{}
	site := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hop":
			http.Redirect(out, r, "/page", http.StatusFound)
		case "/page", "/other":
		case "/forbidden":
			out.WriteHeader(http.StatusForbidden)
		default:
			http.NotFound(out, r)
		}
	}))
	t.Cleanup(site.Close)
	w.site = site.URL
	short := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(out, r)
			return
		}
		w.asked.Add(1)
		to := map[string]string{
			"/page": w.site + "/page", "/hop": w.site + "/hop", "/forbidden": w.site + "/forbidden", "/lost": w.site + "/nothing", "/short": "/page", "/loop": "/loop2", "/loop2": "/loop",
			"/private": "http://10.0.0.1/", "/file": "file:///etc/passwd", "/script": "javascript:alert(1)", "/nowhere": "http://[",
		}
		if n, ok := strings.CutPrefix(r.URL.Path, "/deep/"); ok {
			to[r.URL.Path] = "/deep/" + n + "x"
		}
		switch target := to[r.URL.Path]; {
		case target != "":
			out.Header().Set("Location", target)
			out.WriteHeader(http.StatusMovedPermanently)
		case r.URL.Path == "/interstitial":
		case r.URL.Path == "/broken":
			out.WriteHeader(http.StatusInternalServerError)
		case r.URL.Path == "/gone":
			out.WriteHeader(http.StatusGone)
		case r.URL.Path == "/closed":
			out.WriteHeader(http.StatusUnauthorized)
		default:
			http.NotFound(out, r)
		}
	}))
	t.Cleanup(short.Close)
	w.short = strings.Replace(short.URL, "127.0.0.1", "localhost", 1)
	return w
}

func isLocalhost(host string) bool { return host == "localhost" }

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newExpander(t *testing.T, cfg Config, dir string, at *clock) *Expander {
	t.Helper()
	cfg.AllowPrivate = true
	x, err := New(cfg, nil, isLocalhost, collectors.NewCursors(dir), zap.NewNop(), at.Now)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// run runs an expander until so many links have come out, and returns them.
func run(t *testing.T, x *Expander, n int) map[string]*schema.Expansion {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var mu sync.Mutex
	found := map[string]*schema.Expansion{}
	err := x.Run(ctx, func(_ context.Context, batch []*schema.Event) error {
		mu.Lock()
		defer mu.Unlock()
		for _, event := range batch {
			if e := event.GetExpansion(); e != nil {
				found[e.GetUrl()] = e
			}
		}
		if len(found) >= n {
			defer time.AfterFunc(50*time.Millisecond, cancel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != n {
		t.Fatalf("%d links came out, want %d", len(found), n)
	}
	return found
}

func TestLinksAreFollowedToWhereTheyLead(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	want := map[string]string{ // Status and target.
		"/page": "resolved " + w.site + "/page", "/hop": "resolved " + w.site + "/page", "/short": "resolved " + w.site + "/page",
		"/forbidden": "resolved " + w.site + "/forbidden", "/lost": "resolved " + w.site + "/nothing",
		"/loop": "loop ", "/deep/": "too_many_hops ", "/file": "blocked ", "/script": "blocked ", "/nowhere": "failed ",
		"/interstitial": "failed ", "/broken": "failed ", "/gone": "not_found ", "/unknown": "not_found ", "/closed": "refused ",
	}
	links := slices.Collect(maps.Keys(want))
	var before map[string]string
	for range 2 { // In any order.
		rand.Shuffle(len(links), func(i, j int) { links[i], links[j] = links[j], links[i] })
		x := newExpander(t, Config{}, t.TempDir(), &clock{now: time.Now()})
		for _, link := range links {
			if !x.Offer(w.short + link) {
				t.Errorf("%s is not taken", link)
			}
		}
		got, chains := map[string]string{}, map[string]string{}
		for link, e := range run(t, x, len(want)) {
			path := strings.TrimPrefix(link, w.short)
			got[path] = e.GetStatus() + " " + e.GetTarget()
			chains[path] = strings.Join(e.GetChain(), " ")
			if e.GetChain()[0] != link || e.GetCollector() != "expand" || e.GetExpandedMs() == 0 {
				t.Errorf("%s: %v", path, e)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if chains["/hop"] != fmt.Sprintf("%s/hop %s/hop %s/page", w.short, w.site, w.site) {
			t.Errorf("the chain is %s", chains["/hop"])
		}
		if before != nil && !maps.Equal(before, chains) {
			t.Error("the order in which links come changes what is found")
		}
		before = chains
	}
}

// A redirect into a private network is not followed, whatever the shortener is.
func TestPrivateNetworksAreNotAsked(t *testing.T) {
	t.Parallel()
	asker := steps{"https://s.example/a": "http://10.0.0.1/", "https://s.example/b": "http://localhost/", "https://s.example/c": "http://[::1]:8080/x"}
	x, err := New(Config{}, nil, func(host string) bool { return host == "s.example" }, collectors.NewCursors(t.TempDir()), zap.NewNop(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	guarded := x.ask
	for link := range asker {
		x.ask = first{asker, guarded}
		e, err := x.follow(t.Context(), link)
		if err != nil || e.GetStatus() != schema.ExpansionBlocked || e.GetTarget() != "" || len(e.GetChain()) != 2 {
			t.Errorf("%s: %v, %v", link, e, err)
		}
	}
}

// steps are redirects that no server gives.
type steps map[string]string

type first struct {
	steps steps
	then  Asker
}

func (f first) Next(ctx context.Context, address string, robots bool) (string, error) {
	if next, ok := f.steps[address]; ok {
		return next, nil
	}
	return f.then.Next(ctx, address, robots)
}

func TestLinksOfPostsAreFollowedOnce(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	at := &clock{now: time.Now()}
	dir := t.TempDir()
	x := newExpander(t, Config{}, dir, at)
	post := func(urls ...string) *schema.Event {
		p := &schema.Post{}
		for _, u := range urls {
			p.Links = append(p.Links, &schema.Link{Url: u})
		}
		p.Links = append(p.Links, &schema.Link{Short: w.short + "/hop"})
		return &schema.Event{Kind: &schema.Event_Post{Post: p}}
	}
	refuse := true
	emit := x.Watch(func(context.Context, []*schema.Event) error {
		if refuse {
			return errors.New("the log is away")
		}
		return nil
	})
	batch := []*schema.Event{post(w.short+"/page", "https://example.org/"), post(w.short+"/page", w.short+"/broken", "%"), {}}
	if err := emit(t.Context(), batch); err == nil || len(x.queue) != 0 {
		t.Fatal("links are taken that the log does not have")
	}
	refuse = false
	if err := emit(t.Context(), batch); err != nil || len(x.queue) != 3 {
		t.Fatalf("%d links wait: %v", len(x.queue), err)
	}
	run(t, x, 3)
	asked := w.asked.Load()
	for range 2 { // And not after a restart either.
		x = newExpander(t, Config{}, dir, at)
		if _, err := x.cursors.Load(name, &x.known); err != nil {
			t.Fatal(err)
		}
		if x.Offer(w.short+"/page") || x.Offer(w.short+"/broken") {
			t.Error("a link is followed again")
		}
	}
	at.pass(2 * time.Hour)
	if x.Offer(w.short+"/page") || !x.Offer(w.short+"/broken") {
		t.Error("what failed is to be tried again after an hour, and nothing else")
	}
	at.pass(keepFor)
	if !x.Offer(w.short + "/page") {
		t.Error("a link is not followed again after a month")
	}
	if w.asked.Load() != asked {
		t.Error("somebody asked")
	}
}

func TestTheBudgetOfADayIsKept(t *testing.T) {
	t.Parallel()
	k := known{Links: map[uint64]memory{}}
	at := time.Date(2024, 6, 9, 23, 59, 0, 0, time.UTC)
	for i := range 4 {
		if k.spend(at, 3) != (i < 3) {
			t.Errorf("link %d of 3", i+1)
		}
	}
	if !k.spend(at.Add(2*time.Minute), 3) {
		t.Error("no link on the next day")
	}
}

func TestWhatIsKnownIsBounded(t *testing.T) {
	t.Parallel()
	k := known{Links: map[uint64]memory{}}
	now := time.Now()
	for i := range maxKnown + 10 {
		k.note(&schema.Expansion{Url: fmt.Sprint(i), Status: schema.ExpansionResolved}, now)
	}
	if len(k.Links) > maxKnown {
		t.Errorf("%d links are remembered", len(k.Links))
	}
}

func TestOfferRefuses(t *testing.T) {
	t.Parallel()
	x := newExpander(t, Config{Queue: 2}, t.TempDir(), &clock{now: time.Now()})
	for _, c := range []struct {
		link  string
		taken bool
	}{
		{"http://localhost/a", true},
		{"http://localhost/a#part", false},
		{"http://user:pw@localhost/a", false},
		{"ftp://localhost/a", false},
		{"http://localhost/" + strings.Repeat("a", longestLink), false},
		{"%", false},
		{"http://localhost/b", true},
		{"http://localhost/c", false},
	} {
		if x.Offer(c.link) != c.taken {
			t.Errorf("%.50s: taken is not %v", c.link, c.taken)
		}
	}
	for _, cfg := range []Config{{PerDay: -1}, {Queue: -1}, {Workers: 100}} {
		if _, err := New(cfg, nil, isLocalhost, nil, zap.NewNop(), time.Now); err == nil {
			t.Errorf("%+v passes", cfg)
		}
	}
}

// A failing log ends the run, and nothing is known that the log does not have.
func TestAFailingLogLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	x := newExpander(t, Config{}, t.TempDir(), &clock{now: time.Now()})
	x.Offer(w.short + "/page")
	err := x.Run(t.Context(), func(context.Context, []*schema.Event) error { return errors.New("the log is away") })
	if err == nil {
		t.Fatal("it goes on")
	}
	if !x.Offer(w.short + "/page") {
		t.Error("what the log does not have is known")
	}
	run(t, x, 1)
}
