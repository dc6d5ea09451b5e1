package tag

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/zeebo/xxh3"
	"golang.org/x/text/unicode/norm"

	"github.com/election-observatory/observatory/processors/urls"
)

// normalizer hashes texts in their normal form: Unicode NFKC, lower case,
// without URLs and mentions, white space collapsed to single blanks. Two texts
// with the same normal form say the same to a reader.
type normalizer struct{ buf, wide []byte }

// What a byte of a text is.
const (
	wordByte  = 1 << iota // A letter, a digit or '_'.
	spaceByte             // White space.
	colonByte
	wideByte // Part of a character beyond ASCII.
)

var classes = func() (of [256]uint8) { //nolint:gochecknoglobals // A table, never written after.
	for i := range of {
		switch c := byte(i); {
		case c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'):
			of[i] = wordByte
		case c == ' ' || (c >= '\t' && c <= '\r'):
			of[i] = spaceByte
		case c == ':':
			of[i] = colonByte
		case c >= utf8.RuneSelf:
			of[i] = wideByte
		}
	}
	return of
}()

// hash is XXH3-64 of the normal form, 0 where that is empty.
func (n *normalizer) hash(masked string) uint64 {
	n.buf = n.buf[:0]
	for at := 0; at < len(masked); {
		if size := space(masked, at); size > 0 {
			at += size
			continue
		}
		end, seen := word(masked, at)
		if w := masked[at:end]; !skipped(w, seen&colonByte != 0) {
			if len(n.buf) > 0 {
				n.buf = append(n.buf, ' ')
			}
			n.word(w, seen&wideByte == 0)
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
	switch class := classes[s[at]]; {
	case class&spaceByte != 0:
		return 1
	case class&wideByte == 0:
		return 0
	}
	if r, size := utf8.DecodeRuneInString(s[at:]); unicode.IsSpace(r) {
		return size
	}
	return 0
}

// word is where the word that begins at a place ends, and what its bytes are.
func word(s string, at int) (end int, seen uint8) {
	for at < len(s) {
		class := classes[s[at]]
		if class&(spaceByte|wideByte) == 0 {
			seen |= class
			at++
			continue
		}
		if class == spaceByte {
			break
		}
		r, size := utf8.DecodeRuneInString(s[at:])
		if unicode.IsSpace(r) {
			break
		}
		seen |= class
		at += size
	}
	return at, seen
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
		if urls.HasPrefixFold(w, "www.") {
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
