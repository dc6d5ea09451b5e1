package mapping

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Anchor is a link of HTML, and where its words stand in the text: both 0 where it has none.
type Anchor struct {
	Href, Class string
	Start, End  int
}

// maxAnchors is how many links of a text are told; who needs fewer says so.
const maxAnchors = 10_000

// HTML is HTML without its markup, scripts and styles, with one space or line break where
// there were several, and its links in their order.
func HTML(s string) (text string, anchors []Anchor) {
	w := &textWriter{}
	if !strings.ContainsAny(s, "<&") {
		w.text(s)
		return w.String(), nil
	}
	z := html.NewTokenizer(strings.NewReader(s))
	for w.room() {
		switch kind := z.Next(); kind {
		case html.ErrorToken: // The end: of a string, nothing else can fail.
			return w.result()
		case html.TextToken:
			if w.hidden == 0 {
				w.text(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			w.tag(z, kind)
		default: // Comments and the like.
		}
	}
	return w.result()
}

// result is the text with its links. Where cleaning changed it, nothing stands where it did.
func (w *textWriter) result() (string, []Anchor) {
	w.close()
	text := w.String()
	if text != w.b.String() {
		for i := range w.anchors {
			w.anchors[i].Start, w.anchors[i].End = 0, 0
		}
	}
	return text, w.anchors
}

// tag follows a tag: into what is hidden and out of it, along a link, to
// another line.
func (w *textWriter) tag(z *html.Tokenizer, kind html.TokenType) {
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
	case tag == atom.A && kind == html.EndTagToken:
		w.close()
	case tag == atom.A && attrs:
		w.anchor(z)
	}
}

// maxAttributes is how many attributes of a link are looked at.
const maxAttributes = 64

// anchor begins a link.
func (w *textWriter) anchor(z *html.Tokenizer) {
	w.close()
	var a Anchor
	known := false
	for range maxAttributes {
		key, value, more := z.TagAttr()
		switch string(key) {
		case "href":
			if !known {
				a.Href, known = string(value), true
			}
		case "class":
			a.Class = string(value)
		}
		if !more {
			break
		}
	}
	if known && len(w.anchors) < maxAnchors {
		w.anchors = append(w.anchors, a)
		w.inside, w.begun = true, false
	}
}

// close ends the link that is open.
func (w *textWriter) close() {
	if w.inside && w.begun {
		w.anchors[len(w.anchors)-1].End = w.b.Len()
	}
	w.inside = false
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
	anchors []Anchor
	inside  bool // The last link is open,
	begun   bool // and has words.
}

func (w *textWriter) room() bool     { return w.b.Len() < MaxText }
func (w *textWriter) String() string { return Clean(w.b.String(), MaxText) }

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
		end = min(end, MaxText)
		if w.pending != 0 {
			w.b.WriteByte(w.pending)
			w.pending = 0
		}
		if w.inside && !w.begun {
			w.anchors[len(w.anchors)-1].Start, w.begun = w.b.Len(), true
		}
		w.b.WriteString(s[:end])
		s = s[end:]
	}
}
