package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// Table reads a table in CSV row by row, for commands that need no log: with the
// same rules for compression, quotes and records that are too long as an import.
type Table struct {
	// Columns are those that are read, by their names in the first line.
	Columns []string
	// Row takes the fields of a row, in the order of Columns. Its error refuses the
	// row if it is a *mapping.Rejection, and ends the reading otherwise.
	Row func(fields []string) error
	// Rejected takes rows that cannot be used; the number counts them from 2 on,
	// since the first line is one as well.
	Rejected func(number uint64, why *mapping.Rejection)
	// Read counts bytes as they lie on disk; it may be nil.
	Read *atomic.Int64
}

// File reads a file.
func (t *Table) File(ctx context.Context, path string) error {
	read := t.Read
	if read == nil {
		read = new(atomic.Int64)
	}
	f, err := openFile(ctx, path, read)
	if err != nil {
		return err
	}
	defer f.Close()
	limit := DefaultConfig().MaxRecordBytes
	split := &splitter{in: f.body, limit: limit, csv: true}
	arena, rec, err := split.next(nil, limit)
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%s is empty: its first line is to name its columns", path)
	case err != nil:
		return fmt.Errorf("%s is cut short or damaged: %w", path, err)
	}
	head := newHeader(arena[rec.from:rec.to])
	split.columns = len(head.names)
	at := make([]int, len(t.Columns))
	for i, name := range t.Columns {
		if at[i] = head.column(name); at[i] < 0 {
			return fmt.Errorf("%s: its first line names no column %s", path, name)
		}
	}
	return t.rows(path, split, head, at)
}

func (t *Table) rows(path string, split *splitter, head header, at []int) error {
	var arena []byte
	var buffer [32]string
	chosen := make([]string, len(at))
	for {
		var rec record
		var err error
		if arena, rec, err = split.next(arena[:0], rejectedBytes); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s is cut short or damaged: %w", path, err)
		}
		if err := t.row(head, rec, arena[rec.from:rec.to], buffer[:0], at, chosen); err != nil {
			return err
		}
	}
}

// rejectedBytes are kept of a record that is too long.
const rejectedBytes = 1 << 10

func (t *Table) row(head header, rec record, raw []byte, buffer []string, at []int, chosen []string) error {
	if rec.size > 0 {
		t.Rejected(rec.number, &mapping.Rejection{Reason: schema.ReasonTooLarge, Detail: fmt.Sprintf("the record has %d bytes", rec.size)})
		return nil
	}
	all, err := head.row(buffer, raw)
	if err == nil {
		for i, column := range at {
			chosen[i] = all[column]
		}
		err = t.Row(chosen)
	}
	if why, ok := errors.AsType[*mapping.Rejection](err); ok {
		t.Rejected(rec.number, why)
		return nil
	}
	return err
}
