package x

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Query is what a study looks for, as the rules of the filtered stream can say it.
type Query struct {
	Name      string
	Terms     []string // Any of these, as a study writes them.
	Without   []string // None of these.
	Languages []string // BCP 47; empty for all.
}

// Rule is a rule of the filtered stream
// (https://docs.x.com/x-api/posts/filtered-stream/integrate/build-a-rule).
type Rule struct {
	ID    string `json:"id,omitempty"`
	Value string `json:"value"`
	Tag   string `json:"tag,omitempty"`
}

// Bounds of X's, for those who pay by use.
const (
	maxRule  = 1024 // Characters of one.
	maxRules = 1000
)

// Rules says the queries as rules, each tagged with the name of its query, as many as its
// terms take. What the words of X cannot say is told: a term is then asked for more widely
// or more narrowly than the study means it, and posts are matched with the query again when
// they are there.
func Rules(queries []Query, add string) (rules []Rule, remarks []string, err error) {
	for i := range queries {
		of, said, err := queries[i].rules(add)
		if err != nil {
			return nil, nil, err
		}
		rules, remarks = append(rules, of...), append(remarks, said...)
	}
	if len(rules) > maxRules {
		return nil, nil, fmt.Errorf("x: the queries take %d rules, and X takes %d: give fewer terms", len(rules), maxRules)
	}
	return rules, remarks, nil
}

func (q *Query) rules(add string) (rules []Rule, remarks []string, err error) {
	ending, remarks := q.ending(add)
	var terms []string
	for _, text := range q.Terms {
		said, exact := operator(text)
		if !exact {
			remarks = append(remarks, fmt.Sprintf("query %q: X knows no words that are open at an end: for %q it is asked for %s", q.Name, text, said))
		}
		if said != "" && !slices.Contains(terms, said) {
			terms = append(terms, said)
		}
	}
	for len(terms) > 0 {
		n, value := 1, combined(terms[:1], ending)
		for n < len(terms) {
			longer := combined(terms[:n+1], ending)
			if utf8.RuneCountInString(longer) > maxRule {
				break
			}
			n, value = n+1, longer
		}
		if length := utf8.RuneCountInString(value); length > maxRule {
			return nil, nil, fmt.Errorf("x: query %q: a rule would have %d characters, and X takes %d: give fewer words to leave out", q.Name, length, maxRule)
		}
		rules = append(rules, Rule{Value: value, Tag: q.Name})
		terms = terms[n:]
	}
	return rules, remarks, nil
}

// ending is what every rule of the query has after its terms.
func (q *Query) ending(add string) (text string, remarks []string) {
	var parts []string
	if langs := languages(q.Languages); len(langs) == 1 {
		parts = langs
	} else if len(langs) > 1 {
		parts = append(parts, "("+strings.Join(langs, " OR ")+")")
	}
	for _, without := range q.Without {
		said, exact := operator(without)
		if !exact { // It would keep away more than the study does.
			remarks = append(remarks, fmt.Sprintf("query %q: X cannot be told to leave out %q: what has it is read, and left out afterwards", q.Name, without))
			continue
		}
		parts = append(parts, "-"+said)
	}
	if add != "" {
		parts = append(parts, add)
	}
	if len(parts) == 0 {
		return "", remarks
	}
	return " " + strings.Join(parts, " "), remarks
}

func combined(terms []string, ending string) string {
	if len(terms) == 1 {
		return terms[0] + ending
	}
	return "(" + strings.Join(terms, " OR ") + ")" + ending
}

// operator says a term of a study in the words of X, and whether that means the same.
func operator(text string) (said string, exact bool) {
	if domain, ok := strings.CutPrefix(text, "domain:"); ok {
		return `url:"` + strings.ToLower(strings.TrimSpace(domain)) + `"`, true
	}
	text = strings.TrimSpace(text)
	closed := strings.Trim(text, "*")
	exact = closed == text
	text = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r == '"' || r == '\\' || unicode.IsControl(r) {
			return ' '
		}
		return r
	}, closed)), " ")
	plain := strings.IndexFunc(strings.TrimPrefix(text, "#"), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) && r != '_'
	}) < 0
	if text == "" || plain && text != "OR" && text != "AND" {
		return text, exact
	}
	return `"` + text + `"`, exact
}

// languages are the operators for languages, by the codes of X, which are those of BCP 47
// without regions but for these.
func languages(tags []string) []string {
	own := map[string]string{"id": "in", "he": "iw", "yi": "ji", "nb": "no", "nn": "no"}
	var all []string
	for _, tag := range tags {
		code, _, _ := strings.Cut(tag, "-")
		if other, ok := own[code]; ok {
			code = other
		}
		if said := "lang:" + code; !slices.Contains(all, said) {
			all = append(all, said)
		}
	}
	return all
}
