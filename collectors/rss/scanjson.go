package rss

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// jsonScan walks over a JSON document without decoding it. It need not know
// whether the document is valid: the parser says so.
type jsonScan struct {
	body    []byte
	depth   int
	commas  int // Of the whole document: as many as there are members and elements.
	items   int // Commas in the outermost array that is open.
	cut     int // Where the last item ends that is taken.
	longest int
}

func scanJSON(body []byte) (document, error) {
	if err := mapping.CheckJSON(body); err != nil {
		return document{}, err
	}
	s := &jsonScan{body: body}
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '"':
			i = s.quoted(i)
		case '{', '[':
			if s.depth++; s.depth == 2 {
				s.items = 0
			}
		case '}', ']':
			s.depth--
		case ',':
			s.commas++
			if s.depth == 2 {
				s.item(i)
			}
		}
		if s.commas > maxElements || s.longest > maxTextRun {
			return document{}, tooLarge("more than %d values, or a text of more than %d bytes", maxElements, maxTextRun)
		}
	}
	return s.end()
}

func (s *jsonScan) item(at int) {
	if s.items++; s.items == maxItems && s.cut == 0 {
		s.cut = at
	}
}

// quoted passes over a string and returns where it ends.
func (s *jsonScan) quoted(from int) int {
	i := from + 1
	for i < len(s.body) && s.body[i] != '"' {
		if s.body[i] == '\\' {
			i++
		}
		i++
	}
	s.longest = max(s.longest, i-from)
	return i
}

func (s *jsonScan) end() (document, error) {
	doc := document{body: s.body}
	if s.cut > 0 {
		doc.body = append(bytes.Clone(s.body[:s.cut]), "]}"...)
	}
	var shape struct {
		Version string `json:"version"`
		FeedURL string `json:"feed_url"`
		Hubs    []struct {
			Type string `json:"type"`
			URL  string `json:"url"`
		} `json:"hubs"`
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(doc.body, &shape); err != nil {
		return document{}, mapping.Reject(schema.ReasonSyntax, "%v", err)
	}
	if shape.Items == nil {
		return document{}, mapping.Reject(schema.ReasonSyntax, "JSON without items, not a feed")
	}
	doc.items = len(shape.Items)
	for _, hub := range shape.Hubs {
		if strings.EqualFold(hub.Type, "websub") || strings.EqualFold(hub.Type, "pubsubhubbub") {
			doc.hints.link("hub", hub.URL)
			doc.hints.link("self", shape.FeedURL)
		}
	}
	if s.cut > 0 {
		doc.dropped = countRest(s.body[s.cut:])
	}
	return doc, nil
}

// countRest counts the elements of an array that are left after one of its commas.
func countRest(rest []byte) (n int) {
	depth := 0
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '"':
			i = (&jsonScan{body: rest}).quoted(i)
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return n
			}
		case ',':
			if depth == 0 {
				n++
			}
		}
	}
	return n
}
