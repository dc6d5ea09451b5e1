package coordination

import (
	"slices"
	"strings"

	"github.com/zeebo/xxh3"
)

// Shares are what accounts shared. Identifiers are kept once each; rows refer to
// them by number.
type Shares struct {
	things   names // Objects and contents, since an object may be one of the contents.
	accounts names // In the order of their first appearance.

	object, account, content []uint32
	at                       []float64
}

// Add adds a share: an account shared an object in a post (its content id) at a
// time. Times and windows are in any one unit.
func (s *Shares) Add(object, account, content string, at float64) {
	s.object = append(s.object, s.things.number(object))
	s.account = append(s.account, s.accounts.number(account))
	s.content = append(s.content, s.things.number(content))
	s.at = append(s.at, at)
}

// Len is how many shares there are.
func (s *Shares) Len() int { return len(s.at) }

// Accounts is how many accounts there are.
func (s *Shares) Accounts() int { return len(s.accounts.of) }

// names are identifiers by number, and numbers by identifier: a hash table of
// numbers, since a map of tens of millions of strings costs several times as much.
type names struct {
	of     []string
	hashes []uint32 // Of these.
	slots  []uint32 // Numbers from 1; 0 for a free slot.
	slab   strings.Builder
}

const (
	slabBytes  = 1 << 20 // Of texts to an allocation.
	firstNames = 1 << 10
)

// number is the number of an identifier, which gets one where it has none.
func (n *names) number(text string) uint32 {
	if len(n.of)*3 >= len(n.slots)*2 {
		n.grow()
	}
	hash, mask := uint32(xxh3.HashString(text)), uint32(len(n.slots)-1)
	slot := hash & mask
	for ; n.slots[slot] != 0; slot = (slot + 1) & mask {
		if at := n.slots[slot] - 1; n.hashes[at] == hash && n.of[at] == text {
			return at
		}
	}
	if n.slab.Cap()-n.slab.Len() < len(text) {
		n.slab = strings.Builder{}
		n.slab.Grow(max(slabBytes, len(text)))
	}
	from := n.slab.Len()
	n.slab.WriteString(text)
	n.of, n.hashes = append(n.of, n.slab.String()[from:]), append(n.hashes, hash)
	n.slots[slot] = uint32(len(n.of))
	return uint32(len(n.of) - 1)
}

func (n *names) grow() {
	n.slots = make([]uint32, max(firstNames, 2*len(n.slots)))
	mask := uint32(len(n.slots) - 1)
	for at, hash := range n.hashes {
		slot := hash & mask
		for n.slots[slot] != 0 {
			slot = (slot + 1) & mask
		}
		n.slots[slot] = uint32(at + 1)
	}
}

// ranks are the places of identifiers in the order of their bytes, and these in
// that order.
func (n *names) ranks() (rank, order []uint32) {
	order = make([]uint32, len(n.of))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int { return strings.Compare(n.of[a], n.of[b]) })
	rank = make([]uint32, len(order))
	for at, i := range order {
		rank[i] = uint32(at)
	}
	return rank, order
}
