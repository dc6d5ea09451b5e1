package match_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/election-observatory/observatory/processors/match"
)

func set(tb testing.TB, queries ...match.Query) *match.Set {
	tb.Helper()
	s, err := match.New(queries)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func matches(tb testing.TB, term string, t match.Text) bool {
	tb.Helper()
	return len(set(tb, match.Query{Name: "q", Terms: []string{term}}).Matcher().Match(nil, t)) > 0
}

func TestTerms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		term, text string
		want       bool
	}{
		{"wahl", "Die Wahl!", true},
		{"wahl", "Wahlen", false},
		{"wahl", "#Wahl", true},
		{"wahl", "Bundestagswahl", false},
		{"wahl*", "Wahlen", true},
		{"*wahl", "Bundestagswahl", true},
		{"*wahl*", "Bundestagswahlen", true},
		{"#wahl", "die wahl", false},
		{"#wahl", "die #WAHL.", true},
		{"#wahl", "#wahl2024", false},
		{"#wahl*", "#wahl2024", true},
		{"#wahl", "＃wahl", true},
		{"élection", "E\u0301lection européenne", true}, // The accent as a character of its own.
		{"élection", "election", false},
		{"élections  européennes", "les ÉLECTIONS\n\teuropéennes", true},
		{"straße", "STRASSE", false},
		{"οδός", "ΟΔΌΣ", true}, // The sigma at the end of a word.
		{"выборы", "Выборы-2024", true},
		{"выборы", "перевыборы", false},
		{"選挙", "今日の選挙結果", true},
		{"选举", "他参加选举了", true},
		{"เลือกตั้ง", "การเลือกตั้งทั่วไป", true},
		{"انتخابات", "نتائج انتخابات.", true},
		{"covid-19", "COVID-19:", true},
		{"covid-19", "covid-190", false},
		{"eu", "EU_wahl", false},
		{"vote now", "vote   now", true},
		{"vote now", "vote. now", false},
		{"brexit", "bre\u00adxit", true}, // A soft hyphen.
		{"c++", "I like C++ more", true},
		{"50%", "50% of", true},
		{"ｆｕｌｌ", "full", true},
	} {
		if got := matches(t, c.term, match.Text{Text: c.text}); got != c.want {
			t.Errorf("%q in %q: %v", c.term, c.text, got)
		}
	}
}

func TestWhereTermsAreLookedFor(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]match.Text{
		"title": {Title: "Wahl"}, "text": {Text: "Wahl"}, "hashtags": {Hashtags: []string{"wahl"}},
	} {
		if !matches(t, "wahl", text) {
			t.Errorf("not in %s", name)
		}
	}
	if matches(t, "die wahl", match.Text{Title: "die", Text: "wahl"}) {
		t.Error("a phrase reaches from the title into the text")
	}
	if !matches(t, "domain:example.org", match.Text{Domains: []string{"other.example", "example.org"}}) || matches(t, "domain:example.org", match.Text{Text: "domain:example.org"}) {
		t.Error("a domain is looked for in links alone")
	}
}

func TestQueries(t *testing.T) {
	t.Parallel()
	day := func(d int) time.Time { return time.Date(2024, 6, d, 0, 0, 0, 0, time.UTC) }
	m := set(t,
		match.Query{Name: "wahl", Terms: []string{"wahl", "election"}, Without: []string{"papstwahl", "wahl o mat"}},
		match.Query{Name: "german", Terms: []string{"wahl"}, Languages: []string{"de", "gsw"}},
		match.Query{Name: "week", Terms: []string{"wahl"}, From: day(3), To: day(10)},
	).Matcher()
	for _, c := range []struct {
		text match.Text
		want string
	}{
		{match.Text{Text: "wahl", Lang: "de", CreatedMS: day(4).UnixMilli()}, "wahl german week"},
		{match.Text{Text: "wahl", Lang: "en", CreatedMS: day(10).UnixMilli()}, "wahl"},
		{match.Text{Text: "wahl", Lang: "en", CreatedMS: day(3).UnixMilli()}, "wahl week"},
		{match.Text{Text: "Election", Lang: "de"}, "wahl"},
		{match.Text{Text: "Papstwahl wahl", Lang: "de"}, "german"},
		{match.Text{Text: "nothing"}, ""},
		{match.Text{}, ""},
	} {
		if got := strings.Join(m.Match(nil, c.text), " "); got != c.want {
			t.Errorf("%+v: %q, want %q", c.text, got, c.want)
		}
	}
	if got := m.Match([]string{"rule"}, match.Text{Text: "election"}); !slices.Equal(got, []string{"rule", "wahl"}) {
		t.Errorf("appended to what was there: %v", got)
	}
}

func TestWhatNobodyCanMean(t *testing.T) {
	t.Parallel()
	for want, queries := range map[string][]match.Query{
		"needs a name":          {{Terms: []string{"wahl"}}},
		`two are named "a"`:     {{Name: "a", Terms: []string{"wahl"}}, {Name: "a", Terms: []string{"vote"}}},
		"no terms":              {{Name: "a"}},
		"ends before it begins": {{Name: "a", Terms: []string{"wahl"}, From: time.Unix(2, 0), To: time.Unix(1, 0)}},
		`term "*": it says too`: {{Name: "a", Terms: []string{"*"}}},
		`term "x": it says too`: {{Name: "a", Terms: []string{"x"}}},
		`term "": it says too`:  {{Name: "a", Terms: []string{"ok", ""}}},
		"not inside":            {{Name: "a", Terms: []string{"wa*hl"}}},
		"as example.org":        {{Name: "a", Terms: []string{"domain:https://example.org"}}},
		"are pseudonyms":        {{Name: "a", Terms: []string{"@somebody"}}},
		"longer than 512":       {{Name: "a", Without: []string{strings.Repeat("a", 600)}, Terms: []string{"wahl"}}},
	} {
		if _, err := match.New(queries); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	a, b := match.Query{Name: "a", Terms: []string{"wahl"}}, match.Query{Name: "a", Terms: []string{"wahl", "vote"}}
	first, second := set(t, a).Version(), set(t, a).Version()
	if a.Version() == b.Version() || first == set(t, b).Version() || first != second {
		t.Error("a version does not say which terms")
	}
	if set(t).Version() != "" || len(set(t).Matcher().Match(nil, match.Text{Text: "wahl"})) != 0 {
		t.Error("no query has a version, or matches")
	}
}

// reference matches one term by trying every place of the text.
func reference(term, text string) bool {
	fold := func(s string) []rune {
		s = strings.Join(strings.Fields(strings.ToLower(norm.NFKC.String(s))), " ")
		return []rune(strings.ReplaceAll(s, "ς", "σ"))
	}
	word := func(r rune) bool { return r == '_' || unicode.In(r, unicode.Letter, unicode.Mark, unicode.Number) }
	term, left := strings.CutPrefix(term, "*")
	term, right := strings.CutSuffix(term, "*")
	in, of := fold(text), fold(term)
	for at := 0; at+len(of) <= len(in); at++ {
		if !slices.Equal(in[at:at+len(of)], of) {
			continue
		}
		to := at + len(of)
		if (left || at == 0 || !word(of[0]) || !word(in[at-1])) && (right || to == len(in) || !word(of[len(of)-1]) || !word(in[to])) {
			return true
		}
	}
	return false
}

// TestAgainstTryingEveryPlace draws texts and terms from few syllables, so that
// terms overlap and are parts of one another.
func TestAgainstTryingEveryPlace(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	syllables := []string{"wa", "hl", "é", "ab", "a", "b", " ", "-", "#", "ж", "Ä", "_", "1"}
	draw := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteString(syllables[r.IntN(len(syllables))])
		}
		return b.String()
	}
	for range 300 {
		var queries []match.Query
		for len(queries) < 40 {
			term := strings.TrimSpace(draw(1 + r.IntN(4)))
			if r.IntN(4) == 0 {
				term = "*" + term
			}
			if r.IntN(4) == 0 {
				term += "*"
			}
			q := match.Query{Name: fmt.Sprint(len(queries)), Terms: []string{term}}
			if _, err := match.New([]match.Query{q}); err == nil {
				queries = append(queries, q)
			}
		}
		m := set(t, queries...).Matcher()
		for range 20 {
			text := draw(r.IntN(30))
			var want []string
			for _, q := range queries {
				if reference(q.Terms[0], text) {
					want = append(want, q.Name)
				}
			}
			if got := m.Match(nil, match.Text{Text: text}); !slices.Equal(got, want) {
				t.Fatalf("%q: %v, want %v of %v", text, got, want, queries)
			}
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("wahl*", "Die Wahlen")
	f.Add("#a b", "x #a  b")
	f.Fuzz(func(t *testing.T, term, text string) {
		s, err := match.New([]match.Query{{Name: "q", Terms: []string{term}}})
		if err != nil {
			return
		}
		m := s.Matcher()
		first := len(m.Match(nil, match.Text{Title: text, Text: text, Hashtags: []string{text}}))
		if second := len(m.Match(nil, match.Text{Title: text, Text: text, Hashtags: []string{text}})); first != second {
			t.Fatal("the same text matched in two ways")
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	text := match.Text{Text: "Wer gewinnt heute die Europawahl? Erste Hochrechnungen um 18 Uhr, Élections européennes en direct, alle Zahlen hier https://example.org/a #EP2024 #Wahlabend"}
	for _, n := range []int{10, 1_000, 10_000} {
		b.Run(fmt.Sprint(n, " terms"), func(b *testing.B) {
			r := rand.New(rand.NewPCG(3, 4))
			q := match.Query{Name: "q", Terms: []string{"hochrechnungen"}}
			for len(q.Terms) < n {
				term := make([]byte, 5+r.IntN(10))
				for i := range term {
					term[i] = "enisratdhulcgmobwfkzpvjyxq"[min(r.IntN(26), r.IntN(26))]
				}
				q.Terms = append(q.Terms, string(term))
			}
			m := set(b, q).Matcher()
			names := make([]string, 0, 4)
			b.SetBytes(int64(len(text.Text)))
			b.ReportAllocs()
			for b.Loop() {
				names = m.Match(names[:0], text)
			}
		})
	}
}
