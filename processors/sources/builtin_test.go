package sources

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestBuiltinListsAreCitedAndFound(t *testing.T) {
	t.Parallel()
	ratings, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	perList := map[string]int{}
	for _, r := range ratings {
		perList[r.Rater]++
		if r.Citation == "" || !strings.Contains(r.Found, "Domain: ") || !strings.Contains(r.Found, "Act: ") {
			t.Errorf("%s: cited as %q, found as %q", r.Source, r.Citation, r.Found)
		}
		if r.Score != nil {
			t.Errorf("%s: an authority that gives no score has %v", r.Source, *r.Score)
		}
		if made := mustDay(t, r.ListVersion); r.ValidFrom.After(made) {
			t.Errorf("%s is listed from %s, after its list was made", r.Source, r.ValidFrom)
		}
	}
	want := map[string]int{"eu-sanctions": 48, "doj-2024-09": 3}
	if diff := cmp.Diff(want, perList); diff != "" {
		t.Errorf("entries per list (-want +got):\n%s", diff)
	}
}

// TestBuiltinKnows is of entries whose class, act and first day are known from
// elsewhere than the file.
func TestBuiltinKnows(t *testing.T) {
	t.Parallel()
	ratings, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for domain, want := range map[string]struct {
		rater, from, cited string
		class              Class
	}{
		"rt.com":                 {"eu-sanctions", "2022-03-02", "2022/350", ClassStateControlled},
		"vesti.ru":               {"eu-sanctions", "2022-06-25", "2022/879", ClassStateControlled},
		"1tv.ru":                 {"eu-sanctions", "2023-02-01", "2022/2474", ClassStateControlled},
		"arabic.sputniknews.com": {"eu-sanctions", "2023-04-10", "2023/427", ClassStateControlled},
		"tsargrad.tv":            {"eu-sanctions", "2023-10-01", "2023/1214", ClassStateControlled},
		"ria.ru":                 {"eu-sanctions", "2024-06-25", "2024/1428", ClassStateControlled},
		"lenta.ru":               {"eu-sanctions", "2025-04-09", "2025/395", ClassStateControlled},
		"washingtonpost.pm":      {"doj-2024-09", "2024-09-04", "Pennsylvania", ClassImposter},
	} {
		at := slices.IndexFunc(ratings, func(r Rating) bool { return r.Source == domain })
		if at < 0 {
			t.Errorf("%s is not listed", domain)
			continue
		}
		r := ratings[at]
		if r.Rater != want.rater || r.Class != want.class || !r.ValidFrom.Equal(mustDay(t, want.from)) || !r.ValidTo.IsZero() || !strings.Contains(r.Citation, want.cited) {
			t.Errorf("%s: %+v, want %+v", domain, r, want)
		}
	}
}

// TestBuiltinSparesOthers is of real outlets that a list of look-alikes or of
// one state's media must never name.
func TestBuiltinSparesOthers(t *testing.T) {
	t.Parallel()
	ratings, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, r := range ratings {
		listed[r.Source] = true
	}
	for _, domain := range []string{"washingtonpost.com", "spiegel.de", "lemonde.fr", "pravda.com.ua", "meduza.io", "novayagazeta.eu", "bbc.co.uk", "com", "ru"} {
		if listed[domain] {
			t.Errorf("%s is listed", domain)
		}
	}
}

func mustDay(t *testing.T, text string) time.Time {
	t.Helper()
	d, err := day("day", text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const small = `lists:
  - list: {name: court, version: 2024-06-01, licence: facts}
    acts:
      - citation: Act 1
        valid_from: 2024-01-01
        valid_to: 2024-02-01
        names: [The Paper]
        found: a register
        entries:
          - {domain: paper.example, outlet: The Paper, class: unreliable, found: its imprint}
`

func TestRead(t *testing.T) {
	t.Parallel()
	got, err := read([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	want := []Rating{{
		Source: "paper.example", Rater: "court", Class: ClassUnreliable, Network: "The Paper", ListVersion: "2024-06-01", Licence: "facts",
		ValidFrom: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), ValidTo: time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC),
		Citation: "Act 1: The Paper", Found: "Domain: its imprint. Act: a register",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ old, new, says string }{
		"an unknown key":            {"found: a register", "found: a register\n        page: 3", "page"},
		"an unknown key of a list":  {"licence: facts", "licence: facts, url: x", "url"},
		"an unknown key of a entry": {"found: its imprint", "found: its imprint, score: 1", "score"},
		"a key twice":               {"valid_to: 2024-02-01", "valid_from: 2024-02-01", "valid_from"},
		"no name":                   {"name: court", "name: ''", "needs a name"},
		"no licence":                {"licence: facts", "licence: ' '", "needs a licence"},
		"no version":                {"version: 2024-06-01", "version: v1", `"v1" is no day`},
		"no citation":               {"citation: Act 1", "citation: ''", "needs a citation"},
		"an act found nowhere":      {"found: a register", "found: ''", "Act 1"},
		"a domain found nowhere":    {"found: its imprint", "found: ''", "paper.example"},
		"no outlet":                 {"outlet: The Paper", "outlet: ''", "whose it is"},
		"an outlet not named":       {"outlet: The Paper", "outlet: The Post", `does not name "The Post"`},
		"no first day":              {"valid_from: 2024-01-01", "valid_from: ''", "valid_from"},
		"no such day":               {"valid_to: 2024-02-01", "valid_to: 2024-02-31", "valid_to"},
		"an end before it begins":   {"valid_to: 2024-02-01", "valid_to: 2023-02-01", "paper.example"},
		"no such class":             {"class: unreliable", "class: bad", `no class "bad"`},
		"a URL for a domain":        {"domain: paper.example", "domain: 'https://paper.example/'", "write it as"},
		"a second document":         {"lists:", "lists: []\n---\nlists:", "one document"},
		"no lists":                  {small, "", "no lists"},
		"a tag without a value":     {"names: [The Paper]", "names: !paper", "cannot be read"},
		"a word":                    {small, "lists", "string"},
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		c := cases[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if strings.Count(small, c.old) == 0 {
				t.Fatalf("nothing to replace: %q", c.old)
			}
			_, err := read([]byte(strings.Replace(small, c.old, c.new, 1)))
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("says %v, want one line with %q", err, c.says)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(small))
	f.Add(builtinLists)
	for _, seed := range []string{"", "lists:", "lists: [{}]", "a: &a [*a]", "lists: &l [*l, *l]", "? [", "--- \n---", "lists: {list: {name: !!binary x}}", "\x00\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		ratings, err := read(text)
		if err != nil {
			if ratings != nil || err.Error() == "" {
				t.Fatalf("%d ratings beside the error %q", len(ratings), err)
			}
			return
		}
		if err := Validate(ratings); err != nil {
			t.Fatalf("read, but not valid: %v", err)
		}
		for _, r := range ratings {
			if r.Found == "" || r.Score != nil {
				t.Fatalf("a rating that the form cannot give: %+v", r)
			}
		}
	})
}
