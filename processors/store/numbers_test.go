package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/election-observatory/observatory/processors/assess"
	"github.com/election-observatory/observatory/processors/sources"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/processors/urls"
	"github.com/election-observatory/observatory/schema"
)

const june = 1_717_372_800_000 // 2024-06-03

// plainly shows sources as they are.
func plainly() store.Naming {
	return store.Naming{Keys: func(source string) []store.Key {
		host, _, _ := strings.Cut(source, "/")
		if host == "t.me" {
			return []store.Key{{Key: "telegram:account:" + numbered(9).String(), Domain: host}}
		}
		return []store.Key{{Key: source, Domain: urls.New().Registrable(host)}}
	}}
}

func rate(t *testing.T, s *store.Store, list ...sources.Rating) {
	t.Helper()
	for i := range list {
		r := &list[i]
		r.ListVersion, r.Citation = "1", "a report"
		if r.Rater == "" {
			r.Rater = "list"
		}
		if r.ValidFrom.IsZero() {
			r.ValidFrom = time.UnixMilli(0).UTC()
		}
	}
	if _, err := s.LoadSources(t.Context(), list, plainly()); err != nil {
		t.Fatal(err)
	}
}

// linkingPost is a post of June 3rd, an hour per number, by one of three accounts.
func linkingPost(n int, lang string, links ...tag.Link) tag.Event {
	return tag.Event{Post: &tag.Post{
		Platform: schema.PlatformX, Kind: schema.KindPost, PostID: numbered(n), AccountID: numbered(1000 + n%3), Version: tag.Version{Low: 1}, CreatedMS: june + int64(n)*3600_000, Lang: lang, Links: links,
	}}
}

// A link is of the longest of all rated sources that it is a part of, and of no other.
func TestLinksAreOfTheLongestRatedSource(t *testing.T) {
	t.Parallel()
	s, e := open(t)
	score := func(v float64) *float64 { return &v }
	rate(t, s,
		sources.Rating{Source: "wide.org", Class: sources.ClassMainstream, Score: score(0.75)},
		sources.Rating{Source: "wide.org", Class: sources.ClassMainstream, Score: score(0.25), Rater: "second"},
		sources.Rating{Source: "wide.org/humor", Class: sources.ClassSatire},
		sources.Rating{Source: "news.wide.org", Class: sources.ClassUnreliable, Network: "N"},
		sources.Rating{Source: "path.org/a/b", Class: sources.ClassConspiracy},
		sources.Rating{Source: "deep.host.org", Class: sources.ClassMixed},
		sources.Rating{Source: "someone.blogspot.com", Class: sources.ClassUnreliable},
		sources.Rating{Source: "t.me/channel", Class: sources.ClassStateControlled},
		sources.Rating{Source: "192.0.2.7", Class: sources.ClassImposter},
		sources.Rating{Source: "moved.org", AliasOf: "wide.org"},
		sources.Rating{Source: "bit.ly", Class: sources.ClassUnreliable},
	)
	want := map[string]string{ // URL and domain: class and source.
		"https://wide.org/ wide.org":                         "mainstream wide.org",
		"https://wide.org:8080/humor2 wide.org":              "mainstream wide.org",
		"https://wide.org/Humor/x?y=/z wide.org":             "satire wide.org/humor",
		"https://wide.org/humor wide.org":                    "satire wide.org/humor",
		"https://a.news.wide.org/humor wide.org":             "unreliable news.wide.org",
		"https://blog.wide.org/humor wide.org":               "mainstream wide.org",
		"https://path.org/a path.org":                        " ",
		"https://path.org//a/b/c path.org":                   "conspiracy path.org/a/b",
		"https://path.org/x?u=/a/b path.org":                 " ",
		"https://host.org/ host.org":                         " ",
		"https://other.host.org/ host.org":                   " ",
		"https://x.deep.host.org/a/b/c/d/e/f/g/h host.org":   "mixed deep.host.org",
		"https://another.blogspot.com/ another.blogspot.com": " ",
		"https://someone.blogspot.com/ someone.blogspot.com": "unreliable someone.blogspot.com",
		"telegram:post:1 t.me":                               "state-controlled telegram:account:" + numbered(9).String(),
		"http://192.0.2.7/a -":                               "imposter 192.0.2.7",
		"https://moved.org/ moved.org":                       "mainstream moved.org",
		"https://bit.ly/a bit.ly":                            " ",
		"https://notwide.org/ notwide.org":                   " ",
	}
	w := s.NewWriter()
	n := 0
	for address := range want {
		url, domain, _ := strings.Cut(address, " ")
		link := tag.Link{URL: url, Domain: strings.Trim(domain, "-"), Unresolved: domain == "bit.ly"}
		if domain == "t.me" {
			link.Account = numbered(9)
		}
		n++
		write(t, w, uint64(n), linkingPost(n, "de", link))
	}
	for line := range strings.SplitSeq(ask(t, e, "SELECT concat(url, ' ', if(domain = '', '-', domain)), concat(source_class, ' ', source, ' .') FROM observatory.links FORMAT TabSeparatedRaw"), "\n") {
		address, got, _ := strings.Cut(line, "\t")
		if got = strings.TrimSuffix(got, " ."); got != want[address] {
			t.Errorf("%s is of %q, want %q", address, got, want[address])
		}
	}
	if got := ask(t, e, "SELECT DISTINCT score, raters FROM observatory.links WHERE source = 'wide.org'"); got != "0.5\t['list','second']" {
		t.Errorf("two raters together say %s", got)
	}
	if got := ask(t, e, "SELECT round(spread, 3), rated_as FROM observatory.combined_ratings WHERE source = 'moved.org'"); got != "0.354\twide.org" {
		t.Errorf("another address is rated as %s", got)
	}
}

// Where a short link leads is joined and never written into the link; that it led
// somewhere once is not lost when it no longer does.
func TestExpansionsAreJoined(t *testing.T) {
	t.Parallel()
	s, e := open(t)
	rate(t, s, sources.Rating{Source: "bad.org/x", Class: sources.ClassUnreliable})
	w := s.NewWriter()
	for n, short := range []string{"https://t.co/a", "https://t.co/b", "https://t.co/c"} {
		write(t, w, uint64(n), linkingPost(n, "de", tag.Link{URL: short, Domain: "t.co", Unresolved: true}))
	}
	links := "SELECT url, expanded, domain, unresolved, source_class FROM observatory.links ORDER BY url FORMAT CSV"
	none := `"https://t.co/a","","t.co",true,""` + "\n" + `"https://t.co/b","","t.co",true,""` + "\n" + `"https://t.co/c","","t.co",true,""`
	if got := ask(t, e, links); got != none {
		t.Errorf("links are\n%s", got)
	}
	expansion := func(short, status, target, domain string, version uint64) tag.Event {
		return tag.Event{Expansion: &tag.Expansion{URL: short, Status: status, Target: tag.Link{URL: target, Domain: domain}, Version: tag.Version{Low: version}}}
	}
	write(t, w, 10, expansion("https://t.co/a", "resolved", "https://bad.org/x/1", "bad.org", 1), expansion("https://t.co/b", "failed", "", "", 2), expansion("https://t.co/z", "resolved", "https://bad.org/", "bad.org", 1))
	want := `"https://t.co/a","https://bad.org/x/1","bad.org",false,"unreliable"` + strings.TrimPrefix(none, `"https://t.co/a","","t.co",true,""`)
	if got := ask(t, e, links); got != want {
		t.Errorf("links are\n%s\nwant\n%s", got, want)
	}
	if got := ask(t, e, "SELECT `links.url`, `links.unresolved` FROM observatory_store.post_rows ORDER BY `links.url` LIMIT 1"); got != "['https://t.co/a']\t[true]" {
		t.Errorf("the post now has %s", got)
	}
}

// Shares come with what they rest on; a part without rated links says so.
func keepLinks(t *testing.T, s *store.Store) {
	t.Helper()
	var hours []assess.Hour
	for at := int64(june/1000) - 24*3600; at < june/1000+4*24*3600; at += 3600 {
		hours = append(hours, assess.Hour(at-at%3600))
	}
	if err := assess.NewLinks(s.DB()).Compute(t.Context(), hours, 1); err != nil {
		t.Fatal(err)
	}
}

func TestSharesSayWhatTheyRestOn(t *testing.T) {
	t.Parallel()
	s, e := open(t)
	rate(t, s, sources.Rating{Source: "bad.org", Class: sources.ClassUnreliable}, sources.Rating{Source: "good.org", Class: sources.ClassMainstream}, sources.Rating{Source: "youtube.com/x", Class: sources.ClassPlatform})
	link := func(host string) tag.Link {
		return tag.Link{URL: "https://" + host + "/", Domain: host, Unresolved: host == "t.co"}
	}
	w := s.NewWriter()
	var events []tag.Event
	for n := range 12 { // Of three accounts, account 0 alone links to bad.org.
		hosts := []tag.Link{link("good.org"), link("other.org")}
		if n%3 == 0 {
			hosts = []tag.Link{link("bad.org"), link("t.co")}
		}
		events = append(events, linkingPost(n, "de", hosts...))
	}
	events = append(events, linkingPost(20, "fr", link("t.co")), linkingPost(21, "fr", link("t.co"), link("other.org"), link("t.co")))
	write(t, w, 0, events...)
	keepLinks(t, s)

	got := ask(t, e, "SELECT part, source_class, links, accounts, round(share, 3), round(low, 3), round(high, 3), round(rated_share, 3), round(unresolved_share, 3), coverage FROM observatory.source_shares(from = '2024-06-03', to = '2024-06-10', by = 'lang') ORDER BY ALL")
	// By hand: of 12 rated links in German 4 are unreliable, all of one of three accounts.
	// variance = 3/2 * (16 - 2*16/3 + 48/9) / 144 = 1/9, p (1-p) / variance = 2, and Wilson's interval for 1/3 of 2.
	want := "de\t\t24\t3\t\\N\t\\N\t\\N\t0.5\t0.167\t\\N\n" +
		"de\tmainstream\t8\t2\t0.667\t0.159\t0.955\t0.5\t0.167\t\\N\n" +
		"de\tunreliable\t4\t1\t0.333\t0.045\t0.841\t0.5\t0.167\t\\N\n" +
		"fr\t\t4\t2\t\\N\t\\N\t\\N\t0\t0.75\t\\N"
	if got != want {
		t.Errorf("shares are\n%s\nwant\n%s", got, want)
	}
	if got := ask(t, e, "SELECT note FROM observatory.source_shares(from = '2024-06-03', to = '2024-06-10', by = 'lang') WHERE part = 'fr'"); got != "No link leads to a rated source; of 75 % the target is unknown: nothing can be said of shares." {
		t.Errorf("says %q", got)
	}
	for _, by := range []string{"all", "platform", "day", "hour", "query"} {
		total := ask(t, e, fmt.Sprintf("SELECT sum(links) FROM observatory.source_shares(from = '2024-06-03', to = '2024-06-10', by = '%s') WHERE source_class = ''", by))
		if want := map[bool]string{true: "0", false: "28"}[by == "query"]; total != want {
			t.Errorf("by %s: %s links, want %s", by, total, want)
		}
	}
	if got := ask(t, e, "SELECT domain, source_class, links, accounts, toUnixTimestamp64Milli(first_seen) FROM observatory.top_domains(from = '2024-06-03 03:00:00', to = '2024-06-10') LIMIT 2"); got != fmt.Sprintf("other.org\t\t7\t3\t%d\ngood.org\tmainstream\t6\t2\t%d", june+3600_000, june+3600_000) {
		t.Errorf("top domains are\n%s", got)
	}
	if got := ask(t, e, "SELECT account_id, source_class, links, all_links, share, of_class FROM observatory.spreaders(from = '2024-06-03', to = '2024-06-10') WHERE source_class = 'unreliable'"); got != numbered(1000).String()+"\tunreliable\t4\t11\t0.36363636363636365\t1" {
		t.Errorf("spreaders are\n%s", got)
	}
	if got := ask(t, e, "SELECT domain, accounts, accounts_before FROM observatory.rising_domains(from = '2024-06-03 18:00:00', to = '2024-06-04 18:00:00')"); got != "t.co\t2\t1" {
		t.Errorf("rising domains are\n%s", got)
	}
}

// High frequency is 50 posts a day over the days of the period, whether or not an
// account posted on them.
func TestHowMuchAccountsPost(t *testing.T) {
	t.Parallel()
	s, e := open(t)
	w := s.NewWriter()
	var events []tag.Event
	for account, posts := range map[int]int{1: 100, 2: 99} {
		for n := range posts {
			ev := linkingPost(1000*account+n, "de")
			ev.Post.AccountID = numbered(account)
			ev.Post.CreatedMS = june + int64(n)*60_000 // All on the first day.
			if n%4 == 0 {
				ev.Post.Kind = schema.KindRepost
			}
			events = append(events, ev)
		}
	}
	write(t, w, 0, events...)
	of := func(to string) string {
		return ask(t, e, "SELECT account_id = '"+numbered(1).String()+"', posts, reposts, posts_per_day, active_days, most_in_a_day, high_frequency, declared_bot IS NULL FROM observatory.account_activity(from = '2024-06-03', to = '"+to+"') ORDER BY posts DESC")
	}
	if got := of("2024-06-05"); got != "1\t100\t25\t50\t1\t100\ttrue\t1\n0\t99\t25\t49.5\t1\t99\tfalse\t1" {
		t.Errorf("over two days\n%s", got)
	}
	if got := of("2024-06-04 12:00:00"); !strings.HasPrefix(got, "1\t100\t25\t66.66") || !strings.Contains(got, "\n0\t99\t25\t66\t") {
		t.Errorf("over a day and a half\n%s", got)
	}
}
