package mapping

import (
	"html"
	"strings"
	"unicode/utf8"

	"github.com/election-observatory/observatory/schema"
)

// Places says where a text as given lies in the text that is kept: for each
// unit of the first, the byte of the second. It is nil where both are the same.
type Places []uint32

// nowhere stands for a unit inside a character.
const nowhere = ^uint32(0)

// Span maps [from, to) and says whether it names whole characters of the text.
func (p Places) Span(text string, from, to int) (start, end int, ok bool) {
	if from < 0 || to <= from {
		return 0, 0, false
	}
	if p == nil {
		if to > len(text) || !boundary(text, from) || !boundary(text, to) {
			return 0, 0, false
		}
		return from, to, true
	}
	if to >= len(p) || p[from] == nowhere || p[to] == nowhere {
		return 0, 0, false
	}
	return int(p[from]), int(p[to]), p[from] < p[to]
}

func boundary(text string, at int) bool {
	return at == len(text) || utf8.RuneStart(text[at])
}

// CleanText is Clean for a text that has offsets in bytes.
func CleanText(given string) (string, Places) {
	if text := Clean(given, MaxText); text == given {
		return text, nil
	}
	return rewrite(given, func(string) (string, int) { return "", 0 }, true)
}

// CleanTweet is Clean for a text of Twitter, whose offsets are in characters
// and which has '&', '<' and '>' escaped as in HTML.
func CleanTweet(given string) (string, Places) {
	if len(given) <= MaxText && plain(given) && strings.IndexByte(given, '&') < 0 {
		return given, nil
	}
	return rewrite(given, tweetEntity, false)
}

// tweetEntity is what the escape at the start of s stands for, and its length.
func tweetEntity(s string) (string, int) {
	for _, escape := range [...]string{"&amp;", "&lt;", "&gt;"} {
		if strings.HasPrefix(s, escape) {
			return html.UnescapeString(escape), len(escape)
		}
	}
	return "", 0
}

// rewrite cleans a text character by character and notes the places. Units are
// bytes or characters.
func rewrite(given string, entity func(string) (string, int), bytes bool) (string, Places) {
	out := make([]byte, 0, min(len(given), MaxText))
	at := make(Places, 0, len(given)+1)
	note := func(units int) {
		at = append(at, uint32(len(out)))
		for range units - 1 {
			if bytes {
				at = append(at, nowhere)
			} else {
				at = append(at, uint32(len(out)))
			}
		}
	}
	for i := 0; i < len(given); {
		r, size := utf8.DecodeRuneInString(given[i:])
		kept := given[i : i+size]
		if r == utf8.RuneError {
			kept = "\uFFFD"
		}
		units := 1
		if r == '&' {
			if meant, length := entity(given[i:]); length > 0 {
				kept, size, units = meant, length, length
			}
		}
		if bytes {
			units = size
		}
		if len(out)+len(kept) > MaxText {
			break
		}
		note(units)
		if !control(r) {
			out = append(out, kept...)
		}
		i += size
	}
	at = append(at, uint32(len(out)))
	return string(out), at
}

// control says whether a character is kept out of texts.
func control(r rune) bool {
	return (r < ' ' && r != '\n' && r != '\t') || (r >= 0x7f && r < 0xa0)
}

// plain says whether a text is ASCII without control characters.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= 0x7f || (c < ' ' && c != '\n' && c != '\t') {
			return false
		}
	}
	return true
}

// Clean makes a string fit for the log: valid UTF-8 without control characters
// but line breaks and tabs, and no longer than limit.
func Clean(s string, limit int) string {
	if len(s) > limit {
		end := limit
		for end > 0 && !utf8.RuneStart(s[end]) && end > limit-utf8.UTFMax {
			end--
		}
		s = s[:end]
	}
	if plain(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		if control(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if len(s) > limit { // Replaced bytes became longer.
		return Clean(s, limit)
	}
	return s
}

// Short is Clean for a name, an id or a label.
func Short(s string) string { return Clean(s, MaxShort) }

// Mention names an account at a place of a text; where the place makes no
// sense, it is left open.
func Mention(id, handle, text string, at Places, from, to int) *schema.Mention {
	m := &schema.Mention{NativeId: Short(id), Handle: Short(handle)}
	if start, end, ok := at.Span(text, from, to); ok {
		m.Start, m.End = uint32(start), uint32(end)
	}
	return m
}

// TweetLanguage says whether a language of X's is one: und, zxx and art are none, nor are the
// codes of its own that begin with q.
func TweetLanguage(lang string) bool {
	return lang != "" && lang != "und" && lang != "zxx" && lang != "art" && (len(lang) != 3 || lang[0] != 'q')
}
