package assess_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/processors/assess"
	"github.com/election-observatory/observatory/processors/match"
	"github.com/election-observatory/observatory/processors/sources"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/processors/urls"
)

func day(n int) time.Time { return time.UnixMilli(epoch + int64(n)*dayMS).UTC() }

// linking is a post of an hour of the first day that links to domains.
func linking(n, hour int, domains ...string) tag.Post {
	p := settledPost(0, n)
	p.CreatedMS = epoch + int64(hour)*3600_000
	p.IdentityMS, p.ClaimedMS = p.CreatedMS, p.CreatedMS
	for _, domain := range domains {
		p.Links = append(p.Links, tag.Link{URL: "https://" + domain + "/" + string(rune('a'+len(p.Links))), Domain: domain})
	}
	return p
}

func rating(domain string, class sources.Class, from, to time.Time) sources.Rating {
	return sources.Rating{Source: domain, Rater: "list", Class: class, ValidFrom: from, ValidTo: to, ListVersion: "1", Citation: "it's written", Found: "here"}
}

// Ratings that arrive after the posts, change and are withdrawn: links and hourly
// show at each step what holds at the time of the posts.
func TestRatingsHoldAtTheTimeOfThePost(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Minute)
	posts := []tag.Post{
		linking(1, 1, "bad.example", "bad.example", "good.example"),
		linking(2, 13, "bad.example"),
		linking(3, 13, "fake.example", "bad.example"),
		linking(4, 1, "good.example"),
	}
	posts[2].Queries = []string{"q"}
	deliverPosts(t.Context(), t, b.store.NewWriter(), "log", 0, posts)
	if _, err := b.runner.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	noon := time.UnixMilli(epoch + 12*3600_000).UTC()
	for _, step := range []struct {
		name    string
		list    []sources.Rating
		changed bool
		hourly  string
	}{
		{"no list", nil, true, ""},
		{
			"a list",
			[]sources.Rating{rating("bad.example", sources.ClassUnreliable, day(-9), time.Time{}), rating("fake.example", sources.ClassImposter, day(-9), time.Time{})},
			true,
			"1\t\tunreliable\t1\t2\n13\t\timposter\t1\t1\n13\t\tunreliable\t2\t2\n13\tq\timposter\t1\t1\n13\tq\tunreliable\t1\t1",
		},
		{
			"the same",
			[]sources.Rating{rating("bad.example", sources.ClassUnreliable, day(-9), time.Time{}), rating("fake.example", sources.ClassImposter, day(-9), time.Time{})},
			false,
			"1\t\tunreliable\t1\t2\n13\t\timposter\t1\t1\n13\t\tunreliable\t2\t2\n13\tq\timposter\t1\t1\n13\tq\tunreliable\t1\t1",
		},
		{
			"one ends at noon",
			[]sources.Rating{rating("bad.example", sources.ClassUnreliable, day(-9), noon), rating("fake.example", sources.ClassImposter, day(-9), time.Time{})},
			true,
			"1\t\tunreliable\t1\t2\n13\t\timposter\t1\t1\n13\tq\timposter\t1\t1",
		},
		{
			"another class from noon",
			[]sources.Rating{rating("bad.example", sources.ClassUnreliable, day(-9), noon), rating("bad.example", sources.ClassSatire, noon, time.Time{})},
			true,
			"1\t\tunreliable\t1\t2\n13\t\tsatire\t2\t2\n13\tq\tsatire\t1\t1",
		},
		{"all withdrawn", nil, true, ""},
	} {
		list := append(step.list, rating("other.example", sources.ClassSatire, day(-9), time.Time{})) // Else nobody would say that the list is empty.
		changed, err := b.store.LoadSources(t.Context(), list, plainly())
		if err != nil {
			t.Fatal(err)
		}
		if changed != step.changed {
			t.Errorf("%s: changed is %v", step.name, changed)
		}
		if changed {
			if err := b.runner.Rerate(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		got := b.ask(t, "SELECT toHour(hour), query, source_class, sum(posts), sum(links) FROM observatory.hourly WHERE source_class != '' GROUP BY ALL ORDER BY ALL")
		if got != step.hourly {
			t.Errorf("%s: hourly has\n%s\nwant\n%s", step.name, got, step.hourly)
		}
		// The view and the counts are two ways to the same.
		if got, want := b.ask(t, "SELECT toStartOfHour(created_at) AS h, source_class, uniqExact(post_id), count() FROM observatory.links WHERE source_class != '' GROUP BY ALL ORDER BY ALL"),
			b.ask(t, "SELECT hour, source_class, sum(posts), sum(links) FROM observatory.hourly WHERE source_class != '' AND query = '' GROUP BY ALL ORDER BY ALL"); len(strings.Split(got, "\n")) != len(strings.Split(want, "\n")) || lastColumns(got) != lastColumns(want) {
			t.Errorf("%s: links say\n%s\nhourly says\n%s", step.name, got, want)
		}
		if got := b.ask(t, "SELECT sum(posts) FROM observatory.hourly WHERE source_class = '' AND query = ''"); got != "4" {
			t.Errorf("%s: %s posts in all, want 4", step.name, got)
		}
	}
}

// plainly shows sources as they are.
func plainly() store.Naming {
	return store.Naming{Keys: func(source string) []store.Key {
		host, _, _ := strings.Cut(source, "/")
		return []store.Key{{Key: source, Domain: urls.New().Registrable(host)}}
	}}
}

func lastColumns(table string) string {
	var out []string
	for line := range strings.SplitSeq(table, "\n") {
		if _, rest, ok := strings.Cut(line, "\t"); ok {
			out = append(out, rest)
		}
	}
	return strings.Join(out, "\n")
}

func queries(t *testing.T, list ...match.Query) *match.Set {
	t.Helper()
	set, err := match.New(list)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// The past is matched with the queries of today; what the platform's own rules
// said stays, and nothing else of the posts changes.
func TestThePastIsMatchedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Minute)
	old := queries(t, match.Query{Name: "vote", Terms: []string{"wahl"}}, match.Query{Name: "gone", Terms: []string{"wahl"}})
	var posts []tag.Post
	for n, text := range []string{"die Wahl", "eine Abstimmung", "nichts", "Wahl und Abstimmung"} {
		p := settledPost(0, n)
		p.Text, p.QuerySet = text, old.Version()
		p.Queries = old.Matcher().Match([]string{"rule"}, match.Text{Text: text})
		posts = append(posts, p)
	}
	deliverPosts(t.Context(), t, b.store.NewWriter(), "log", 0, posts)
	if err := b.store.LoadQueries(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if _, err := b.runner.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	shown := func() string {
		return b.ask(t, "SELECT text, arrayStringConcat(queries, ' ') FROM observatory.posts ORDER BY text")
	}
	rest := func() string {
		return b.ask(t, "SELECT sum(cityHash64(* EXCEPT (queries, query_set))), count() FROM observatory.posts")
	}
	before := rest()
	if got, want := shown(), "Wahl und Abstimmung\trule vote gone\ndie Wahl\trule vote gone\neine Abstimmung\trule\nnichts\trule"; got != want {
		t.Fatalf("before:\n%s\nwant\n%s", got, want)
	}
	now := queries(t, match.Query{Name: "vote", Terms: []string{"wahl", "abstimmung"}}, match.Query{Name: "both", Terms: []string{"wahl und abstimmung"}})
	runner, err := assess.New(assess.DefaultConfig(), b.store, assess.Work{Methods: []assess.Method{assess.NewRematch(b.store.DB(), now), assess.NewLinks(b.store.DB()), assess.NewHourly(b.store.DB())}}, zap.NewNop(), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // The second time there is nothing to do.
		if err := runner.Recompute(t.Context(), day(0), day(1)); err != nil {
			t.Fatal(err)
		}
		if got, want := shown(), "Wahl und Abstimmung\trule vote both\ndie Wahl\trule vote\neine Abstimmung\trule vote\nnichts\trule"; got != want {
			t.Errorf("after:\n%s\nwant\n%s", got, want)
		}
		if got := b.ask(t, "SELECT DISTINCT query_set FROM observatory.posts"); got != now.Version() {
			t.Errorf("query sets %q, want %q", got, now.Version())
		}
		if got := rest(); got != before {
			t.Errorf("the rest of the posts became %q from %q", got, before)
		}
		if got, want := b.ask(t, "SELECT query, sum(posts) FROM observatory.hourly GROUP BY query ORDER BY query"), "4\nboth\t1\nrule\t4\nvote\t3"; got != want {
			t.Errorf("hourly:\n%s\nwant\n%s", got, want)
		}
	}
	if err := b.store.LoadQueries(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	if got := b.ask(t, "SELECT count(), uniqExact(query_set) FROM observatory.queries"); got != "4\t2" {
		t.Errorf("queries, versions: %s", got)
	}
}
