package sources

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func on(date string) time.Time {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		panic(err)
	}
	return t
}

// rates is a rating of a source since 2020.
func rates(source, rater string, class Class, change ...func(*Rating)) Rating {
	r := Rating{Source: source, Rater: rater, Class: class, ListVersion: "1", Citation: "a report on " + source, ValidFrom: on("2020-01-01")}
	for _, f := range change {
		f(&r)
	}
	return r
}

func scored(v float64) func(*Rating)     { return func(r *Rating) { r.Score = &v } }
func from(date string) func(*Rating)     { return func(r *Rating) { r.ValidFrom = on(date) } }
func until(date string) func(*Rating)    { return func(r *Rating) { r.ValidTo = on(date) } }
func aliasOf(other string) func(*Rating) { return func(r *Rating) { r.Class, r.AliasOf = "", other } }

func registered() []Rating {
	return []Rating{
		rates("wide.org", "a", ClassMainstream, scored(0.75)),
		rates("wide.org", "b", ClassUnreliable, scored(0.25)),
		rates("wide.org/humor", "a", ClassSatire),
		rates("news.wide.org", "a", ClassUnreliable),
		rates("path.org/a/b", "a", ClassConspiracy),
		rates("deep.host.org", "a", ClassMixed),
		rates("someone.blogspot.com", "a", ClassUnreliable),
		rates("t.me/channel", "a", ClassStateControlled),
		rates("youtube.com/@channel", "a", ClassStateControlled),
		rates("youtube.com/channel/uc1", "a", ClassStateControlled),
		rates("facebook.com/page", "a", ClassStateControlled),
		rates("someone.substack.com", "a", ClassConspiracy),
		rates("192.0.2.7", "a", ClassImposter),
		rates("xn--e1afmkfd.xn--p1ai", "a", ClassUnreliable),
		rates("moved.org", "a", "", aliasOf("wide.org"), from("2022-01-01")),
		rates("moved.org/own", "a", ClassSatire, from("2023-01-01")),
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	l := NewLookup(NewRegistry(registered()), on("2024-06-01"))
	for address, want := range map[string]string{ // What matched and the class.
		"https://www.wide.org/politics?utm_source=x": "wide.org unreliable", // Among equals what says most of a source.
		"WIDE.ORG":                                                 "wide.org unreliable",
		"//m.wide.org.:443/#a":                                     "wide.org unreliable",
		"http://user:pw@wide.org:8080/humorous":                    "wide.org unreliable",
		"https://wide.org/HUMOR/x":                                 "wide.org/humor satire",
		"wide.org/humor":                                           "wide.org/humor satire",
		"wide.org/humor/?a=/b#c":                                   "wide.org/humor satire",
		"https://blog.wide.org/humor":                              "wide.org unreliable",
		"https://a.news.wide.org":                                  "news.wide.org unreliable",
		"https://wide.org.evil.com/":                               "",
		"https://notwide.org/":                                     "",
		"https://org/":                                             "",
		"https://path.org/a":                                       "",
		"https://path.org/a/bc":                                    "",
		"https://path.org/a/b":                                     "path.org/a/b conspiracy",
		"https://path.org/a/b/c/d/e/f/g/h/i":                       "path.org/a/b conspiracy",
		"https://host.org/":                                        "",
		"https://other.host.org":                                   "",
		"https://x.y.deep.host.org/":                               "deep.host.org mixed",
		"https://another.blogspot.com/":                            "",
		"https://someone.blogspot.com/2024/":                       "someone.blogspot.com unreliable",
		"https://blogspot.com/":                                    "platform",
		"https://t.me/s/Channel/123":                               "t.me/channel state-controlled",
		"https://telegram.me/channel":                              "t.me/channel state-controlled",
		"https://t.me/channel2":                                    "platform",
		"https://t.me/":                                            "platform",
		"https://www.youtube.com/@Channel/videos":                  "youtube.com/@channel state-controlled",
		"https://m.youtube.com/channel/UC1/featured":               "youtube.com/channel/uc1 state-controlled",
		"https://www.youtube.com/watch?v=abc":                      "platform",
		"https://www.youtube.com/channel/":                         "platform",
		"https://fb.com/page/posts/1":                              "facebook.com/page state-controlled",
		"https://de-de.facebook.com/page":                          "",
		"https://someone.substack.com/p/x":                         "someone.substack.com conspiracy",
		"https://another.substack.com/p/x":                         "",
		"http://192.0.2.7:8080/a":                                  "192.0.2.7 imposter",
		"http://192.0.2.70/":                                       "",
		"https://пример.рф/":                                       "xn--e1afmkfd.xn--p1ai unreliable",
		"https://moved.org/":                                       "moved.org unreliable",
		"https://moved.org/own/x":                                  "moved.org/own satire",
		"https://l.facebook.com/l.php?u=https%3A%2F%2Fwide.org%2F": "wide.org unreliable",
		"javascript:alert(1)":                                      "", "": "", "https://": "", "not a url": "", "https://[2001:db8::1]/": "",
	} {
		a := l.URL(address)
		got := a.Matched
		if a.Rating != nil {
			got += " " + string(a.Rating.Class)
		} else if a.Platform {
			got = "platform"
		}
		if got != want {
			t.Errorf("%q is of %q, want %q", address, got, want)
		}
	}
}

func TestRatersAreCombined(t *testing.T) {
	t.Parallel()
	list := registered()
	r := NewLookup(NewRegistry(list), on("2024-06-01")).URL("wide.org").Rating
	if diff := cmp.Diff([]string{"a", "b"}, r.Raters()); diff != "" || *r.Score != 0.5 || *r.Spread < 0.3535 || *r.Spread > 0.3536 {
		t.Errorf("%v %v ± %v", r.Raters(), *r.Score, *r.Spread)
	}
	if diff := cmp.Diff([]Class{ClassUnreliable, ClassMainstream}, r.Classes); diff != "" {
		t.Error(diff)
	}
	list = append(list, rates("wide.org", "c", ClassMainstream))
	if r = NewLookup(NewRegistry(list), on("2024-06-01")).URL("wide.org").Rating; r.Class != ClassMainstream {
		t.Errorf("two of three raters say mainstream, and it is %s", r.Class)
	}
	moved := NewLookup(NewRegistry(list), on("2024-06-01")).URL("moved.org").Rating
	if moved.Source != "wide.org" || moved.Matched != "moved.org" || len(moved.Ratings) != 3 {
		t.Errorf("another address of wide.org is rated as %+v", moved)
	}
}

func TestRatingsHoldInTheirTime(t *testing.T) {
	t.Parallel()
	list := []Rating{
		rates("x.org", "a", ClassMixed, from("2021-01-01"), until("2022-01-01")),
		rates("x.org", "a", ClassUnreliable, from("2022-01-01")),
		rates("x.org", "b", ClassSatire, from("2021-07-01"), until("2021-10-01")),
		rates("sub.x.org", "a", ClassConspiracy, from("2023-01-01"), until("2024-01-01")),
		rates("new.org", "a", "", aliasOf("x.org"), from("2021-06-01")),
		rates("a.org", "a", "", aliasOf("b.org")), rates("b.org", "a", "", aliasOf("a.org")), // Nobody follows them for ever.
	}
	g := NewRegistry(list)
	for _, c := range []struct{ url, at, want string }{
		{"x.org", "2020-12-31", ""},
		{"x.org", "2021-01-01", "mixed"},
		{"x.org", "2021-08-01", "satire"},
		{"x.org", "2021-12-31", "mixed"},
		{"x.org", "2022-01-01", "unreliable"},
		{"sub.x.org", "2022-12-31", "unreliable"},
		{"sub.x.org", "2023-06-01", "conspiracy"},
		{"sub.x.org", "2024-01-01", "unreliable"},
		{"new.org", "2021-05-31", ""},
		{"new.org", "2021-06-01", "mixed"},
		{"new.org", "2024-06-01", "unreliable"},
		{"a.org", "2024-06-01", ""},
	} {
		got := ""
		if r := NewLookup(g, on(c.at)).URL(c.url).Rating; r != nil {
			got = string(r.Class)
		}
		if got != c.want {
			t.Errorf("%s at %s is %q, want %q", c.url, c.at, got, c.want)
		}
	}
	// Intervals say the same at every moment, and in whatever order the list is.
	other := slices.Clone(list)
	slices.Reverse(other)
	turned := NewRegistry(other)
	for _, source := range g.Sources() {
		intervals := g.Intervals(source)
		if diff := cmp.Diff(intervals, turned.Intervals(source)); diff != "" {
			t.Errorf("%s depends on the order of the list: %s", source, diff)
		}
		for day := on("2020-12-01"); day.Before(on("2024-03-01")); day = day.AddDate(0, 0, 7) {
			want, _ := g.nodes[source].at(g, day)
			var got Combined
			for _, i := range intervals {
				if !day.Before(i.From) && (i.To.IsZero() || day.Before(i.To)) {
					got = i.Combined
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s at %s: %s", source, day.Format(time.DateOnly), diff)
			}
		}
	}
}

func FuzzLookup(f *testing.F) {
	for _, seed := range []string{"https://wide.org/humor", "t.me/s/channel", "//", "https://a.b.c.d.e/f//g", "https://xn--/", "youtube.com/channel//x"} {
		f.Add(seed)
	}
	g := NewRegistry(registered())
	l, p := NewLookup(g, on("2024-06-01")), NewParser()
	f.Fuzz(func(t *testing.T, address string) {
		a := l.URL(address)
		if (a.Matched == "") != (a.Rating == nil) {
			t.Fatalf("%+v", a)
		}
		source, err := p.Parse(address)
		if err != nil {
			return
		}
		if again, err := p.Parse(source); err != nil || again != source {
			t.Fatalf("%q is %q, and that is %q, %v", address, source, again, err)
		}
		if n := NewLookup(NewRegistry([]Rating{rates(source, "a", ClassMixed)}), on("2024-06-01")).URL(source); n.Matched != source {
			t.Fatalf("%q does not match itself but %q", source, n.Matched)
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	var list []Rating
	for i := range 10_000 {
		list = append(list, rates("site"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+".org", "a", ClassMixed))
	}
	l := NewLookup(NewRegistry(append(list, registered()...)), on("2024-06-01"))
	for name, address := range map[string]string{"rated": "https://www.wide.org/humor/2024/story", "unrated": "https://example.com/2024/06/story-1", "tracked": "https://www.wide.org/a?utm_source=x&id=1"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.URL(address)
			}
		})
	}
}
