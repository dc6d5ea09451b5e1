package x

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestRulesSayQueries(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		query   Query
		add     string
		want    []Rule
		remarks int
	}{
		"a word":            {Query{Name: "q", Terms: []string{"Wahl"}}, "", []Rule{{Value: "Wahl", Tag: "q"}}, 0},
		"words and phrases": {Query{Name: "q", Terms: []string{"Wahl", "voter fraud", "#wahl24", "domain:Example.org"}}, "", []Rule{{Value: `(Wahl OR "voter fraud" OR #wahl24 OR url:"example.org")`, Tag: "q"}}, 0},
		"languages":         {Query{Name: "q", Terms: []string{"Wahl"}, Languages: []string{"de", "de-AT", "he"}}, "", []Rule{{Value: "Wahl (lang:de OR lang:iw)", Tag: "q"}}, 0},
		"without":           {Query{Name: "q", Terms: []string{"Wahl"}, Languages: []string{"de"}, Without: []string{"Damen wahl", "#quiz"}}, "-is:retweet", []Rule{{Value: `Wahl lang:de -"Damen wahl" -#quiz -is:retweet`, Tag: "q"}}, 0},
		"open ends":         {Query{Name: "q", Terms: []string{"*wahl*", "wahl"}, Without: []string{"qual*"}}, "", []Rule{{Value: "wahl", Tag: "q"}}, 2},
		"words of X's own":  {Query{Name: "q", Terms: []string{"OR", `say "no"`, "a-b", "l'élection"}}, "", []Rule{{Value: `("OR" OR "say no" OR "a-b" OR "l'élection")`, Tag: "q"}}, 0},
	} {
		rules, remarks, err := Rules([]Query{tc.query}, tc.add)
		if err != nil || len(remarks) != tc.remarks {
			t.Errorf("%s: %q, %v", name, remarks, err)
		}
		if diff := cmp.Diff(tc.want, rules); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Long lists of terms take several rules, each within the bound, with every term once.
func TestLongQueriesTakeSeveralRules(t *testing.T) {
	t.Parallel()
	q := Query{Name: "long", Languages: []string{"fr"}}
	for n := range 500 {
		q.Terms = append(q.Terms, strings.Repeat("é", n%30)+"mot"+string(rune('a'+n%26))+strings.Repeat("x", n/26))
	}
	rules, _, err := Rules([]Query{q}, "-is:retweet")
	if err != nil {
		t.Fatal(err)
	}
	terms := 0
	for _, r := range rules {
		if n := utf8.RuneCountInString(r.Value); n > maxRule || !strings.HasSuffix(r.Value, " lang:fr -is:retweet") {
			t.Errorf("a rule of %d characters: %s", n, r.Value)
		}
		terms += strings.Count(r.Value, " OR ") + 1
	}
	if terms != len(q.Terms) || len(rules) < 10 {
		t.Errorf("%d terms in %d rules", terms, len(rules))
	}
	if _, _, err := Rules([]Query{{Name: "q", Terms: []string{strings.Repeat("a", maxRule+1)}}}, ""); err == nil {
		t.Error("a rule that is too long is none")
	}
}
