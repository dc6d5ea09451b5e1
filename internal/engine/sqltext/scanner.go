package sqltext

import "strings"

// Kind is the kind of a token.
type Kind uint8

// The kinds of tokens.
const (
	Word   Kind = iota // A keyword or a plain name.
	Quoted             // A name in quotation marks.
	String             // A string, here documents included.
	Number
	Mark // Everything else, one character.
)

// Token is a piece of a statement that means something.
type Token struct {
	Kind Kind
	Text string
	At   int // Where it begins.
}

// Is says whether the token is a keyword, in any case.
func (t Token) Is(word string) bool { return t.Kind == Word && strings.EqualFold(t.Text, word) }

// Mark says whether the token is a mark.
func (t Token) Mark(mark string) bool { return t.Kind == Mark && t.Text == mark }

// End is where the token ends.
func (t Token) End() int { return t.At + len(t.Text) }

// Scanner yields the tokens of a text, without blanks and comments, by the
// rules of the engine's lexer. What is left open ends with the text.
type Scanner struct {
	text string
	at   int
}

// NewScanner scans a text.
func NewScanner(text string) *Scanner { return &Scanner{text: text} }

// Scan returns all tokens of a text.
func Scan(text string) []Token {
	var tokens []Token
	s := NewScanner(text)
	for t, ok := s.Next(); ok; t, ok = s.Next() {
		tokens = append(tokens, t)
	}
	return tokens
}

// Next returns the next token, and false at the end.
func (s *Scanner) Next() (Token, bool) {
	s.skip()
	start := s.at
	if start >= len(s.text) {
		return Token{}, false
	}
	kind, length := scan(s.text[start:])
	s.at += length
	return Token{Kind: kind, Text: s.text[start:s.at], At: start}, true
}

// scan is the kind and the length of the token that a text begins with.
func scan(text string) (Kind, int) {
	c := text[0]
	switch {
	case c == '\'':
		return String, quoted(text)
	case c == '"', c == '`':
		return Quoted, quoted(text)
	case strings.HasPrefix(text, "‘"):
		return String, closing(text, "‘", "’")
	case strings.HasPrefix(text, "“"):
		return Quoted, closing(text, "“", "”")
	case c == '$':
		return dollar(text)
	case c >= '0' && c <= '9':
		return Number, number(text)
	case inWord(c):
		return Word, word(text)
	}
	return Mark, 1
}

// dollar is what begins with a dollar sign: a here document, a name, or the sign itself.
func dollar(text string) (Kind, int) {
	if n := document(text); n > 0 {
		return String, n
	}
	if len(text) > 1 && text[1] != '$' && inWord(text[1]) {
		return Word, word(text)
	}
	return Mark, 1
}

// skip passes blanks and comments.
func (s *Scanner) skip() {
	for s.at < len(s.text) {
		rest := s.text[s.at:]
		switch {
		case blank(rest) > 0:
			s.at += blank(rest)
		case strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "//"), strings.HasPrefix(rest, "# "), strings.HasPrefix(rest, "#!"):
			s.at += line(rest)
		case strings.HasPrefix(rest, "/*"):
			s.at += comment(rest)
		default:
			return
		}
	}
}

func line(text string) int {
	if end := strings.IndexByte(text, '\n'); end >= 0 {
		return end
	}
	return len(text)
}

// comment is the length of a comment, which may hold others.
func comment(text string) int {
	depth := 0
	for at := 0; at < len(text); {
		switch {
		case strings.HasPrefix(text[at:], "/*"):
			depth++
			at += 2
		case strings.HasPrefix(text[at:], "*/"):
			depth--
			at += 2
			if depth == 0 {
				return at
			}
		default:
			at++
		}
	}
	return len(text)
}

// blank is the length of the blank that a text begins with. Beside those of
// ASCII the engine knows the blanks of Unicode and the byte order mark.
func blank(text string) int {
	switch text[0] {
	case ' ', '\t', '\n', '\r', '\f', '\v':
		return 1
	case 0xC2, 0xE1, 0xE2, 0xE3, 0xEF:
		for _, b := range []string{
			"\u0085", "\u00a0", "\u180e", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008",
			"\u2009", "\u200a", "\u200b", "\u200c", "\u200d", "\u2028", "\u2029", "\u202f", "\u205f", "\u2060", "\u3000", "\ufeff",
		} {
			if strings.HasPrefix(text, b) {
				return len(b)
			}
		}
	}
	return 0
}

// quoted is the length of what stands between two equal marks, which are
// doubled or escaped within.
func quoted(text string) int {
	mark := text[0]
	for at := 1; at < len(text); at++ {
		switch text[at] {
		case '\\':
			at++
		case mark:
			if at+1 == len(text) || text[at+1] != mark {
				return at + 1
			}
			at++
		}
	}
	return len(text)
}

func closing(text, open, end string) int {
	if at := strings.Index(text[len(open):], end); at >= 0 {
		return len(open) + at + len(end)
	}
	return len(text)
}

// document is the length of a here document, 0 where none begins.
func document(text string) int {
	end := strings.IndexByte(text[1:], '$')
	if end < 0 {
		return 0
	}
	mark := text[:end+2]
	for _, c := range []byte(mark[1 : len(mark)-1]) {
		if c == '$' || !inWord(c) {
			return 0
		}
	}
	if at := strings.Index(text[len(mark):], mark); at >= 0 {
		return len(mark) + at + len(mark)
	}
	return 0
}

func inWord(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func word(text string) int {
	at := 0
	for at < len(text) && inWord(text[at]) {
		at++
	}
	return at
}

// number is the length of a number, signs of exponents included.
func number(text string) int {
	at := 0
	for at < len(text) {
		switch c := text[at]; {
		case c == '.', inWord(c) && c != '$':
			at++
		case (c == '+' || c == '-') && (text[at-1] == 'e' || text[at-1] == 'E') && text[0] != '0':
			at++
		default:
			return at
		}
	}
	return at
}
