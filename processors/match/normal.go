package match

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// normalizer writes texts in the form in which they are matched: NFKC, lower
// case, white space collapsed to single blanks. It keeps its memory.
type normalizer struct {
	buf, wide []byte
	blank     bool // What was written last is white space, or nothing was.
}

func (n *normalizer) reset() { n.buf = n.buf[:0] }

// add appends a text, which begins a new line.
func (n *normalizer) add(text string) {
	if len(n.buf) > 0 {
		n.buf = append(n.buf, '\n')
	}
	n.blank = true
	for at := 0; at < len(text); {
		if text[at] < utf8.RuneSelf {
			n.ascii(text[at])
			at++
			continue
		}
		end := at
		for end < len(text) && text[end] >= utf8.RuneSelf {
			end++
		}
		if at > 0 && text[at-1] < utf8.RuneSelf && text[at-1] > ' ' { // An accent may follow the letter that it belongs to.
			n.buf = n.buf[:len(n.buf)-1]
			at--
		}
		n.others(text[at:end])
		at = end
	}
	if k := len(n.buf); n.blank && k > 0 && n.buf[k-1] == ' ' {
		n.buf = n.buf[:k-1]
	}
}

func (n *normalizer) ascii(c byte) {
	switch {
	case c <= ' ':
		n.space()
		return
	case c >= 'A' && c <= 'Z':
		c += 'a' - 'A'
	}
	n.buf = append(n.buf, c)
	n.blank = false
}

func (n *normalizer) space() {
	if !n.blank {
		n.buf = append(n.buf, ' ')
	}
	n.blank = true
}

// others appends a run of a text that is not all ASCII.
func (n *normalizer) others(text string) {
	n.wide = norm.NFKC.AppendString(n.wide[:0], text)
	for at := 0; at < len(n.wide); {
		r, size := utf8.DecodeRune(n.wide[at:])
		at += size
		switch {
		case unicode.IsSpace(r):
			n.space()
			continue
		case r == 'ς': // Sigma at the end of a word.
			r = 'σ'
		case r == '\u00ad' || r == '\u200b' || r == '\u2060' || r == '\ufeff': // Nobody sees them.
			continue
		default:
			r = unicode.ToLower(r)
		}
		n.buf = utf8.AppendRune(n.buf, r)
		n.blank = false
	}
}

func termOf(pattern string) term {
	first, _ := utf8.DecodeRuneInString(pattern)
	last, _ := utf8.DecodeLastRuneInString(pattern)
	return term{first: first, last: last, length: len(pattern)}
}

func letters(s string) int {
	n := 0
	for _, r := range s {
		if inWord(r) {
			n++
		}
	}
	return n
}

// inWord says whether a character is part of a word.
func inWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '_' || (r >= '0' && r <= '9') || (r|0x20 >= 'a' && r|0x20 <= 'z')
	}
	return unicode.In(r, unicode.Letter, unicode.Mark, unicode.Number)
}

// undivided says whether a character is of a script that does not separate words.
func undivided(r rune) bool {
	return r >= 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}
