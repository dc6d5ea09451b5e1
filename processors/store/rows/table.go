// Package rows builds the rows of the store's tables, column by column, in
// ClickHouse's Native format (https://clickhouse.com/docs/interfaces/formats/Native).
//
// A table's builder copies what it is given, so that events may be reused at
// once, and keeps its memory from batch to batch: a row costs no allocation. A
// builder is for one goroutine.
package rows

import (
	"fmt"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/election-observatory/observatory/schema"
)

// MaxBlock is how many rows a block has at most. It is the store's own size of
// a block, so that one block is one part per partition of a table.
const MaxBlock = 65_409

// maxIdleBytes is what a builder keeps of its encoded bytes between batches.
const maxIdleBytes = 64 << 20

// Table collects rows of one table. The builders of the tables embed it.
type Table struct {
	name    string
	columns []named
	input   []proto.InputColumn
	rows    int // Of the block being filled.
	total   int
	body    proto.Buffer
}

type named struct {
	name string
	data column
}

func newTable(name string, columns []named) Table {
	t := Table{name: name, columns: columns}
	for _, c := range columns {
		t.input = append(t.input, proto.InputColumn{Name: c.name, Data: c.data})
	}
	return t
}

// Name is the table's name in schema.StoreDatabase.
func (t *Table) Name() string { return t.name }

// Rows is how many rows were added since Reset.
func (t *Table) Rows() int { return t.total }

// Statement is the INSERT that takes the encoded rows as its data.
func (t *Table) Statement() string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = "`" + c.name + "`"
	}
	return fmt.Sprintf("INSERT INTO %s.%s (%s) FORMAT Native", schema.StoreDatabase, t.name, strings.Join(names, ", "))
}

// Types are the columns' names and types, for comparison with the schema.
func (t *Table) Types() map[string]string {
	types := make(map[string]string, len(t.columns))
	for _, c := range t.columns {
		types[c.name] = string(c.data.Type())
	}
	return types
}

// Encode returns all rows as Native blocks. The bytes are valid until Reset.
func (t *Table) Encode() ([]byte, error) {
	if err := t.flush(); err != nil {
		return nil, err
	}
	return t.body.Buf, nil
}

// Reset forgets all rows.
func (t *Table) Reset() {
	for _, c := range t.columns {
		c.data.Reset()
	}
	t.rows, t.total = 0, 0
	if cap(t.body.Buf) > maxIdleBytes {
		t.body.Buf = nil
	}
	t.body.Buf = t.body.Buf[:0]
}

// added counts a row and ends the block when it is full; it reports whether it
// did.
func (t *Table) added() (bool, error) {
	t.rows++
	t.total++
	if t.rows < MaxBlock {
		return false, nil
	}
	return true, t.flush()
}

func (t *Table) flush() error {
	if t.rows == 0 {
		return nil
	}
	// Revision 0 is the format without what only connected clients negotiate.
	block := proto.Block{Columns: len(t.input), Rows: t.rows}
	if err := block.EncodeRawBlock(&t.body, 0, t.input); err != nil {
		return fmt.Errorf("rows: encode %s: %w", t.name, err)
	}
	for _, c := range t.columns {
		c.data.Reset()
	}
	t.rows = 0
	return nil
}

// origin is how a row got here, the same columns in every table.
type origin struct {
	imported  times
	partition proto.ColUInt32
	offset    proto.ColUInt64
}

// Origin says how an event got here: when this installation read it in (Unix
// milliseconds), and where the log has it.
type Origin struct {
	ImportedMS int64
	Partition  uint32
	Offset     uint64
}

func (o *origin) append(from Origin) {
	o.imported.Append(from.ImportedMS)
	o.partition.Append(from.Partition)
	o.offset.Append(from.Offset)
}

func (o *origin) columns() []named {
	return []named{{"imported_at", &o.imported}, {"_partition", &o.partition}, {"_offset", &o.offset}}
}
