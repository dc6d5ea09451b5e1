package tag

import (
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/election-observatory/observatory/schema"
)

const (
	undetermined = "und"
	declared     = "declared"
	noSource     = "none"
	longestTag   = 35
)

// declaredLanguage takes what authors and platforms declare to a BCP 47
// language: the subtag alone, without region, so that "en-GB" and "en" are one.
// Codes that ISO 639 replaced are mapped to those of today. What is no language
// is empty.
func declaredLanguage(tag string) string {
	switch tag {
	case "en", "de", "fr", "es", "it", "pl", "nl", "pt", "sv", "ro", "el", "cs", "hu", "bg", "da", "fi", "ja", "ko", "tr", "ru", "uk", "ca":
		return tag
	case "", undetermined, "qam", "qct", "qht", "qme", "qst", "zxx", "art":
		return ""
	}
	if len(tag) > longestTag {
		return ""
	}
	parsed, err := language.Parse(strings.ReplaceAll(tag, "_", "-"))
	if err != nil {
		return ""
	}
	base, confidence := parsed.Base()
	if confidence == language.No || base.String() == undetermined {
		return ""
	}
	return base.String()
}

// declare takes the languages that were declared, and adds them to all.
func declare(langs, all []string) (first string, _ []string) {
	for _, tag := range langs {
		base := declaredLanguage(tag)
		if base == "" || slices.Contains(all, base) {
			continue
		}
		if first == "" {
			first = base
		}
		all = append(all, base)
	}
	return first, all
}

// language takes the language that was declared, or else detects one. A repost
// has the text of another post, if any.
func (t *Tagger) language(p *schema.Post, post *Post) {
	post.Lang, post.Langs = declare(p.GetLangs(), post.Langs)
	post.LangSource = declared
	if post.Lang != "" {
		return
	}
	text := post.Text
	if text == "" {
		text = post.Title
	}
	if post.Lang, post.LangSource = t.detector.detect(text), detected; post.Lang == "" {
		post.Lang, post.LangSource = undetermined, noSource
	}
}
