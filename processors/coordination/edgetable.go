package coordination

import (
	"math/bits"
	"slices"
)

// edge is what is summed up of two accounts.
type edge struct {
	key    uint64 // Their places, the smaller first; 0 for a free slot: see keyOf.
	weight uint32
	first  uint32 // Distinct posts of one side of the pairs,
	second uint32 // and of the other.
	sum    float64

	objects uint32 // Distinct ones, where these are counted,
	last    uint32 // and the group that was counted last, from 1,
	normal  float64
}

// edgeTable holds edges by key: open addressing, since tens of millions of edges
// as values of a map cost several times as much.
type edgeTable struct {
	slots []edge
	used  int
	shift uint
}

const firstSlots = 1 << 10

func newEdgeTable() *edgeTable {
	return &edgeTable{slots: make([]edge, firstSlots), shift: uint(64 - bits.TrailingZeros(firstSlots))}
}

// keyOf is never 0: places begin at 1 in it.
func keyOf(a, b uint32) uint64 { return uint64(a+1)<<32 | uint64(b+1) }

func (e *edge) accounts() (a, b uint32) { return uint32(e.key>>32) - 1, uint32(e.key) - 1 }

// spread spreads keys over slots (Fibonacci hashing of the mixed halves).
func spread(key uint64) uint64 { return (key ^ key>>29) * 0x9e3779b97f4a7c15 }

// at is the edge of a key, which is made where there is none.
func (t *edgeTable) at(key uint64) *edge {
	mask := len(t.slots) - 1
	for i := int(spread(key) >> t.shift); ; i = (i + 1) & mask {
		switch slot := &t.slots[i]; slot.key {
		case key:
			return slot
		case 0:
			if t.used*4 >= len(t.slots)*3 {
				t.grow()
				return t.at(key)
			}
			t.used++
			slot.key = key
			return slot
		}
	}
}

func (t *edgeTable) grow() {
	old := t.slots
	t.slots = make([]edge, 2*len(old))
	t.shift--
	mask := len(t.slots) - 1
	for i := range old {
		if old[i].key == 0 {
			continue
		}
		at := int(spread(old[i].key) >> t.shift)
		for t.slots[at].key != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = old[i]
	}
}

// sorted are the edges in the order of their accounts' places.
func (t *edgeTable) sorted() []edge {
	edges := slices.DeleteFunc(t.slots, func(e edge) bool { return e.key == 0 })
	t.slots = nil
	slices.SortFunc(edges, func(a, b edge) int {
		switch {
		case a.key < b.key:
			return -1
		case a.key > b.key:
			return 1
		}
		return 0
	})
	return edges
}
