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
		r, size := rune(masked[at]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(masked[at:])
		}
		if unicode.IsSpace(r) {
			at += size
			continue
		}
		end := wordEnd(masked, at)
		if word := masked[at:end]; !skipped(word) {
			if len(n.buf) > 0 {
				n.buf = append(n.buf, ' ')
			}
			n.word(word)
		}
		at = end
	}
	if len(n.buf) == 0 {
		return 0
	}
	return xxh3.Hash(n.buf)
}

func wordEnd(s string, at int) int {
	for at < len(s) {
		c := s[at]
		if c < utf8.RuneSelf {
			if c == ' ' || (c >= '\t' && c <= '\r') {
				return at
			}
			at++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[at:])
		if unicode.IsSpace(r) {
			return at
		}
		at += size
	}
	return at
}

// skipped says whether a word is a URL, a mention, or what stands for one.
func skipped(word string) bool {
	return word[0] == '@' || strings.Contains(word, "://") || strings.HasPrefix(word, "www.") || strings.Contains(word, ":account:") || strings.Contains(word, ":post:")
}

func (n *normalizer) word(word string) {
	ascii := true
	from := len(n.buf)
	for i := range len(word) {
		c := word[i]
		if c >= utf8.RuneSelf {
			ascii = false
			break
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		n.buf = append(n.buf, c)
	}
	if ascii {
		return
	}
	n.buf = n.buf[:from]
	n.wide = norm.NFKC.AppendString(n.wide[:0], word)
	for at := 0; at < len(n.wide); {
		r, size := utf8.DecodeRune(n.wide[at:])
		n.buf = utf8.AppendRune(n.buf, unicode.ToLower(r))
		at += size
	}
}
