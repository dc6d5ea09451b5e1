package wire

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Header says what a record batch holds, without its records being decoded.
type Header struct {
	Base       int64 // Offset of the first record.
	Next       int64 // Offset after the last one, whether records are left or not.
	Size       int   // Of the whole batch, in bytes.
	Count      int32
	Codec      Codec
	Control    bool // Markers of transactions, not data.
	AppendTime bool // NewestMS is when the broker took the batch.
	FirstMS    int64
	NewestMS   int64
	ProducerID int64 // -1 without an idempotent producer.
	Epoch      int16
	Sequence   int32 // Of the first record.
}

// ParseHeader reads the header of the batch that b starts with. complete is
// false if b ends before the batch does, which is how brokers cut responses.
func ParseHeader(b []byte) (h Header, complete bool, err error) {
	if len(b) < HeaderSize {
		return h, false, nil
	}
	length := int64(int32(binary.BigEndian.Uint32(b[posLength:])))
	attributes := binary.BigEndian.Uint16(b[posAttributes:])
	lastDelta := int32(binary.BigEndian.Uint32(b[posLastDelta:]))
	h = Header{
		Base:       int64(binary.BigEndian.Uint64(b)),
		Size:       int(length) + lengthPrefix,
		Count:      int32(binary.BigEndian.Uint32(b[posCount:])),
		Codec:      Codec(attributes & attrCodec),
		Control:    attributes&attrControl != 0,
		AppendTime: attributes&attrAppendTime != 0,
		FirstMS:    int64(binary.BigEndian.Uint64(b[posFirstTime:])),
		NewestMS:   int64(binary.BigEndian.Uint64(b[posMaxTime:])),
		ProducerID: int64(binary.BigEndian.Uint64(b[posProducerID:])),
		Epoch:      int16(binary.BigEndian.Uint16(b[posEpoch:])),
		Sequence:   int32(binary.BigEndian.Uint32(b[posSequence:])),
	}
	h.Next = h.Base + int64(lastDelta) + 1
	switch {
	case b[posMagic] != formatVersion:
		return h, false, fmt.Errorf("%w: format %d, not %d", ErrCorrupt, b[posMagic], formatVersion)
	case length < HeaderSize-lengthPrefix:
		return h, false, fmt.Errorf("%w: length %d", ErrCorrupt, length)
	case h.Base < 0 || lastDelta < 0 || h.Next <= h.Base:
		return h, false, fmt.Errorf("%w: offsets %d and %d", ErrCorrupt, h.Base, lastDelta)
	case h.Count < 0 || int64(h.Count) > int64(lastDelta)+1:
		return h, false, fmt.Errorf("%w: %d records in %d offsets", ErrCorrupt, h.Count, int64(lastDelta)+1)
	}
	return h, h.Size <= len(b), nil
}

// Verify compares the checksum of the batch that b starts with.
func Verify(b []byte, h Header) error {
	if sum, want := checksum(b[:h.Size]), binary.BigEndian.Uint32(b[posCRC:]); sum != want {
		return fmt.Errorf("%w: checksum %08x, not %08x, at offset %d", ErrCorrupt, sum, want, h.Base)
	}
	return nil
}

// Decoder decodes the records of batches. It is not safe for concurrent use.
type Decoder struct {
	// Alloc returns an empty slice with at least the given capacity, for plain
	// records. They stay in it for as long as the records are used.
	Alloc func(size int) []byte

	decompressor
}

// Append verifies the batch that b starts with, with the header that
// ParseHeader read, and appends its records from offset from on, at most limit
// of them. It reports whether records were left over. Control batches hold no
// records. On an error dst is as it was.
func (d *Decoder) Append(dst []Record, b []byte, h Header, from int64, limit int) (out []Record, more bool, err error) {
	if err := Verify(b, h); err != nil {
		return dst, false, err
	}
	if h.Control {
		return dst, false, nil
	}
	records := b[HeaderSize:h.Size]
	if h.Codec != None {
		if records, err = d.decompress(h.Codec, records, d.Alloc); err != nil {
			return dst, false, fmt.Errorf("%w: offset %d: %w", ErrCorrupt, h.Base, err)
		}
	}
	// A record has at least 7 bytes, so a false count cannot reserve much.
	out = slices.Grow(dst, min(int(h.Count), len(records)/7, limit))
	for range h.Count {
		var r Record
		if records, err = readRecord(&r, records, h); err != nil {
			return dst, false, err
		}
		if r.Offset < from {
			continue
		}
		if len(out)-len(dst) == limit {
			return out, true, nil
		}
		out = append(out, r)
	}
	return out, false, nil
}

// readRecord reads the record that b starts with and returns what follows.
func readRecord(r *Record, b []byte, h Header) ([]byte, error) {
	length, b, ok := varint(b)
	if !ok || length < 1 || length > int64(len(b)) {
		return nil, fmt.Errorf("%w: record length in batch at offset %d", ErrCorrupt, h.Base)
	}
	body, rest := b[1:length], b[length:] // The first byte holds unused attributes.
	timeDelta, body, ok1 := varint(body)
	offsetDelta, body, ok2 := varint(body)
	key, body, ok3 := field(body)
	value, _, ok4 := field(body) // Headers follow; the log does not use them.
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return nil, fmt.Errorf("%w: record in batch at offset %d", ErrCorrupt, h.Base)
	}
	r.Offset = h.Base + offsetDelta
	if offsetDelta < 0 || r.Offset >= h.Next {
		return nil, fmt.Errorf("%w: record offset %d outside of batch at offset %d", ErrCorrupt, offsetDelta, h.Base)
	}
	r.AppendedMS = h.NewestMS
	if !h.AppendTime {
		r.AppendedMS = h.FirstMS + timeDelta
	}
	r.Key, r.Value = key, value
	return rest, nil
}

// field reads a length and so many bytes; a negative length is no bytes.
func field(b []byte) (f, rest []byte, ok bool) {
	n, b, ok := varint(b)
	if !ok || n > int64(len(b)) {
		return nil, nil, false
	}
	if n < 0 {
		return nil, b, true
	}
	return b[:n:n], b[n:], true
}

func varint(b []byte) (v int64, rest []byte, ok bool) {
	if len(b) > 0 && b[0] < 0x80 { // Most numbers are this small.
		return int64(b[0]>>1) ^ -int64(b[0]&1), b[1:], true
	}
	v, n := binary.Varint(b)
	if n <= 0 {
		return 0, nil, false
	}
	return v, b[n:], true
}
