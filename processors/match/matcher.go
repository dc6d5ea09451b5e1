package match

import (
	"slices"
	"unicode/utf8"
)

// Text is what of a post is matched.
type Text struct {
	Title, Text string
	Hashtags    []string // Without '#'.
	Domains     []string // Registrable domains of its links.
	Lang        string
	CreatedMS   int64 // Unix milliseconds.
}

// Matcher matches posts. It is for one goroutine.
type Matcher struct {
	set    *Set
	normal normalizer
	state  []uint8 // Of each query: what was found so far.
	found  func(end int, pattern int32)
}

const (
	found = 1 << iota
	excluded
)

// Matcher returns a matcher of the set.
func (s *Set) Matcher() *Matcher {
	m := &Matcher{set: s, state: make([]uint8, len(s.queries))}
	m.found = m.one
	return m
}

// Match appends the names of the queries that a post matches, in the order of
// the queries.
func (m *Matcher) Match(names []string, t Text) []string {
	if len(m.set.queries) == 0 {
		return names
	}
	clear(m.state)
	m.normal.reset()
	m.normal.add(t.Title)
	m.normal.add(t.Text)
	for _, tag := range t.Hashtags {
		m.normal.add("#" + tag)
	}
	if m.set.all != nil {
		m.set.all.walk(m.normal.buf, m.found)
	}
	if len(m.set.domains) > 0 {
		for _, domain := range t.Domains {
			for _, f := range m.set.domains[domain] {
				m.note(f)
			}
		}
	}
	for i, state := range m.state {
		if state == found && m.set.queries[i].takes(&t) {
			names = append(names, m.set.queries[i].Name)
		}
	}
	return names
}

func (q *Query) takes(t *Text) bool {
	return (len(q.Languages) == 0 || slices.Contains(q.Languages, t.Lang)) &&
		(q.From.IsZero() || t.CreatedMS >= q.From.UnixMilli()) && (q.To.IsZero() || t.CreatedMS < q.To.UnixMilli())
}

func (m *Matcher) note(f finder) {
	if f.without {
		m.state[f.query] |= excluded
	} else {
		m.state[f.query] |= found
	}
}

// one is a pattern that was found; end is where it ends.
func (m *Matcher) one(end int, pattern int32) {
	t := &m.set.terms[pattern]
	before, after := m.border(t, end-t.length, end)
	for _, f := range t.found {
		if f.undivided || ((before || f.open[0]) && (after || f.open[1])) {
			m.note(f)
		}
	}
}

// border says whether words begin and end where a term does.
func (m *Matcher) border(t *term, from, to int) (before, after bool) {
	text := m.normal.buf
	prev, _ := utf8.DecodeLastRune(text[:from])
	next, _ := utf8.DecodeRune(text[to:])
	before = from == 0 || !inWord(t.first) || !inWord(prev) || undivided(prev) || undivided(t.first)
	after = to == len(text) || !inWord(t.last) || !inWord(next) || undivided(next) || undivided(t.last)
	return before, after
}
