package archive

import (
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/goccy/go-yaml"

	"github.com/election-observatory/observatory/schema"
)

// TestExtractAgreesWithTwitter runs the cases of Twitter's own library.
func TestExtractAgreesWithTwitter(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(recording(t, "text/extract.yml"))
	if err != nil {
		t.Fatal(err)
	}
	type example struct {
		Description string `yaml:"description"`
		Text        string `yaml:"text"`
		Expected    any    `yaml:"expected"`
	}
	var file struct {
		Tests map[string][]example `yaml:"tests"`
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	compared := map[string]int{}
	for group, get := range map[string]func(*schema.Post) []string{
		"mentions": func(p *schema.Post) []string { return each(p.GetMentions(), (*schema.Mention).GetHandle) },
		"hashtags": func(p *schema.Post) []string { return p.GetHashtags() },
		"urls":     func(p *schema.Post) []string { return each(p.GetLinks(), (*schema.Link).GetUrl) },
	} {
		for _, c := range file.Tests[group] {
			p := &schema.Post{Text: c.Text}
			extract(p)
			var want []string
			list, _ := c.Expected.([]any)
			for _, item := range list {
				want = append(want, item.(string))
			}
			if group == "urls" && beyond(c.Text, want) {
				continue
			}
			if compared[group]++; !slices.Equal(get(p), want) {
				t.Errorf("%s: %s: got %q, want %q", group, c.Description, get(p), want)
			}
		}
	}
	if compared["mentions"] != 23 || compared["hashtags"] != 65 || compared["urls"] < 40 {
		t.Errorf("compared %v", compared)
	}
}

// beyond says whether a case asks for what is not looked for here: URLs without
// a scheme, whether a host exists, and where one ends in text of other scripts.
func beyond(text string, want []string) bool {
	if len(want) == 0 {
		return strings.Contains(text, "://")
	}
	for _, url := range want {
		if !strings.Contains(url, "://") {
			return true
		}
	}
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.In(r, unicode.Hiragana, unicode.Han) })
}
