package datasets

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/election-observatory/observatory/internal/words"
)

// Every language says the same with the same values, and names every table that the memo
// shows; English has these where they are made.
func TestEveryLanguageSaysTheSame(t *testing.T) {
	t.Parallel()
	all, languages, err := words.Read(messages)
	if err != nil || len(languages) < 2 {
		t.Fatalf("%v, %v", languages, err)
	}
	for _, lang := range languages[1:] {
		ofTables, others := map[string]string{}, map[string]string{}
		for key, text := range all[lang] {
			if strings.HasPrefix(key, "table.") || strings.HasPrefix(key, "about.") {
				ofTables[key] = text
				continue
			}
			others[key] = text
			if diff := cmp.Diff(verbs(all[words.First][key]), verbs(text)); diff != "" {
				t.Errorf("%s says %s with other values (-first +it):\n%s", lang, key, diff)
			}
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(all[words.First])), slices.Sorted(maps.Keys(others))); diff != "" {
			t.Errorf("%s says something else (-first +it):\n%s", lang, diff)
		}
		for _, table := range slices.Concat(shownOf(Public), shownOf(Vetted)) {
			if ofTables["table."+table] == "" || ofTables["about."+table] == "" {
				t.Errorf("%s does not name the table %s", lang, table)
			}
		}
	}
}

var verb = regexp.MustCompile(`%(?:\.\d)?[dsf]`)

// verbs are the places of a text that are filled.
func verbs(text string) []string {
	list := verb.FindAllString(strings.ReplaceAll(text, "%%", ""), -1)
	slices.Sort(list)
	return list
}
