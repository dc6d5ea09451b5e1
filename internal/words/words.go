// Package words reads what people are told, in the languages that there are: a file
// messages/LANGUAGE.yaml of texts by their keys for each.
package words

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// First is the language of who prefers none of those that there are.
const First = "en"

// Texts are the texts of a language by their keys.
type Texts map[string]string

// Read reads the languages, and lists them, the first one first.
func Read(files fs.FS) (map[string]Texts, []string, error) {
	names, err := fs.Glob(files, "messages/*.yaml")
	if err != nil {
		return nil, nil, err
	}
	all, languages := map[string]Texts{}, []string{First}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, nil, err
		}
		of := Texts{}
		if err := yaml.Unmarshal(text, &of); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		lang := strings.TrimSuffix(path.Base(name), ".yaml")
		all[lang] = of
		if lang != First {
			languages = append(languages, lang)
		}
	}
	slices.Sort(languages[1:])
	return all, languages, nil
}
