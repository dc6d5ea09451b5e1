package demo

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed words/*.txt
var wordFiles embed.FS

// words are what texts of a language are put together from.
type words struct {
	openers, subjects, predicates, places, actions, tails, questions, replies, titles, tags []string
}

// readWords reads the lists of a language: a heading, then a line for each.
func readWords(code string) (*words, error) {
	text, err := wordFiles.ReadFile("words/" + code + ".txt")
	if err != nil {
		return nil, err
	}
	w := &words{}
	lists := map[string]*[]string{
		"openers": &w.openers, "subjects": &w.subjects, "predicates": &w.predicates, "places": &w.places, "actions": &w.actions,
		"tails": &w.tails, "questions": &w.questions, "replies": &w.replies, "titles": &w.titles, "tags": &w.tags,
	}
	var list *[]string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if name, heading := strings.CutPrefix(line, "# "); heading {
			list = lists[name]
		} else if line != "" && list != nil {
			*list = append(*list, line)
		}
	}
	for name, list := range lists {
		if len(*list) == 0 {
			return nil, fmt.Errorf("words/%s.txt has no %s", code, name)
		}
	}
	return w, nil
}

// number stands for a number in the lists.
const number = "{n}"

// put appends a piece of text, its number drawn.
func put(b []byte, piece string, d *draw) []byte {
	before, after, found := strings.Cut(piece, number)
	b = append(b, before...)
	if found {
		b = append(strconv.AppendInt(b, int64(d.between(18, 79)), 10), after...)
	}
	return b
}

// capital makes what begins at a place of the text begin with a capital.
func capital(b []byte, at int) []byte {
	first, size := utf8.DecodeRune(b[at:])
	if upper := unicode.ToUpper(first); upper != first && utf8.RuneLen(upper) == size {
		utf8.EncodeRune(b[at:], upper)
	}
	return b
}

// sentence appends a sentence.
func (w *words) sentence(b []byte, d *draw) []byte {
	from := len(b)
	switch d.below(10) {
	case 0, 1:
		return append(b, one(d, w.questions)...)
	case 2, 3, 4:
		b = append(append(b, one(d, w.actions)...), ' ')
		b = append(append(b, one(d, w.places)...), ',', ' ')
		b = append(append(b, one(d, w.tails)...), '.')
		return capital(b, from)
	case 5, 6:
		b = append(append(b, one(d, w.openers)...), ' ')
		b = put(b, one(d, w.subjects), d)
	default:
		b = capital(put(b, one(d, w.subjects), d), from)
	}
	b = append(append(b, ' '), one(d, w.predicates)...)
	return append(b, '.')
}

// sentences appends so many sentences, with blanks between them.
func (w *words) sentences(b []byte, d *draw, n int) []byte {
	for range n {
		if len(b) > 0 && b[len(b)-1] != ' ' {
			b = append(b, ' ')
		}
		b = w.sentence(b, d)
	}
	return b
}
