package archive

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// longestHandle is the longest name of an account on Twitter; early ones were
// longer than those of today.
const longestHandle = 20

// besides are the characters that Twitter takes into hashtags besides letters,
// digits and marks.
const besides = "\u200c\u200d\ua67e\u05be\u05f3\u05f4～〜\u309b\u309c\u30a0・〃\u0f0b\u0f0c·"

// notBeforeNames are the characters after which an '@' begins no name.
const notBeforeNames = "!#$%&*@＠_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// extract adds what can be read from a post's text alone, for archives of
// Twitter that state nothing else: links, hashtags and mentions, much as Twitter
// itself found them.
func extract(p *schema.Post) {
	text := p.Text
	for at := 0; at < len(text); {
		switch r, size := utf8.DecodeRuneInString(text[at:]); r {
		case 'h', 'H':
			at += max(extractLink(p, text, at), size)
		case '#', '＃':
			at += size + extractHashtag(p, text, at, size)
		case '@', '＠':
			at += size + extractMention(p, text, at, size)
		default:
			at += size
		}
	}
}

// before is the character before a place, 0 at the start.
func before(text string, at int) rune {
	if at == 0 {
		return 0
	}
	r, _ := utf8.DecodeLastRuneInString(text[:at])
	return r
}

func extractLink(p *schema.Post, text string, at int) int {
	rest := text[at:]
	scheme := 0
	for _, s := range [...]string{"https://", "http://"} {
		if len(rest) > len(s) && strings.EqualFold(rest[:len(s)], s) {
			scheme = len(s)
		}
	}
	if b := before(text, at); scheme == 0 || b == '@' || b == '#' || b == '$' || wordRune(b) {
		return 0
	}
	end := scheme + linkEnd(rest[scheme:])
	if end > scheme {
		mapping.AddLink(p, rest[:end])
	}
	return end
}

// linkEnd is where the rest of a URL ends: before white space and quotes, and
// without the punctuation of the sentence around it.
func linkEnd(rest string) int {
	end := 0
	for end < len(rest) {
		r, size := utf8.DecodeRuneInString(rest[end:])
		if unicode.IsSpace(r) || strings.ContainsRune("\"<>`{}\\^“”„‘’«»…", r) {
			break
		}
		end += size
	}
	if short := "t.co/"; strings.HasPrefix(rest, short) {
		end = min(end, len(short)+asciiWord(rest[len(short):]))
	}
	for end > 0 && strings.IndexByte(".,;:!?)]}'*", rest[end-1]) >= 0 {
		if rest[end-1] == ')' && strings.Count(rest[:end], "(") >= strings.Count(rest[:end], ")") {
			break // It closes one inside the URL.
		}
		end--
	}
	return end
}

func asciiWord(s string) int {
	n := 0
	for n < len(s) && mapping.WordOf(s[n:n+1], "") {
		n++
	}
	return n
}

func extractHashtag(p *schema.Post, text string, at, size int) int {
	rest := text[at+size:]
	if b := before(text, at); b == '&' || b == '/' || wordRune(b) {
		return 0
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return !inHashtag(r) })
	if end < 0 {
		end = len(rest)
	}
	if strings.ContainsFunc(rest[:end], unicode.IsLetter) && !strings.HasPrefix(rest[end:], "://") && !strings.HasPrefix(rest[end:], "#") {
		if tag := mapping.Short(rest[:end]); len(p.Hashtags) < mapping.MaxEntities {
			p.Hashtags = append(p.Hashtags, tag)
		}
	}
	return end
}

func extractMention(p *schema.Post, text string, at, size int) int {
	rest := text[at+size:]
	if opens := at == 0 || afterRT(text[:at]) || !strings.ContainsRune(notBeforeNames, before(text, at)); !opens {
		return 0
	}
	end := 0
	for end < len(rest) && end < longestHandle && (rest[end] == '_' || mapping.WordOf(rest[end:end+1], "")) {
		end++
	}
	if end > 0 && !goesOn(rest[end:]) && len(p.Mentions) < mapping.MaxEntities {
		p.Mentions = append(p.Mentions, &schema.Mention{Handle: rest[:end], Start: uint32(at), End: uint32(at + size + end)})
	}
	return end
}

func inHashtag(r rune) bool {
	return wordRune(r) || unicode.IsMark(r) || strings.ContainsRune(besides, r)
}

// afterRT says whether a text ends with the word RT, which people write before
// a name without a space.
func afterRT(text string) bool {
	n := len(text)
	return n >= 2 && strings.EqualFold(text[n-2:], "rt") && !wordRune(before(text, n-2))
}

// goesOn says whether what follows a name makes another thing of it: a longer
// word, an address, a scheme.
func goesOn(rest string) bool {
	r, _ := utf8.DecodeRuneInString(rest)
	return r == '@' || r == '＠' || unicode.Is(unicode.Latin, r) || strings.HasPrefix(rest, "://")
}

func wordRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
