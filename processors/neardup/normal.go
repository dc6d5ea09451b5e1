package neardup

import (
	"runtime"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Normalizer brings texts to the form in which they are compared. It is for one
// goroutine.
type Normalizer struct {
	fold cases.Caser
	buf  []byte
}

// NewNormalizer returns a normalizer.
func NewNormalizer() *Normalizer { return &Normalizer{fold: cases.Fold()} }

// Form is the normal form of a text: Unicode NFKC and case folding; no "RT @name:"
// at its beginning, no links, mentions, emoji and characters that nobody sees;
// letters that only look Latin, in words that have Latin ones, as these; anything
// but letters, marks, digits and the signs of hashtags as a blank; single blanks.
// A hashtag's word stays.
func (n *Normalizer) Form(text string) string {
	if ascii(text) {
		text = strings.ToLower(text)
	} else {
		text = norm.NFKC.String(n.fold.String(norm.NFKC.String(strings.ToValidUTF8(text, " "))))
	}
	n.buf = n.buf[:0]
	first := true
	for word := range strings.FieldsSeq(text) {
		reposted := first && (word == "rt" || word == "rt:")
		first = false
		if reposted || isLink(word) || isMention(word) {
			continue
		}
		n.word(word)
	}
	return strings.TrimRight(string(n.buf), " ")
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isLink also knows what stands for a link to an account or a post where their
// names are masked.
func isLink(word string) bool {
	return strings.Contains(word, "://") || strings.HasPrefix(word, "www.") || strings.Contains(word, ":account:") || strings.Contains(word, ":post:")
}

func isMention(word string) bool {
	return strings.HasPrefix(strings.TrimLeft(word, ".([\"'-"), "@")
}

// word adds what is left of a word.
func (n *Normalizer) word(word string) {
	latin, other := scripts(word)
	for _, r := range word {
		if latin && other {
			r = plain(r)
		}
		switch {
		case unseen(r):
		case kept(r):
			n.buf = utf8.AppendRune(n.buf, r)
		default:
			n.blank()
		}
	}
	n.blank()
}

// blank adds a blank, unless there is one or nothing before it.
func (n *Normalizer) blank() {
	if len(n.buf) > 0 && n.buf[len(n.buf)-1] != ' ' {
		n.buf = append(n.buf, ' ')
	}
}

// kept are letters, marks and digits.
func kept(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9'
	}
	return unicode.In(r, unicode.L, unicode.N, unicode.M)
}

// unseen are characters that nobody sees: variation selectors, joiners, marks of
// direction.
func unseen(r rune) bool {
	return r >= utf8.RuneSelf && unicode.In(r, unicode.Cf, unicode.Variation_Selector) || r == '\u034f' || r == '\u20e3'
}

// scripts says whether a word has Latin letters, and Cyrillic or Greek ones.
func scripts(word string) (latin, other bool) {
	for _, r := range word {
		switch {
		case r < utf8.RuneSelf:
			latin = latin || 'a' <= r && r <= 'z'
		case unicode.Is(unicode.Latin, r):
			latin = true
		case unicode.In(r, unicode.Cyrillic, unicode.Greek):
			other = true
		}
	}
	return latin, other
}

// Letters that look like Latin ones, after those: from the confusables of Unicode
// (UTS 39), those in lower case.
const looksLatin = "aаα bвь cсϲ eеε gԍ hһн iіι jјϳ kкκ mм nпη oоο pрρ qԛ rг sѕ tтτ uυ vνѵ wԝω xхχ yуүγ"

// plain is the Latin letter that one of another script looks like.
func plain(r rune) rune {
	if r < utf8.RuneSelf {
		return r
	}
	at := strings.IndexRune(looksLatin, r)
	if at < 0 {
		return r
	}
	return rune(looksLatin[strings.LastIndexByte(looksLatin[:at], ' ')+1])
}

const firstDense = 0x0e00 // Of Thai.

// dense says whether a text is mostly of scripts that put no blanks between words:
// Han, the Japanese ones, Thai, Lao, Khmer and Burmese.
func dense(form string) bool {
	if strings.IndexFunc(form, func(r rune) bool { return r >= firstDense }) < 0 {
		return false
	}
	runes, without := 0, 0
	for _, r := range form {
		runes++
		if r >= firstDense && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) {
			without++
		}
	}
	return 2*without > runes
}

// Forms are the normal forms of texts, computed on all cores.
func Forms(texts []string) []string {
	forms := make([]string, len(texts))
	workers := runtime.GOMAXPROCS(0)
	var wait sync.WaitGroup
	for worker := range workers {
		wait.Go(func() {
			n := NewNormalizer()
			for i := worker; i < len(texts); i += workers {
				forms[i] = n.Form(texts[i])
			}
		})
	}
	wait.Wait()
	return forms
}
