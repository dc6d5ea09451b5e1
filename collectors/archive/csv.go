package archive

import (
	"strings"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// quotes follows the quotes of CSV through a record: whether a place is inside
// them. A quote opens at the start of a field alone, and closes before a comma
// or the end of a line alone, so that stray ones are characters like any other.
type quotes struct {
	inside  bool
	started bool // Something of the field stands before this place.
	commas  int  // Outside quotes.
	odd     bool // A quote inside quotes neither closes them nor is doubled.
}

// line follows one more line, or part of one that ends with a comma or a break.
func (q *quotes) line(s []byte) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case q.inside:
			if c != '"' {
				continue
			}
			switch {
			case i+1 < len(s) && s[i+1] == '"':
				i++
			case endsField(s, i+1):
				q.inside, q.started = false, true
			default:
				q.odd = true
			}
		case c == '"' && !q.started:
			q.inside = true
		case c == ',':
			q.commas++
			q.started = false
		default:
			q.started = true
		}
	}
}

func endsField(s []byte, at int) bool {
	return at >= len(s) || s[at] == ',' || s[at] == '\n' || (s[at] == '\r' && (at+1 >= len(s) || s[at+1] == '\n'))
}

// fields cuts a record of CSV into its fields, which it appends to list. They
// are of one string that is made of the record. It says whether the quotes of
// the record are closed.
func fields(list []string, rec []byte) ([]string, bool) {
	s := string(rec)
	for {
		if !strings.HasPrefix(s, `"`) {
			end := strings.IndexByte(s, ',')
			if end < 0 {
				return append(list, s), true
			}
			list, s = append(list, s[:end]), s[end+1:]
			continue
		}
		end := closing(s)
		if end < 0 {
			return append(list, s[1:]), false
		}
		field := s[1:end]
		if strings.Contains(field, `""`) {
			field = strings.ReplaceAll(field, `""`, `"`)
		}
		list, s = append(list, field), s[end+1:]
		if s == "" {
			return list, true
		}
		s = s[1:] // The comma.
	}
}

// closing is where the quote that opens s closes, or -1.
func closing(s string) int {
	for i := 1; i < len(s); i++ {
		next := strings.IndexByte(s[i:], '"')
		if next < 0 {
			return -1
		}
		i += next
		switch {
		case i+1 < len(s) && s[i+1] == '"':
			i++
		case i+1 >= len(s) || s[i+1] == ',':
			return i
		}
	}
	return -1
}

// header finds columns by their names, whatever their order and case. A column
// may have several names; it is -1 where a file has none of them.
type header struct{ names []string }

func newHeader(rec []byte) header {
	names, _ := fields(nil, rec)
	for i, name := range names {
		names[i] = strings.ToLower(strings.TrimSpace(name))
	}
	return header{names}
}

func (h header) column(names ...string) int {
	for _, name := range names {
		for i, have := range h.names {
			if have == name {
				return i
			}
		}
	}
	return -1
}

// row is a record of CSV by column.
type row []string

func (h header) row(buffer []string, rec []byte) (row, error) {
	list, closed := fields(buffer, rec)
	if !closed {
		return nil, mapping.Reject(schema.ReasonSyntax, "a quote is not closed")
	}
	if len(list) != len(h.names) {
		return nil, mapping.Reject(schema.ReasonSyntax, "%d fields where the first line has %d", len(list), len(h.names))
	}
	return list, nil
}

func (r row) get(column int) string {
	if column < 0 {
		return ""
	}
	return r[column]
}
