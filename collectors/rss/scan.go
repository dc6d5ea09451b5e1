package rss

import (
	"bytes"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// Bounds of a document. The parser recurses into elements and keeps all of them,
// so that they are kept before it runs.
const (
	maxDepth      = 128
	maxElements   = 200_000
	maxAttributes = 64
	maxTextRun    = 1 << 20
	maxItems      = 1000
	maxTag        = 256 << 10 // Bytes of one start tag.
	maxScopes     = 256       // Namespaces that are declared at one place.
	maxScopeWork  = 4_000_000 // Copies of declarations: the parser makes them for each element.
)

// document is what the parser may see: UTF-8 from the root element on, with no
// more items than are taken.
type document struct {
	body    []byte
	hints   hints
	items   int
	dropped int    // Items beyond the bound, not in body.
	broken  string // Why what follows body could not be read; empty if all was.
}

// scan makes a document fit for the parser, or says why it never can be: a
// *mapping.Rejection.
func scan(body []byte, contentType string) (document, error) {
	body = repair(toUTF8(body, contentType))
	switch trimmed := bytes.TrimLeft(body, " \t\r\n\uFEFF"); {
	case len(trimmed) == 0:
		return document{}, mapping.Reject(schema.ReasonSyntax, "an empty document")
	case trimmed[0] == '{':
		return scanJSON(trimmed)
	case trimmed[0] == '<':
		return scanXML(trimmed)
	}
	// Some servers print a warning before the document.
	if at := bytes.Index(body[:min(len(body), 4<<10)], []byte("<?xml")); at >= 0 {
		return scanXML(body[at:])
	}
	return document{}, mapping.Reject(schema.ReasonSyntax, "neither XML nor a JSON object")
}

func tooLarge(format string, args ...any) error {
	return mapping.Reject(schema.ReasonTooLarge, format, args...)
}

// longTag says whether a start tag is longer than any should be: the decoder
// would read it whole, with all its attributes, before it could be looked at.
func longTag(body []byte) bool {
	for {
		at := bytes.IndexByte(body, '<')
		if at < 0 {
			return false
		}
		body = body[at:]
		var end int
		var ok bool
		switch {
		case bytes.HasPrefix(body, []byte("<!--")):
			end, ok = after(body[4:], "-->", 4)
		case bytes.HasPrefix(body, []byte("<![CDATA[")):
			end, ok = after(body, "]]>", 0)
		case bytes.HasPrefix(body, []byte("<?")):
			end, ok = after(body, "?>", 0)
		case bytes.HasPrefix(body, []byte("<!")), bytes.HasPrefix(body, []byte("</")):
			end, ok = 2, true
		default:
			if end = tagEnd(body); end > maxTag {
				return true
			}
			ok = true
		}
		if !ok {
			return false
		}
		body = body[end:]
	}
}

func after(s []byte, mark string, more int) (int, bool) {
	at := bytes.Index(s, []byte(mark))
	return at + len(mark) + more, at >= 0
}

// tagEnd is where a start tag ends, at '>' outside of quotes.
func tagEnd(s []byte) int {
	s = s[:min(len(s), maxTag+1)]
	value := false // An equals sign came before: a quote opens a value.
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '>':
			return i + 1
		case c == '=':
			value = true
		case value && (c == '"' || c == '\''):
			end := bytes.IndexByte(s[i+1:], c)
			if end < 0 {
				return len(s)
			}
			i += 1 + end
			value = false
		case blanks(s[i:i+1]) == 0:
			value = false
		}
	}
	return len(s)
}
