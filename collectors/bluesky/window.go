package bluesky

import (
	"encoding/binary"
	"math"
)

// maxRecent bounds how many events a window remembers.
const maxRecent = 8192

// window remembers the events of the last moments of a stream, so that a
// connection can begin again before its end, for what comes out of order, and
// nothing is counted twice.
type window struct {
	spanUS int64 // How far back it remembers.
	newest int64 // When the newest event was seen, in Unix microseconds.
	recent []recent
	known  map[uint64]int // How often recent holds an id.
}

type recent struct {
	id      uint64
	pos, us int64
}

func newWindow(spanUS int64) *window { return &window{spanUS: spanUS, known: map[uint64]int{}} }

func (w *window) has(id uint64) bool { return w.known[id] > 0 }

// add remembers an event, unless it is older than the window.
func (w *window) add(id uint64, pos, us int64) {
	w.newest = max(w.newest, us)
	if us < w.newest-w.spanUS {
		return
	}
	w.recent = append(w.recent, recent{id, pos, us})
	w.known[id]++
	for len(w.recent) > maxRecent || w.recent[0].us < w.newest-w.spanUS {
		first := w.recent[0].id
		if w.known[first]--; w.known[first] == 0 {
			delete(w.known, first)
		}
		w.recent = w.recent[1:]
	}
}

// floor is the place from which the stream can be read again without missing
// or doubling anything, and when the host saw what is there; 0 where nothing
// was read.
func (w *window) floor() (pos, us int64) {
	if len(w.recent) == 0 {
		return 0, 0
	}
	pos, us = math.MaxInt64, math.MaxInt64
	for _, r := range w.recent {
		pos, us = min(pos, r.pos), min(us, r.us)
	}
	return pos, us
}

// save is what a cursor keeps: which events are known. Their places are not
// kept: floor says where they begin.
func (w *window) save() []byte {
	ids := make([]byte, 0, 8*len(w.recent))
	for _, r := range w.recent {
		ids = binary.LittleEndian.AppendUint64(ids, r.id)
	}
	return ids
}

// restore goes on from what was kept. The events count as new as the newest, so
// that they are known as long as what follows them.
func (w *window) restore(ids []byte, pos, newest int64) {
	w.newest = newest
	for ; len(ids) >= 8; ids = ids[8:] {
		id := binary.LittleEndian.Uint64(ids)
		w.recent = append(w.recent, recent{id, pos, newest})
		w.known[id]++
	}
}

// rebase says that all that is remembered lies at a place.
func (w *window) rebase(pos int64) {
	for i := range w.recent {
		w.recent[i].pos = pos
	}
}

// forget remembers nothing but how far the stream was read.
func (w *window) forget() { w.recent, w.known = nil, map[uint64]int{} }
