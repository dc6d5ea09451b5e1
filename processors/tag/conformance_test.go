package tag_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/goccy/go-yaml"

	"github.com/election-observatory/observatory/processors/tag"
)

type extraction struct {
	Description string   `yaml:"description"`
	Text        string   `yaml:"text"`
	Expected    []string `yaml:"expected"`
}

// extractions reads twitter-text's conformance cases
// (https://github.com/twitter/twitter-text/tree/master/conformance).
func extractions(t *testing.T, kind string) []extraction {
	t.Helper()
	dir := os.Getenv("OBSERVATORY_TESTDATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	text, err := os.ReadFile(filepath.Join(dir, "text", "extract.yml"))
	if err != nil {
		t.Skip("no conformance cases: set OBSERVATORY_TESTDATA to the directory of test data")
	}
	var file struct {
		Tests map[string]any `yaml:"tests"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	part, err := yaml.Marshal(file.Tests[kind])
	if err != nil {
		t.Fatal(err)
	}
	var cases []extraction
	if err := yaml.Unmarshal(part, &cases); err != nil || len(cases) == 0 {
		t.Fatalf("%d cases of %s, %v", len(cases), kind, err)
	}
	return cases
}

// What twitter-text takes for a mention is masked, in the same order, and not
// left anywhere.
func TestMentionsOfTwitterTextAreMasked(t *testing.T) {
	t.Parallel()
	tagger := newTagger(t)
	for _, c := range extractions(t, "mentions") {
		masked := tagged(t, tagger, status(c.Text)).Post.Text
		rest := masked
		for _, name := range c.Expected {
			mention := handle(strings.ToLower(name))
			at := strings.Index(rest, mention)
			if at < 0 {
				t.Errorf("%s: a mention is not masked", c.Description)
				break
			}
			rest = rest[at+len(mention):]
			if strings.Contains(masked, "@"+name) || strings.Contains(masked, "＠"+name) {
				t.Errorf("%s: a mention is left", c.Description)
			}
		}
	}
}

// URLs with a scheme that twitter-text finds are found, and as far as it has
// them: what follows may only be more.
func TestURLsOfTwitterTextAreFound(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"urls", "tco_urls_with_params"} {
		for _, c := range extractions(t, kind) {
			found := tag.URLs(c.Text)
			for _, want := range c.Expected {
				if !strings.Contains(want, "://") || strings.Contains(want, "✪") {
					continue // Without a scheme, or with a host that is no name.
				}
				if i := strings.IndexFunc(want, func(r rune) bool { return r > unicode.MaxASCII }); i >= 0 && strings.Contains(want, "//twitter.com/") {
					want = want[:i] // Handles are ASCII.
				}
				if !slices.ContainsFunc(found, func(url string) bool { return strings.HasPrefix(url, want) }) {
					t.Errorf("%s: %q is not found, but %q", c.Description, want, found)
				}
			}
		}
	}
}
