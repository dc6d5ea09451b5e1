package fetch

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/election-observatory/observatory/schema"
)

func TestRobotsRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text    string
		allow, refuse string // Paths, by spaces.
	}{
		{"nothing", "", "/ /a", ""},
		{"everybody", "User-agent: *\nDisallow: /private\n", "/ /public", "/private /private/x /privately"},
		{"us", "User-agent: *\nDisallow: /\n\nUser-agent: Election-Observatory\nDisallow: /x\n", "/ /a", "/x"},
		{"others", "User-agent: other\nDisallow: /\n", "/", ""},
		{"a group for several", "User-agent: other\nUser-agent: election-observatory/9\nDisallow: /x\n", "/", "/x"},
		{"groups add up", "User-agent: *\nDisallow: /a\nUser-agent: q\nDisallow: /\nUser-agent: *\nDisallow: /b", "/c", "/a /b"},
		{"the longest decides", "User-agent: *\nAllow: /feed/public\nDisallow: /feed", "/feed/public/1", "/feed /feed/x"},
		{"of equals the one that allows", "User-agent: *\nDisallow: /feed\nAllow: /feed", "/feed", ""},
		{"an empty one", "User-agent: *\nDisallow:\n", "/a", ""},
		{"stars", "User-agent: *\nDisallow: /*/private*.xml\n", "/private.xml /a/private", "/a/private.xml /a/private/b.xml?c"},
		{"ends", "User-agent: *\nDisallow: /*.xml$\nDisallow: /a$", "/a.xml?b /ab /a/", "/a.xml /a"},
		{"comments, case, blanks", "# hello\n user-AGENT : * # all\r\n DISALLOW : /a # b\r\n", "/b", "/a"},
		{"unreadable lines", "\xEF\xBB\xBFUser-agent: *\n<html>\nDisallow /b\nCrawl-delay: 5\nDisallow: /a", "/b", "/a"},
		{"rules before any agent", "Disallow: /\n", "/a", ""},
		{"an own group without rules", "User-agent: *\nDisallow: /\nUser-agent: election-observatory\nDisallow:\n", "/a", ""},
	} {
		rules := parseRobots([]byte(c.text), "election-observatory")
		for path := range strings.FieldsSeq(c.allow) {
			if !allowed(rules, path) {
				t.Errorf("%s: %s is refused", c.name, path)
			}
		}
		for path := range strings.FieldsSeq(c.refuse) {
			if allowed(rules, path) {
				t.Errorf("%s: %s is allowed", c.name, path)
			}
		}
	}
}

// TestRobotsAreHonoured asks servers whose robots.txt answers in all ways.
func TestRobotsAreHonoured(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		text   string
		want   schema.Outage
		robots int64 // How often it is asked for in two requests.
	}{
		{200, "User-agent: *\nDisallow: /feed", schema.OutageRobots, 1},
		{200, "User-agent: *\nDisallow: /other", "", 1},
		{403, "", "", 1},
		{404, "", "", 1},
		{503, "", schema.OutageServer, 1},
		{429, "", schema.OutageRateLimited, 1},
		{200, strings.Repeat("#", robotsBytes) + "\nUser-agent: *\nDisallow: /", "", 1},
		{200, "User-agent: *\nDisallow: /feed\n" + strings.Repeat("# and so on\n", 5<<20/12), schema.OutageRobots, 1},
	} {
		t.Run(fmt.Sprint(c.status, c.want), func(t *testing.T) {
			t.Parallel()
			var robots, pages atomic.Int64
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/robots.txt" {
					pages.Add(1)
					return
				}
				robots.Add(1)
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.text))
			})
			client := New(near(), time.Now)
			for range 2 {
				_, err := client.Get(t.Context(), Request{URL: server.URL + "/feed?a=b"})
				if (c.want == "") != (err == nil) || (err != nil && OutageOf(err) != c.want) {
					t.Errorf("%v, want %q", err, c.want)
				}
			}
			if robots.Load() != c.robots || (pages.Load() == 0) != (c.want != "") {
				t.Errorf("robots.txt was asked for %d times, the page %d times", robots.Load(), pages.Load())
			}
		})
	}
}

// TestRobotsAreReadAgain asks after a day, and soon after a failure.
func TestRobotsAreReadAgain(t *testing.T) {
	t.Parallel()
	var robots atomic.Int64
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" && robots.Add(1) == 1 {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	now := time.Date(2024, 6, 5, 12, 0, 0, 0, time.UTC)
	client := New(near(), func() time.Time { return now })
	for _, step := range []struct {
		after time.Duration
		asked int64
		fails bool
	}{{0, 1, true}, {time.Second, 1, true}, {robotsFailed, 2, false}, {time.Hour, 2, false}, {robotsFor, 3, false}} {
		now = now.Add(step.after)
		if _, err := client.Get(t.Context(), Request{URL: server.URL + "/feed"}); (err != nil) != step.fails || robots.Load() != step.asked {
			t.Errorf("after %v: %v, robots.txt was asked for %d times, want %d", step.after, err, robots.Load(), step.asked)
		}
	}
}

func FuzzRobots(f *testing.F) {
	f.Add("User-agent: *\nDisallow: /*a*b$\nAllow: /", "/xaxb")
	f.Fuzz(func(t *testing.T, text, path string) {
		rules := parseRobots([]byte(text), "election-observatory")
		if len(rules) > robotsRules {
			t.Errorf("%d rules", len(rules))
		}
		allowed(rules, path)
		for _, r := range rules {
			if plain := strings.TrimRight(r.pattern, "$"); !strings.Contains(plain, "*") && plain == r.pattern && strings.HasPrefix(path, plain) != matches(r.pattern, path) {
				t.Errorf("%q and %q", r.pattern, path)
			}
		}
	})
}
