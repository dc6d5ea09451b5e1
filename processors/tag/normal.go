package tag

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/zeebo/xxh3"
	"golang.org/x/text/unicode/norm"
)

// normalizer hashes texts in their normal form: Unicode NFKC, lower case,
// without URLs and mentions, white space collapsed to single blanks. Two texts
// with the same normal form say the same to a reader.
type normalizer struct{ buf, wide []byte }

// hash is XXH3-64 of the normal form, 0 where that is empty.
func (n *normalizer) hash(masked string) uint64 {
	n.buf = n.buf[:0]
	for at := 0; at < len(masked); {
		if size := space(masked, at); size > 0 {
			at += size
			continue
		}
		end, ascii, colon := word(masked, at)
		if w := masked[at:end]; !skipped(w, colon) {
			if len(n.buf) > 0 {
				n.buf = append(n.buf, ' ')
			}
			n.word(w, ascii)
		}
		at = end
	}
	if len(n.buf) == 0 {
		return 0
	}
	return xxh3.Hash(n.buf)
}

// space is the length of white space at a place of a text, or 0.
func space(s string, at int) int {
	c := s[at]
	if c < utf8.RuneSelf {
		if c == ' ' || (c >= '\t' && c <= '\r') {
			return 1
		}
		return 0
	}
	if r, size := utf8.DecodeRuneInString(s[at:]); unicode.IsSpace(r) {
		return size
	}
	return 0
}

// word is where the word that begins at a place ends, whether it is ASCII alone
// and whether it has a colon.
func word(s string, at int) (end int, ascii, colon bool) {
	ascii = true
	for at < len(s) {
		c := s[at]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[at:])
			if unicode.IsSpace(r) {
				break
			}
			ascii = false
			at += size
			continue
		}
		if c == ' ' || (c >= '\t' && c <= '\r') {
			break
		}
		colon = colon || c == ':'
		at++
	}
	return at, ascii, colon
}

// skipped says whether a word is a URL, a mention, or what stands for one.
func skipped(w string, colon bool) bool {
	switch w[0] {
	case '@':
		return true
	case '.', '(', '[', '"', '\'', '-':
		if rest := strings.TrimLeft(w, ".([\"'-"); rest != "" && rest[0] == '@' {
			return true
		}
	case 'w', 'W':
		if hasPrefixFold(w, "www.") {
			return true
		}
	}
	return colon && (strings.Contains(w, "://") || isName(w))
}

func (n *normalizer) word(w string, ascii bool) {
	if ascii {
		from := len(n.buf)
		n.buf = append(n.buf, w...)
		for i, c := range n.buf[from:] {
			if c >= 'A' && c <= 'Z' {
				n.buf[from+i] = c + 'a' - 'A'
			}
		}
		return
	}
	n.wide = norm.NFKC.AppendString(n.wide[:0], w)
	for at := 0; at < len(n.wide); {
		r, size := utf8.DecodeRune(n.wide[at:])
		n.buf = utf8.AppendRune(n.buf, unicode.ToLower(r))
		at += size
	}
}
