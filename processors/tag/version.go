package tag

import (
	"math/bits"

	"github.com/zeebo/xxh3"
	"google.golang.org/protobuf/encoding/protowire"
)

const (
	collectedBits = 44 // Milliseconds until the year 2527.
	hashBits      = 20
)

// version builds the order of deliveries; see Version.
func version(deleted bool, revision uint64, collectedMS int64, hash uint64) Version {
	v := Version{High: revision &^ (1 << 63), Low: uint64(max(collectedMS, 0))&(1<<collectedBits-1)<<hashBits | hash>>(64-hashBits)}
	if deleted {
		v.High |= 1 << 63
	}
	return v
}

// Less says whether v is the older delivery.
func (v Version) Less(w Version) bool {
	return v.High < w.High || (v.High == w.High && v.Low < w.Low)
}

// importedField is the number of imported_ms in each kind of event, by the
// number of the kind: when an event was read in is no part of what it says.
func importedField(kind protowire.Number) protowire.Number {
	switch int(kind) {
	case 1: // post
		return 8
	case 2: // delete
		return 6
	case 3: // account
		return 13
	case 6: // action
		return 8
	}
	return 0
}

// contentHash hashes an encoded event around its time of import. The producer
// writes fields in the order of their numbers, so that equal events have equal
// bytes.
func contentHash(value []byte) uint64 {
	kind, _, n := protowire.ConsumeTag(value)
	if n < 0 {
		return xxh3.Hash(value)
	}
	body, m := protowire.ConsumeBytes(value[n:])
	skip := importedField(kind)
	if m < 0 || skip == 0 {
		return xxh3.Hash(value)
	}
	at, after := 0, 0
	for at < len(body) {
		number, wire, k := protowire.ConsumeTag(body[at:])
		if k < 0 || number > skip {
			break
		}
		size := protowire.ConsumeFieldValue(number, wire, body[at+k:])
		if size < 0 {
			break
		}
		if after = at + k + size; number == skip {
			break
		}
		at = after
	}
	return xxh3.Hash(body[:at]) ^ bits.RotateLeft64(xxh3.Hash(body[max(at, after):]), 32)
}
