package broker

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"os"

	"go.uber.org/zap"
)

// The server's logs of producer ids and of what groups commit are entries, each
// of them a length, a checksum, and a body of a version and JSON.

const entryHeader = 8

func entrySum(body []byte) uint32 {
	return crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli))
}

func appendEntry(b, data []byte) []byte {
	body := append(binary.LittleEndian.AppendUint16(nil, fileVersion), data...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(body)))
	b = binary.LittleEndian.AppendUint32(b, entrySum(body))
	return append(b, body...)
}

// cutTorn cuts off the torn end of a log of entries. The server leaves it there
// and appends after it, where it finds nothing at its next start: a group would
// be back where it was before the tear.
func cutTorn(name string, log *zap.Logger) error {
	b, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	good := intactEntries(b)
	if good == len(b) {
		return nil
	}
	log.Warn("cutting off the torn end of what groups committed", zap.String("file", name), zap.Int("bytes", len(b)-good))
	return truncate(name, int64(good))
}

// intactEntries is how many bytes of b are whole entries.
func intactEntries(b []byte) int {
	good := 0
	for len(b)-good >= entryHeader {
		size := int64(binary.LittleEndian.Uint32(b[good:]))
		rest := b[good+entryHeader:]
		if size < 2 || size > int64(len(rest)) || entrySum(rest[:size]) != binary.LittleEndian.Uint32(b[good+4:]) {
			break
		}
		good += entryHeader + int(size)
	}
	return good
}

// writeProducers writes the log of producer ids.
func writeProducers(path string, all []window) error {
	epochs := make(map[int64]int16)
	for _, w := range all {
		epochs[w.ProducerID] = max(epochs[w.ProducerID], w.Epoch)
	}
	var out []byte
	for id, epoch := range epochs {
		data, err := json.Marshal(producer{Type: "init", ID: id, Epoch: epoch})
		if err != nil {
			return err
		}
		out = appendEntry(out, data)
	}
	return writeFile(path, out)
}
