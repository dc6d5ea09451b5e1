// Package wire holds the parts of the Kafka protocol that the log speaks by
// itself: record batches of format 2, encoded and decoded, and the two requests
// of a reader, Fetch and ListOffsets.
//
// The client library's own reader is not used because it loses facts that the
// log must not lose: it neither verifies checksums nor tells the time at which
// the log took a record, hands out control records as data, and hides where a
// partition starts, without which a gap cannot be noticed.
package wire

import "errors"

// ErrCorrupt is in the error of every batch or response that breaks the format.
// It is not retried blindly: bytes that are damaged on the broker stay damaged.
var ErrCorrupt = errors.New("damaged record batch")

// Record is one record. Key and Value point into the buffer that it was decoded
// from.
type Record struct {
	Offset     int64
	AppendedMS int64 // When the log took it, in milliseconds since 1970.
	Key, Value []byte
}

// The layout of a record batch of format 2: where its fields are.
const (
	posLength       = 8
	posMagic        = 16
	posCRC          = 17
	posAttributes   = 21 // The checksum covers everything from here on.
	posLastDelta    = 23
	posFirstTime    = 27
	posMaxTime      = 35
	posProducerID   = 43
	posEpoch        = 51
	posSequence     = 53
	posCount        = 57
	HeaderSize      = 61 // HeaderSize is the size of a batch without records, in bytes.
	lengthPrefix    = 12 // The batch length does not count these first bytes.
	attrCodec       = 0x07
	attrAppendTime  = 0x08
	attrControl     = 0x20
	formatVersion   = 2
	maxDecompressed = 256 << 20 // More than this in one batch is an attack or an accident.
)
