package rss

import (
	"bytes"
	"encoding/xml"
	"io"
	"slices"
	"strings"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// xmlScan reads the tokens of a document as the parser will: with the same
// decoder in the same mode, so that both see the same elements.
type xmlScan struct {
	body    []byte
	decoder *xml.Decoder
	doc     document

	open     []element
	elements int
	attrs    int
	work     int // Copies of declarations so far.
	run      int // Bytes of text since the last tag.
	root     int // Where the root element begins.
	inItem   int // Depth of the item that is open; 0 for none.
	cut      int // Where the last item ends that is taken.
	closing  []byte
}

type element struct {
	name       string // Local, in lower case.
	start, end int    // Of its name as it is written.
	scopes     int    // Namespaces that are declared here.
}

func scanXML(body []byte) (document, error) {
	if longTag(body) {
		return document{}, tooLarge("a tag of more than %d bytes", maxTag)
	}
	s := &xmlScan{body: body, decoder: xml.NewDecoder(bytes.NewReader(body)), root: -1}
	s.decoder.Strict = false
	s.decoder.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // It is UTF-8 by now.
	for {
		start := int(s.decoder.InputOffset())
		token, err := s.decoder.Token()
		if err != nil {
			return s.end(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			err = s.begin(t, start)
		case xml.EndElement:
			s.finish()
			if len(s.open) == 0 {
				return s.end(nil)
			}
		case xml.CharData:
			err = s.text(t)
		}
		if err != nil {
			return document{}, err
		}
	}
}

func (s *xmlScan) begin(t xml.StartElement, start int) error {
	name := strings.ToLower(t.Name.Local)
	if s.root < 0 {
		if name != "rss" && name != "rdf" && name != "feed" {
			return mapping.Reject(schema.ReasonSyntax, "a document of <%.40s>, not a feed", t.Name.Local)
		}
		s.root = start
	}
	s.run = 0
	if err := s.bound(t); err != nil {
		return err
	}
	e := element{name: name, start: start + 1, end: start + 1, scopes: s.scopes(t)}
	if s.work += e.scopes; e.scopes > maxScopes || s.work > maxScopeWork {
		return tooLarge("too many namespaces")
	}
	e.end += max(bytes.IndexAny(s.body[e.end:], " \t\r\n/>"), 0)
	s.open = append(s.open, e)
	if s.inItem == 0 {
		switch name {
		case "link":
			s.doc.hints.link(attrOf(t, "rel"), attrOf(t, "href"))
		case "item", "entry":
			s.inItem = len(s.open)
		}
	}
	return nil
}

func attrOf(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Space == "" && strings.EqualFold(a.Name.Local, name) {
			return a.Value
		}
	}
	return ""
}

// bound refuses an element that is too much.
func (s *xmlScan) bound(t xml.StartElement) error {
	if len(s.open) >= maxDepth {
		return mapping.Reject(schema.ReasonTooDeep, "nested more than %d levels", maxDepth)
	}
	if s.elements++; s.elements > maxElements {
		return tooLarge("more than %d elements", maxElements)
	}
	if s.attrs += len(t.Attr); len(t.Attr) > maxAttributes || s.attrs > maxElements {
		return tooLarge("%d attributes of one element, or more than %d of all", len(t.Attr), maxElements)
	}
	return nil
}

// scopes counts the namespaces that are declared in an element and around it.
func (s *xmlScan) scopes(t xml.StartElement) (n int) {
	if around := len(s.open); around > 0 {
		n = s.open[around-1].scopes
	}
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
			n++
		}
	}
	return n
}

// finish closes the innermost element.
func (s *xmlScan) finish() {
	s.run = 0
	if s.inItem == len(s.open) {
		s.inItem = 0
		if s.doc.items++; s.doc.items <= maxItems {
			s.cut = int(s.decoder.InputOffset())
			s.closing = s.closing[:0]
			for i := len(s.open) - 2; i >= 0; i-- {
				e := s.open[i]
				s.closing = append(append(append(s.closing, "</"...), s.body[e.start:e.end]...), '>')
			}
		}
	}
	s.open = s.open[:len(s.open)-1]
}

func (s *xmlScan) text(t xml.CharData) error {
	if s.run += len(t); s.run > maxTextRun {
		return tooLarge("a text of more than %d bytes", maxTextRun)
	}
	if n := len(s.open); n > 0 && s.inItem == 0 && len(t) <= 64 {
		s.doc.hints.note(s.open[n-1].name, t)
	}
	return nil
}

// end is the document up to where it was read. A document that breaks off after
// some items is taken up to there.
func (s *xmlScan) end(broken error) (document, error) {
	if s.root < 0 {
		return document{}, mapping.Reject(schema.ReasonSyntax, "XML without an element")
	}
	taken := min(s.doc.items, maxItems)
	if broken != nil {
		if taken == 0 {
			return document{}, mapping.Reject(schema.ReasonSyntax, "%v", broken)
		}
		s.doc.broken = broken.Error()
	}
	s.doc.dropped, s.doc.items = s.doc.items-taken, taken
	if s.doc.broken != "" || s.doc.dropped > 0 {
		s.doc.body = slices.Concat(s.body[s.root:s.cut], s.closing)
	} else {
		s.doc.body = s.body[s.root:s.decoder.InputOffset()]
	}
	return s.doc, nil
}
