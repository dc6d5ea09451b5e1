// Package lists reads the lists of raters as they are published. None comes with
// the program: whoever has a list imports it, under its own licence.
//
// A reader maps a rater's own words to a class and its own scale to a score from 0
// to 1, and keeps the words as criteria. The mapping is in the Doc of each
// [Format]. What a row does not say is not made up: a list without scores has none.
package lists

import (
	"fmt"
	"io"
	"strings"

	"github.com/election-observatory/observatory/processors/sources"
)

// Entry is a row of a list that can be used.
type Entry struct {
	Line   int    // Of the file, the first being 1; of several rows that say the same the first.
	Text   string // The source, as the file has it.
	Rating sources.Rating
}

// Refusal is a row, or a part of one, that cannot be used.
type Refusal struct {
	Line   int    `json:"line"`
	Text   string `json:"text"`
	Reason string `json:"reason"`
}

// List is what a file holds.
type List struct {
	Format  Format
	Entries []Entry
	Refused []Refusal
	Merged  int // Rows that rate what an earlier row rates, in the same way.
}

// Format is how the list of a rater is read.
type Format struct {
	Name    string // As commands take it.
	Title   string
	Where   string // Where it is had.
	Licence string
	Doc     string // How its words and scores are mapped.
	read    func(*builder, io.Reader) error
}

// Formats are those that can be read.
func Formats() []Format {
	return []Format{dima(), cred1(), asd(), linPC1(), iffy(), mbfc(), newsguard(), wikipedia(), openSources(), own()}
}

// Find is the format with a name.
func Find(name string) (Format, error) {
	var names []string
	for _, f := range Formats() {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Format{}, fmt.Errorf("there is no list %q: it is one of %s", name, strings.Join(names, ", "))
}

// Read reads a file. It is an error only if the file as a whole is not of this
// format; a row that cannot be used is refused and the others are read.
func (f Format) Read(r io.Reader) (List, error) {
	b := &builder{list: List{Format: f}, parser: sources.NewParser(), seen: map[string]int{}, words: map[string]string{}}
	if err := f.read(b, newLines(r)); err != nil {
		return List{}, fmt.Errorf("it is no list %s: %w", f.Name, err)
	}
	return b.list, nil
}

// builder collects what a file holds.
type builder struct {
	list   List
	parser *sources.Parser
	seen   map[string]int // Entries by source.
	words  map[string]string
}

func (b *builder) refuse(line int, text, format string, args ...any) {
	const most = 200
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	b.list.Refused = append(b.list.Refused, Refusal{line, text, fmt.Sprintf(format, args...)})
}

// same keeps one copy of texts that many rows have.
func (b *builder) same(text string) string {
	if known, ok := b.words[text]; ok {
		return known
	}
	text = strings.Clone(text)
	b.words[text] = text
	return text
}

// add adds a rating of the source that is written in text, or refuses it. Where an
// earlier row rates the same source, settle says what becomes of the two.
func (b *builder) add(line int, text string, r sources.Rating, settle func(had *Entry, r *sources.Rating) (reason string)) {
	source, err := b.parser.Parse(text)
	if err != nil {
		b.refuse(line, text, "%v", err)
		return
	}
	r.Source, r.Licence = source, b.list.Format.Licence
	for _, word := range []*string{&r.Criteria, &r.Network, &r.Citation} {
		*word = b.same(*word)
	}
	if i, ok := b.seen[source]; ok {
		if reason := settle(&b.list.Entries[i], &r); reason != "" {
			b.refuse(line, text, "%s", reason)
		} else {
			b.list.Merged++
		}
		return
	}
	b.seen[source] = len(b.list.Entries)
	b.list.Entries = append(b.list.Entries, Entry{line, strings.Clone(text), r})
}

// once takes the first of two rows that say the same, and refuses one that says
// something else.
func once(had *Entry, r *sources.Rating) string {
	if had.Rating.Class == r.Class && sameScore(had.Rating.Score, r.Score) {
		return ""
	}
	return fmt.Sprintf("line %d rates it otherwise, as %s: say which counts and remove the other", had.Line, had.Rating.Class)
}

func sameScore(a, b *float64) bool {
	return (a == nil) == (b == nil) && (a == nil || *a == *b)
}
