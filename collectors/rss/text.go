package rss

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/election-observatory/observatory/collectors/mapping"
)

// plainText is HTML without its markup, scripts and styles, with one space or
// line break where there were several. href, where it is given, is told of links.
func plainText(s string, href func(string)) string {
	w := &textWriter{}
	if !strings.ContainsAny(s, "<&") {
		w.text(s)
		return w.String()
	}
	z := html.NewTokenizer(strings.NewReader(s))
	for w.room() {
		switch kind := z.Next(); kind {
		case html.ErrorToken: // The end: of a string, nothing else can fail.
			return w.String()
		case html.TextToken:
			if w.hidden == 0 {
				w.text(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			w.tag(z, kind, href)
		default: // Comments and the like.
		}
	}
	return w.String()
}

// tag follows a tag: into what is hidden and out of it, along a link, to
// another line.
func (w *textWriter) tag(z *html.Tokenizer, kind html.TokenType, href func(string)) {
	name, attrs := z.TagName()
	tag := atom.Lookup(name)
	if breaks(tag) {
		w.line()
	}
	switch {
	case w.hidden != 0:
		if kind == html.EndTagToken && tag == w.hidden {
			w.hidden = 0
		}
	case kind == html.StartTagToken && isHidden(tag):
		w.hidden = tag
	case tag == atom.A && attrs && href != nil:
		hrefOf(z, href)
	}
}

// hrefOf looks at no more attributes than a link has.
func hrefOf(z *html.Tokenizer, href func(string)) {
	for range maxAttributes {
		key, value, more := z.TagAttr()
		if string(key) == "href" {
			href(string(value))
			return
		}
		if !more {
			return
		}
	}
}

// isHidden says whether an element has no text for readers. The tokenizer reads
// these up to their end tags, whatever stands in them.
func isHidden(tag atom.Atom) bool {
	switch tag {
	case atom.Script, atom.Style, atom.Iframe, atom.Noscript, atom.Noembed, atom.Noframes:
		return true
	default:
		return false
	}
}

// breaks says whether an element stands on lines of its own.
func breaks(tag atom.Atom) bool {
	switch tag {
	case atom.P, atom.Br, atom.Div, atom.Li, atom.Ul, atom.Ol, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6,
		atom.Tr, atom.Table, atom.Blockquote, atom.Pre, atom.Hr, atom.Section, atom.Article, atom.Figure, atom.Figcaption:
		return true
	default:
		return false
	}
}

// textWriter collapses white space, up to the longest text that is kept.
type textWriter struct {
	b       strings.Builder
	pending byte      // What separates from what comes next; 0 for nothing.
	hidden  atom.Atom // The element that is open and has no text for readers; 0 for none.
}

func (w *textWriter) room() bool     { return w.b.Len() < mapping.MaxText }
func (w *textWriter) String() string { return mapping.Clean(w.b.String(), mapping.MaxText) }

func (w *textWriter) line() { w.separate('\n') }

func (w *textWriter) separate(by byte) {
	if w.b.Len() > 0 && w.pending != '\n' {
		w.pending = by
	}
}

func (w *textWriter) text(s string) {
	for len(s) > 0 && w.room() {
		r, size := utf8.DecodeRuneInString(s)
		if unicode.IsSpace(r) {
			w.separate(' ')
			s = s[size:]
			continue
		}
		end := strings.IndexFunc(s, unicode.IsSpace)
		if end < 0 {
			end = len(s)
		}
		end = min(end, mapping.MaxText)
		if w.pending != 0 {
			w.b.WriteByte(w.pending)
			w.pending = 0
		}
		w.b.WriteString(s[:end])
		s = s[end:]
	}
}
