package rows

import (
	"strings"

	"github.com/ClickHouse/ch-go/proto"
)

const (
	typeTime   proto.ColumnType = "DateTime64(3, 'UTC')"
	typeHour   proto.ColumnType = "DateTime('UTC')"
	typeWord   proto.ColumnType = "LowCardinality(String)"
	typeCounts proto.ColumnType = "Map(LowCardinality(String), UInt64)"

	// maxInterned bounds the words that a column remembers between blocks.
	maxInterned = 1 << 16

	// How a dictionary is announced: keys follow their own dictionary, in a
	// version of the format that has been the only one since it exists.
	dictionaryVersion = 1
	dictionaryOwn     = 1<<9 | 1<<10
)

// column is what a table needs of a column: encoding and emptying.
type column interface {
	proto.ColInput
	Reset()
}

// typed is a column that is announced under another type of the same encoding.
type typed struct {
	column
	name proto.ColumnType
}

// Type implements proto.ColInput.
func (c typed) Type() proto.ColumnType { return c.name }

// times holds Unix milliseconds.
type times struct{ proto.ColInt64 }

// Type implements proto.ColInput.
func (*times) Type() proto.ColumnType { return typeTime }

// hours holds Unix seconds.
type hours struct{ proto.ColUInt32 }

// Type implements proto.ColInput.
func (*hours) Type() proto.ColumnType { return typeHour }

// days holds days since 1970-01-01.
type days struct{ proto.ColUInt16 }

// Type implements proto.ColInput.
func (*days) Type() proto.ColumnType { return proto.ColumnTypeDate }

// words is LowCardinality(String). Most of these columns repeat the value of the
// row before, so that is compared first; what a column has once seen costs no
// allocation in later blocks.
type words struct {
	keys  []uint32
	block uint32
	used  []uint32          // Dictionary of the block: slots in order.
	slots map[string]uint32 // Slot of each interned word.
	words []interned
	last  uint32 // Slot of the last word, valid if keys is not empty.
}

type interned struct {
	text  string
	block uint32 // The block whose dictionary has it.
	key   uint32 // Its position there.
}

// Append adds a row.
func (c *words) Append(word string) {
	c.keys = append(c.keys, c.key(word))
}

// Set replaces a row.
func (c *words) Set(row int, word string) {
	c.keys[row] = c.key(word)
}

func (c *words) key(word string) uint32 {
	if len(c.used) > 0 && c.words[c.last].text == word {
		return c.words[c.last].key
	}
	slot, ok := c.slots[word]
	if !ok {
		if c.slots == nil {
			c.slots = make(map[string]uint32)
			c.block = 1
		}
		slot = uint32(len(c.words))
		word = strings.Clone(word)
		c.slots[word] = slot
		c.words = append(c.words, interned{text: word})
	}
	c.last = slot
	w := &c.words[slot]
	if w.block != c.block {
		w.block, w.key = c.block, uint32(len(c.used))
		c.used = append(c.used, slot)
	}
	return w.key
}

// Type implements proto.ColInput.
func (*words) Type() proto.ColumnType { return typeWord }

// Rows implements proto.ColInput.
func (c *words) Rows() int { return len(c.keys) }

// Reset begins a new block.
func (c *words) Reset() {
	c.keys, c.used = c.keys[:0], c.used[:0]
	c.block++
	if len(c.words) > maxInterned || c.block == 0 {
		c.slots, c.words = nil, nil
	}
}

// EncodeState implements proto.StateEncoder.
func (*words) EncodeState(b *proto.Buffer) { b.PutInt64(dictionaryVersion) }

// EncodeColumn implements proto.ColInput.
func (c *words) EncodeColumn(b *proto.Buffer) {
	if len(c.keys) == 0 {
		return
	}
	width := 0
	switch n := len(c.used); {
	case n > 1<<16:
		width = 2
	case n > 1<<8:
		width = 1
	}
	b.PutInt64(dictionaryOwn | int64(width))
	b.PutInt64(int64(len(c.used)))
	for _, slot := range c.used {
		b.PutString(c.words[slot].text)
	}
	b.PutInt64(int64(len(c.keys)))
	at := len(b.Buf)
	b.Buf = append(b.Buf, make([]byte, len(c.keys)<<width)...)
	out := b.Buf[at:]
	for i, key := range c.keys {
		switch width {
		case 0:
			out[i] = byte(key)
		case 1:
			out[2*i], out[2*i+1] = byte(key), byte(key>>8)
		default:
			out[4*i], out[4*i+1], out[4*i+2], out[4*i+3] = byte(key), byte(key>>8), byte(key>>16), byte(key>>24)
		}
	}
}

// WriteColumn implements proto.ColInput.
func (c *words) WriteColumn(w *proto.Writer) { w.ChainBuffer(c.EncodeColumn) }

// array is Array(T) over the column of its elements: append these, then end the
// row.
type array struct {
	offsets proto.ColUInt64
	data    column
}

func (c *array) end() { c.offsets = append(c.offsets, uint64(c.data.Rows())) }

// Type implements proto.ColInput.
func (c *array) Type() proto.ColumnType { return "Array(" + c.data.Type() + ")" }

// Rows implements proto.ColInput.
func (c *array) Rows() int { return len(c.offsets) }

// Reset begins a new block.
func (c *array) Reset() {
	c.offsets = c.offsets[:0]
	c.data.Reset()
}

// EncodeState implements proto.StateEncoder.
func (c *array) EncodeState(b *proto.Buffer) {
	if s, ok := c.data.(proto.StateEncoder); ok {
		s.EncodeState(b)
	}
}

// EncodeColumn implements proto.ColInput.
func (c *array) EncodeColumn(b *proto.Buffer) {
	c.offsets.EncodeColumn(b)
	c.data.EncodeColumn(b)
}

// WriteColumn implements proto.ColInput.
func (c *array) WriteColumn(w *proto.Writer) { w.ChainBuffer(c.EncodeColumn) }

// maybe is Nullable(T) over the column of its values: a row is the value, or a
// zero, and whether it is null.
type maybe struct {
	nulls proto.ColUInt8
	data  column
}

// Type implements proto.ColInput.
func (c *maybe) Type() proto.ColumnType { return "Nullable(" + c.data.Type() + ")" }

// Rows implements proto.ColInput.
func (c *maybe) Rows() int { return len(c.nulls) }

// Reset begins a new block.
func (c *maybe) Reset() {
	c.nulls = c.nulls[:0]
	c.data.Reset()
}

// EncodeColumn implements proto.ColInput.
func (c *maybe) EncodeColumn(b *proto.Buffer) {
	c.nulls.EncodeColumn(b)
	c.data.EncodeColumn(b)
}

// WriteColumn implements proto.ColInput.
func (c *maybe) WriteColumn(w *proto.Writer) { w.ChainBuffer(c.EncodeColumn) }

// null is 1 for a value that is absent, the way a mask of nulls says it.
func null(absent bool) uint8 {
	if absent {
		return 1
	}
	return 0
}

// counts is Map(LowCardinality(String), UInt64).
type counts struct {
	offsets proto.ColUInt64
	names   words
	values  proto.ColUInt64
}

// Type implements proto.ColInput.
func (*counts) Type() proto.ColumnType { return typeCounts }

// Rows implements proto.ColInput.
func (c *counts) Rows() int { return len(c.offsets) }

// Reset begins a new block.
func (c *counts) Reset() {
	c.offsets, c.values = c.offsets[:0], c.values[:0]
	c.names.Reset()
}

// EncodeState implements proto.StateEncoder.
func (c *counts) EncodeState(b *proto.Buffer) { c.names.EncodeState(b) }

// EncodeColumn implements proto.ColInput.
func (c *counts) EncodeColumn(b *proto.Buffer) {
	c.offsets.EncodeColumn(b)
	c.names.EncodeColumn(b)
	c.values.EncodeColumn(b)
}

// WriteColumn implements proto.ColInput.
func (c *counts) WriteColumn(w *proto.Writer) { w.ChainBuffer(c.EncodeColumn) }
