package archive

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// record is one record of a file: a line, or a row of CSV, which may hold line
// breaks inside quotes.
type record struct {
	from, to int    // In the chunk's arena.
	number   uint64 // Of the record in the file, from 1.
	size     uint64 // Of the whole record, where it was too long to be kept; else 0.
}

// place is where a splitter stands: with the same place in the same file it
// goes on in the same way.
type place struct {
	Offset int64  `json:"offset"` // Decompressed bytes before the next record.
	Number uint64 `json:"number"` // Of the last record.
	// Lines is the offset up to which each line is a row of its own: a quote
	// before it was never closed, and must not swallow the rows after it.
	Lines int64 `json:"lines,omitempty"`
}

// splitter reads records.
type splitter struct {
	place
	in      *bufio.Reader
	back    []byte // Read already, and to be read again before in.
	ended   error  // What in ended with, where back was read up to its end.
	columns int    // CSV: of the first line; 0 for lines without quotes' rules.
	csv     bool
	limit   int     // Bytes of a record.
	values  *values // Where records are elements of arrays; else nil.
}

// next appends the next record to the arena. A record beyond the limit is cut
// to keep bytes and says its size. Empty lines are passed over. The error is
// io.EOF at the end, or what the reader met; a record before it is still given.
func (s *splitter) next(arena []byte, keep int) ([]byte, record, error) {
	from := len(arena)
	if s.values != nil {
		return s.element(arena, keep)
	}
	for {
		var size uint64
		var err error
		if arena, size, err = s.line(arena[:from]); err != nil && !errors.Is(err, io.EOF) {
			return arena[:from], record{}, err // What stands before the fault is no whole record.
		}
		if s.csv && err == nil && s.Offset > s.Lines && size <= uint64(s.limit) {
			arena, size = s.row(arena, from), 0
		}
		to := trimmed(arena, from)
		if to == from {
			if err != nil {
				return arena[:from], record{}, err
			}
			continue
		}
		s.Number++
		rec := record{from: from, to: to, number: s.Number}
		if size > uint64(s.limit)+2 {
			rec.size, rec.to = size, min(to, from+keep)
		}
		return arena[:rec.to], rec, nil
	}
}

// element is next where records are elements of arrays.
func (s *splitter) element(arena []byte, keep int) ([]byte, record, error) {
	from := len(arena)
	arena, size, err := s.values.next(arena, keep, s.limit)
	if err != nil {
		return arena[:from], record{}, err
	}
	s.Number++
	s.Offset = s.values.offset
	return arena, record{from: from, to: len(arena), number: s.Number, size: size}, nil
}

// line appends a line with its break to the arena, as far as the limit
// allows, and says how long it is.
func (s *splitter) line(arena []byte) ([]byte, uint64, error) {
	from := len(arena)
	var size uint64
	for {
		piece, err := s.piece()
		s.Offset += int64(len(piece))
		size += uint64(len(piece))
		if room := s.limit + 2 - (len(arena) - from); room > 0 {
			arena = append(arena, piece[:min(len(piece), room)]...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return arena, size, err
		}
	}
}

// piece is what is at hand of the next line. It stays valid until the next call.
func (s *splitter) piece() ([]byte, error) {
	if len(s.back) == 0 {
		if s.ended != nil {
			return nil, s.ended
		}
		return s.in.ReadSlice('\n')
	}
	end := bytes.IndexByte(s.back, '\n') + 1
	if end == 0 {
		piece := s.back
		s.back = nil
		if s.ended != nil {
			return piece, s.ended
		}
		return piece, bufio.ErrBufferFull // The line goes on in the file.
	}
	piece := s.back[:end]
	s.back = s.back[end:]
	return piece, nil
}

// row goes on after the first line of a row until its quotes are closed. Where
// they never are, or what they hold is no row like the first, the first line
// stands alone and the others are read again, each as a row.
func (s *splitter) row(arena []byte, from int) []byte {
	var q quotes
	first := len(arena)
	for start := from; ; {
		q.line(arena[start:])
		s.Lines = s.Offset
		if !q.inside && (len(arena) == first || !q.odd && (s.columns == 0 || q.commas == s.columns-1)) {
			s.Lines = 0
			return arena
		}
		if !q.inside || s.ended != nil {
			break
		}
		start = len(arena)
		if arena = s.more(arena, from); len(arena)-from > s.limit || (s.ended != nil && !errors.Is(s.ended, io.EOF)) {
			s.Lines = s.Offset - int64(len(arena)-start) // However much of its last line was at hand.
			break
		}
	}
	s.back = append(bytes.Clone(arena[first:]), s.back...)
	s.Offset -= int64(len(arena) - first)
	return arena[:first]
}

// more appends the next line of a row that began at from. A line that makes the
// row longer than the limit is not read to its end.
func (s *splitter) more(arena []byte, from int) []byte {
	for {
		piece, err := s.piece()
		s.Offset += int64(len(piece))
		arena = append(arena, piece...)
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			s.ended = err
			return arena
		}
		if err == nil || len(arena)-from > s.limit {
			return arena
		}
	}
}

// trimmed is the end of a record without its line break.
func trimmed(arena []byte, from int) int {
	to := len(arena)
	for to > from && (arena[to-1] == '\n' || arena[to-1] == '\r') {
		to--
	}
	return to
}

// skip passes over what an earlier run has read.
func (s *splitter) skip(to place) error {
	if s.values != nil { // What stands around a place is known only from the beginning.
		for s.Number < to.Number {
			if _, _, err := s.next(nil, 0); err != nil {
				return err
			}
		}
		return nil
	}
	if _, err := io.CopyN(io.Discard, s.in, to.Offset-s.Offset); err != nil {
		return err
	}
	s.place = to
	return nil
}
