// Package match finds out which of a study's queries a post matches: all terms
// of all queries in one pass over the text (Aho and Corasick, "Efficient string
// matching", CACM 18(6), 1975).
//
// A term is a word or a phrase and matches at the borders of words, whatever the
// case and the Unicode form: "wahl" matches "Wahl!" and "#wahl", not "Wahlen".
// A '*' at its beginning or end opens that border: "*wahl*" matches
// "Bundestagswahlen". "#wahl" matches the hashtag alone, "domain:example.org" a
// link to that registrable domain. Scripts that do not separate words, as
// Chinese, Japanese and Thai, have no borders to heed.
//
// It reads what is stored of a post, so that the past can be matched again as
// the present is.
package match

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Query is one query of a study.
type Query struct {
	Name      string
	Terms     []string  // Any of these.
	Without   []string  // None of these.
	Languages []string  // Languages of the posts, BCP 47; empty for all.
	From, To  time.Time // Times of the posts, To excluded; zero for no bound.
}

// Bounds of what a study may ask.
const (
	maxTerms   = 50_000
	maxTerm    = 512 // Bytes of one.
	maxQueries = 1_000
)

const domainTerm = "domain:"

// Version names what the query says: a hash of it.
func (q *Query) Version() string {
	h := sha256.New()
	for _, part := range []string{
		q.Name, strings.Join(q.Terms, "\x1f"), strings.Join(q.Without, "\x1f"), strings.Join(q.Languages, "\x1f"),
		q.From.UTC().Format(time.RFC3339Nano), q.To.UTC().Format(time.RFC3339Nano),
	} {
		h.Write([]byte(part + "\x1e"))
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// Set is all queries of a study, ready to match. It is safe for concurrent use;
// Matcher makes what one goroutine needs.
type Set struct {
	queries []Query
	version string
	all     *automaton          // Nil where there are no terms but domains.
	terms   []term              // By the number of their pattern.
	domains map[string][]finder // By registrable domain.
}

// term is a pattern and what its being found means.
type term struct {
	found       []finder
	first, last rune
	length      int
}

// finder is a query that has a term, and in which way.
type finder struct {
	query     int
	without   bool
	open      [2]bool // At its beginning and its end.
	undivided bool    // Nothing to heed at its borders.
}

// New prepares queries. Errors name the query and the term.
func New(queries []Query) (*Set, error) {
	s := &Set{queries: slices.Clone(queries), domains: map[string][]finder{}}
	if len(queries) == 0 {
		return s, nil
	}
	if len(queries) > maxQueries {
		return nil, fmt.Errorf("there are %d queries: at most %d are matched at a time", len(queries), maxQueries)
	}
	b := &builder{set: s, patterns: map[string]int{}, names: map[string]bool{}}
	h := sha256.New()
	for i := range s.queries {
		if err := b.add(i); err != nil {
			return nil, err
		}
		h.Write([]byte(s.queries[i].Version()))
	}
	s.version = hex.EncodeToString(h.Sum(nil))[:12]
	if len(b.list) > 0 {
		s.all = newAutomaton(b.list)
	}
	return s, nil
}

// Version names what all queries together say; it is empty where there are none.
func (s *Set) Version() string { return s.version }

// Queries are the queries, in the order in which they were given.
func (s *Set) Queries() []Query { return s.queries }

type builder struct {
	set      *Set
	patterns map[string]int
	list     []string
	names    map[string]bool
	terms    int
	normal   normalizer
}

func (b *builder) add(i int) error {
	q := &b.set.queries[i]
	if q.Name == "" {
		return fmt.Errorf("queries[%d]: it needs a name", i)
	}
	if b.names[q.Name] {
		return fmt.Errorf("queries: two are named %q", q.Name)
	}
	b.names[q.Name] = true
	if len(q.Terms) == 0 {
		return fmt.Errorf("query %q: it has no terms", q.Name)
	}
	if !q.To.IsZero() && !q.From.Before(q.To) {
		return fmt.Errorf("query %q: it ends before it begins", q.Name)
	}
	for _, list := range []struct {
		terms   []string
		without bool
	}{{q.Terms, false}, {q.Without, true}} {
		for _, text := range list.terms {
			if err := b.term(text, finder{query: i, without: list.without}); err != nil {
				return fmt.Errorf("query %q: term %q: %w", q.Name, text, err)
			}
		}
	}
	return nil
}

var (
	errTooMany   = fmt.Errorf("there are more than %d terms in all", maxTerms)
	errTooLong   = fmt.Errorf("it is longer than %d bytes", maxTerm)
	errTooShort  = errors.New("it says too little: give at least two characters, a letter among them")
	errWildcard  = errors.New("a * stands at the beginning or the end, not inside")
	errNoDomain  = errors.New("after domain: comes a registrable domain, as example.org")
	errIsMention = errors.New("mentions are pseudonyms when posts are matched: they cannot be looked for")
)

func (b *builder) term(text string, f finder) error {
	if b.terms++; b.terms > maxTerms {
		return errTooMany
	}
	if len(text) > maxTerm {
		return errTooLong
	}
	if domain, ok := strings.CutPrefix(text, domainTerm); ok {
		return b.domain(domain, f)
	}
	text, f.open[0] = strings.CutPrefix(strings.TrimSpace(text), "*")
	text, f.open[1] = strings.CutSuffix(text, "*")
	switch {
	case strings.Contains(text, "*"):
		return errWildcard
	case strings.HasPrefix(text, "@"):
		return errIsMention
	}
	b.normal.reset()
	b.normal.add(text)
	pattern := string(b.normal.buf)
	t := termOf(pattern)
	f.undivided = undivided(t.first) && undivided(t.last)
	if !f.undivided && (letters(pattern) == 0 || utf8.RuneCountInString(pattern) < 2) {
		return errTooShort
	}
	n, known := b.patterns[pattern]
	if !known {
		n = len(b.list)
		b.patterns[pattern] = n
		b.list = append(b.list, pattern)
		b.set.terms = append(b.set.terms, t)
	}
	b.set.terms[n].found = append(b.set.terms[n].found, f)
	return nil
}

func (b *builder) domain(domain string, f finder) error {
	domain = strings.ToLower(strings.TrimSpace(domain))
	if !strings.Contains(domain, ".") || strings.ContainsAny(domain, "/:*@ ") {
		return errNoDomain
	}
	b.set.domains[domain] = append(b.set.domains[domain], f)
	return nil
}
