package archive

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/election-observatory/observatory/collectors/mapping"
)

// values reads the elements of arrays of JSON, as exports write them, where records are
// not lines: of the array that a file is, or of the arrays that have a name in it. An
// element of a named array comes with its chat: what the object around the array says
// of itself before it.
type values struct {
	in      *bufio.Reader
	name    string // Of the arrays; empty for the one that the file is.
	open    []level
	inside  bool // Of an array whose elements are wanted.
	first   bool // Nothing of that array was read yet.
	started bool
	offset  int64
}

// level is an object or an array that is open.
type level struct {
	object bool
	key    string // Of what comes next in an object; empty before it.
	said   map[string]json.RawMessage
}

// told are the keys of an object that go with the elements of an array in it.
func told(key string) bool { return key == "id" || key == "name" || key == "type" }

// maxTold bounds what is kept of keys and of what they say.
const maxTold = 1 << 10

var errNoJSON = errors.New("it is no JSON of this format")

// next appends the next element to the arena, cut to keep where it is longer than limit.
// The error is io.EOF at the end.
func (v *values) next(arena []byte, keep, limit int) (_ []byte, size uint64, err error) {
	from := len(arena)
	for {
		if !v.inside {
			if err := v.seek(); err != nil {
				return arena, 0, err
			}
			continue
		}
		c, err := v.token()
		switch {
		case err != nil:
			return arena, 0, cutShort(err)
		case c == ']':
			v.open, v.inside = v.open[:len(v.open)-1], false
			continue
		case c == ',' && !v.first:
			if c, err = v.token(); err != nil {
				return arena, 0, cutShort(err)
			}
		case !v.first:
			return arena, 0, errNoJSON
		}
		v.first = false
		head, tail := v.around()
		arena = append(arena, head...)
		arena, size, err = v.value(arena, c, from+limit)
		if err != nil {
			return arena[:from], 0, cutShort(err)
		}
		if size > 0 {
			return arena[:min(len(arena), from+keep)], size, nil
		}
		return append(arena, tail...), 0, nil
	}
}

func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// around is what an element stands in.
func (v *values) around() (head, tail string) {
	if v.name == "" {
		return "", ""
	}
	var of []string
	if n := len(v.open); n > 1 {
		for _, key := range []string{"id", "name", "type"} {
			if said, ok := v.open[n-2].said[key]; ok {
				of = append(of, fmt.Sprintf("%q:%s", key, said))
			}
		}
	}
	return `{"chat":{` + strings.Join(of, ",") + `},"message":`, "}"
}

func (v *values) byte() (byte, error) {
	c, err := v.in.ReadByte()
	if err == nil {
		v.offset++
	}
	return c, err
}

// token is the next byte that is no white space.
func (v *values) token() (byte, error) {
	for {
		c, err := v.byte()
		if err != nil {
			return 0, err
		}
		if c == 0xef && !v.started { // The mark of UTF-8.
			if _, err := v.in.Discard(2); err != nil {
				return 0, err
			}
			v.offset += 2
			continue
		}
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			v.started = true
			return c, nil
		}
	}
}

// seek goes on to the next array that is wanted. The error is io.EOF at the end of what
// is whole.
func (v *values) seek() error {
	for {
		c, err := v.token()
		if err != nil {
			if len(v.open) > 0 {
				return cutShort(err)
			}
			return err
		}
		if err := v.structure(c); err != nil || v.inside {
			return err
		}
	}
}

func (v *values) structure(c byte) error {
	top := v.top()
	if top == nil && c != '{' && c != '[' {
		return errNoJSON
	}
	switch c {
	case '{', '[':
		return v.descend(c, top)
	case '}', ']':
		if top.object != (c == '}') {
			return errNoJSON
		}
		v.open = v.open[:len(v.open)-1]
		return nil
	case ',', ':':
		return nil
	}
	return v.scalar(c, top)
}

// descend goes into an object or an array.
func (v *values) descend(c byte, top *level) error {
	if len(v.open) >= mapping.MaxDepth {
		return errNoJSON
	}
	wanted := v.name == "" && top == nil || v.name != "" && top != nil && top.key == v.name
	v.inside = c == '[' && wanted
	v.first = v.inside
	if top != nil {
		top.key = ""
	}
	v.open = append(v.open, level{object: c == '{'})
	return nil
}

func (v *values) top() *level {
	if len(v.open) == 0 {
		return nil
	}
	return &v.open[len(v.open)-1]
}

// scalar reads a key, or what a key says where that is kept.
func (v *values) scalar(c byte, top *level) error {
	raw, size, err := v.value(nil, c, maxTold)
	if err != nil {
		return cutShort(err)
	}
	switch {
	case !top.object:
		return nil
	case top.key == "":
		return top.name(raw, size)
	}
	if size == 0 && told(top.key) && json.Valid(raw) {
		if top.said == nil {
			top.said = map[string]json.RawMessage{}
		}
		top.said[top.key] = raw
	}
	top.key = ""
	return nil
}

// name takes a key.
func (l *level) name(raw []byte, size uint64) error {
	if raw[0] != '"' || size == 0 && json.Unmarshal(raw, &l.key) != nil {
		return errNoJSON
	}
	if l.key == "" || size > 0 {
		l.key = "\x00" // A name that nobody asks for.
	}
	return nil
}

// value appends a value that begins with c to the arena, as far as the limit allows, and
// says how long it is where that was not enough.
func (v *values) value(arena []byte, c byte, limit int) (_ []byte, size uint64, err error) {
	var at nesting
	for length := uint64(1); ; length++ {
		if len(arena) < limit {
			arena = append(arena, c)
		} else {
			size = length
		}
		if at.step(c); at.depth < 0 {
			return arena, size, errNoJSON
		}
		if at.depth == 0 && !at.quoted {
			ended := c == '"' || c == '}' || c == ']'
			if !ended { // A number, or a word: it ends before what is none of it.
				next, err := v.in.Peek(1)
				if err != nil {
					return arena, size, err
				}
				ended = strings.IndexByte(",]} \n\r\t:", next[0]) >= 0
			}
			if ended {
				return arena, size, nil
			}
		}
		if c, err = v.byte(); err != nil {
			return arena, size, err
		}
	}
}

// nesting is where in a value a byte stands.
type nesting struct {
	depth           int
	quoted, escaped bool
}

func (n *nesting) step(c byte) {
	switch {
	case n.escaped:
		n.escaped = false
	case n.quoted:
		n.escaped, n.quoted = c == '\\', c != '"'
	case c == '"':
		n.quoted = true
	case c == '{' || c == '[':
		n.depth++
	case c == '}' || c == ']':
		n.depth--
	}
}
