package page

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

//go:embed messages/*.yaml
var messages embed.FS

// words are the texts of a language by their keys.
type words map[string]string

// first is the language of who prefers none of those that there are.
const first = "en"

// readMessages reads the languages, the first one first.
func readMessages() (map[string]words, []string, error) {
	names, err := fs.Glob(messages, "messages/*.yaml")
	if err != nil {
		return nil, nil, err
	}
	all, languages := map[string]words{}, []string{first}
	for _, name := range names {
		text, err := fs.ReadFile(messages, name)
		if err != nil {
			return nil, nil, err
		}
		of := words{}
		if err := yaml.Unmarshal(text, &of); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		lang := strings.TrimSuffix(path.Base(name), ".yaml")
		all[lang] = of
		if lang != first {
			languages = append(languages, lang)
		}
	}
	slices.Sort(languages[1:])
	return all, languages, nil
}
