package wire

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// Codec is how a batch is compressed, as its attributes number it.
type Codec int16

// The codecs of record batches.
const (
	None Codec = iota
	Gzip
	Snappy
	LZ4
	Zstd
)

// sizePrefix is the record-set size that a raw produce request starts with.
const sizePrefix = 4

// Encoder builds one record batch at a time and reuses its buffers. It is not
// safe for concurrent use.
type Encoder struct {
	codec Codec
	raw   []byte // Room for the prefix and the header, then the records.
	out   []byte // The same, compressed.
	count int32
	zstd  *zstd.Encoder
	lz4   lz4.Compressor
}

// NewEncoder returns an encoder that compresses with None, Snappy, LZ4 or Zstd.
func NewEncoder(codec Codec) (*Encoder, error) {
	e := &Encoder{codec: codec}
	switch codec {
	case None, Snappy, LZ4:
	case Zstd:
		z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest),
			zstd.WithEncoderCRC(false), zstd.WithWindowSize(256<<10))
		if err != nil {
			return nil, fmt.Errorf("wire: zstd encoder: %w", err)
		}
		e.zstd = z
	default:
		return nil, fmt.Errorf("wire: no encoder for codec %d", codec)
	}
	e.Reset()
	return e, nil
}

// Reset forgets the records.
func (e *Encoder) Reset() {
	if cap(e.raw) < sizePrefix+HeaderSize {
		e.raw = make([]byte, 0, 64<<10)
	}
	e.raw = e.raw[:sizePrefix+HeaderSize]
	e.count = 0
}

// Release forgets the records and gives the buffers up, for when someone may
// still read the bytes that Finish returned.
func (e *Encoder) Release() {
	e.raw, e.out = nil, nil
	e.Reset()
}

// Count is the number of records so far.
func (e *Encoder) Count() int { return int(e.count) }

// Size is the size of the batch before compression, in bytes.
func (e *Encoder) Size() int { return len(e.raw) - sizePrefix }

// RecordSize bounds what a record adds to Size.
func RecordSize(key, value []byte) int {
	// A length of at most 5 bytes for the record, its key and its value each,
	// 5 for the offset, and one each for attributes, time and headers.
	return len(key) + len(value) + 23
}

// Add appends a record.
func (e *Encoder) Add(key, value []byte) {
	// Attributes, time delta and header count are one zero byte each.
	body := 3 + varintSize(int64(e.count)) +
		varintSize(int64(len(key))) + len(key) +
		varintSize(int64(len(value))) + len(value)
	b := binary.AppendVarint(e.raw, int64(body))
	b = append(b, 0, 0)
	b = binary.AppendVarint(b, int64(e.count))
	b = binary.AppendVarint(b, int64(len(key)))
	b = append(b, key...)
	b = binary.AppendVarint(b, int64(len(value)))
	b = append(b, value...)
	e.raw = append(b, 0)
	e.count++
}

// Finish returns the batch, preceded by its size as a produce request wants it,
// stamped with a time in milliseconds since 1970. The bytes are valid until the
// next call; Stamp must be called on them before they are sent.
func (e *Encoder) Finish(nowMS int64) ([]byte, error) {
	out, codec, err := e.compress()
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint32(out, uint32(len(out)-sizePrefix))
	b := out[sizePrefix:]
	clear(b[:posLength])
	binary.BigEndian.PutUint32(b[posLength:], uint32(len(b)-lengthPrefix))
	binary.BigEndian.PutUint32(b[lengthPrefix:], 0xffffffff) // No leader epoch: the broker fills it in.
	b[posMagic] = formatVersion
	binary.BigEndian.PutUint16(b[posAttributes:], uint16(codec))
	binary.BigEndian.PutUint32(b[posLastDelta:], uint32(e.count-1))
	binary.BigEndian.PutUint64(b[posFirstTime:], uint64(nowMS))
	binary.BigEndian.PutUint64(b[posMaxTime:], uint64(nowMS))
	binary.BigEndian.PutUint32(b[posCount:], uint32(e.count))
	return out, nil
}

// compress returns the batch with its header unset. Records that do not get
// smaller are sent as they are.
func (e *Encoder) compress() ([]byte, Codec, error) {
	records := e.raw[sizePrefix+HeaderSize:]
	head := e.head(len(records))
	switch e.codec {
	case Snappy:
		n := len(s2.EncodeSnappy(head[len(head):cap(head)], records))
		e.out = head[:len(head)+n]
	case Zstd:
		e.out = e.zstd.EncodeAll(records, head)
	case LZ4:
		out, err := e.lz4Frame(head, records)
		if err != nil {
			return nil, None, fmt.Errorf("wire: compress batch: %w", err)
		}
		e.out = out
	default:
		return e.raw, None, nil
	}
	if len(e.out) >= len(e.raw) {
		return e.raw, None, nil
	}
	return e.out, e.codec, nil
}

// head returns the output buffer, long enough for prefix and header and with
// room for n records bytes that do not compress.
func (e *Encoder) head(n int) []byte {
	need := sizePrefix + HeaderSize + max(s2.MaxEncodedLen(n), lz4FrameBound(n))
	if cap(e.out) < need {
		e.out = make([]byte, 0, need+need/8)
	}
	return e.out[:sizePrefix+HeaderSize]
}

// Stamp writes producer, epoch and first sequence number into a finished batch,
// and the checksum. A batch may be stamped again for a new session.
func Stamp(finished []byte, producerID int64, epoch int16, sequence int32) {
	b := finished[sizePrefix:]
	binary.BigEndian.PutUint64(b[posProducerID:], uint64(producerID))
	binary.BigEndian.PutUint16(b[posEpoch:], uint16(epoch))
	binary.BigEndian.PutUint32(b[posSequence:], uint32(sequence))
	setChecksum(b)
}

// Restamp moves the times of an encoded batch so that its newest record has the
// given time in milliseconds since 1970, and reports whether it was a batch of
// this format at all. Differences within the batch stay.
func Restamp(b []byte, nowMS int64) bool {
	if len(b) < HeaderSize || b[posMagic] != formatVersion {
		return false
	}
	first := int64(binary.BigEndian.Uint64(b[posFirstTime:]))
	newest := int64(binary.BigEndian.Uint64(b[posMaxTime:]))
	binary.BigEndian.PutUint64(b[posFirstTime:], uint64(first-newest+nowMS))
	binary.BigEndian.PutUint64(b[posMaxTime:], uint64(nowMS))
	setChecksum(b)
	return true
}

func setChecksum(b []byte) {
	binary.BigEndian.PutUint32(b[posCRC:], checksum(b))
}

func checksum(b []byte) uint32 {
	return crc32.Checksum(b[posAttributes:], crc32.MakeTable(crc32.Castagnoli))
}

func varintSize(v int64) int {
	u := uint64(v)<<1 ^ uint64(v>>63)
	n := 1
	for u >= 0x80 {
		u >>= 7
		n++
	}
	return n
}
