package datasets

import (
	"maps"
	"slices"
)

// Bounds of what is published of people.
const (
	// LeastAccounts is how many accounts a published cell has at least.
	LeastAccounts = 10
	// MostOfOne is the largest part of a cell's count that one account may have:
	// else the cell says what that account did.
	MostOfOne = 0.8
)

// cell is a count that is published if it is sound: of how many accounts it is, and
// of how much of each.
type cell map[uint64]int64

func (c cell) total() (sum int64) {
	for _, n := range c {
		sum += n
	}
	return sum
}

// sound says whether a cell may be published: it is of nobody, or of enough accounts
// none of which it is mostly of.
func (c cell) sound() bool {
	if len(c) == 0 {
		return true
	}
	if len(c) < LeastAccounts {
		return false
	}
	most := int64(0)
	for _, n := range c {
		most = max(most, n)
	}
	return float64(most) <= MostOfOne*float64(c.total())
}

func (c cell) add(other cell) {
	for account, n := range other {
		c[account] += n
	}
}

// grid are cells by what they are parts of and by category.
type grid map[string]map[string]cell

func (g grid) add(parent, category string, account uint64, n int64) {
	if g[parent] == nil {
		g[parent] = map[string]cell{}
	}
	if g[parent][category] == nil {
		g[parent][category] = cell{}
	}
	g[parent][category][account] += n
}

// keep chooses the categories that stand by themselves: those whose cells are sound
// under every parent. The others are to be counted as one; where that one is not sound
// under every parent, the smallest of the kept joins it, so that nothing of what was
// left out follows by subtraction. ok is false where not even all together are sound.
func (g grid) keep() (kept map[string]bool, ok bool) {
	sizes := map[string]int{} // Accounts by category, over all parents.
	all := map[string]cell{}
	for _, categories := range g {
		for category, c := range categories {
			if all[category] == nil {
				all[category] = cell{}
			}
			all[category].add(c)
		}
	}
	kept = map[string]bool{}
	for category, c := range all {
		sizes[category] = len(c)
		kept[category] = true
	}
	for _, categories := range g {
		for category, c := range categories {
			if !c.sound() {
				delete(kept, category)
			}
		}
	}
	for !g.soundRest(kept) {
		if len(kept) == 0 {
			return kept, false
		}
		smallest := slices.MinFunc(slices.Sorted(maps.Keys(kept)), func(a, b string) int { return sizes[a] - sizes[b] })
		delete(kept, smallest)
	}
	return kept, true
}

// soundRest says whether what is not kept is sound as one, under every parent.
func (g grid) soundRest(kept map[string]bool) bool {
	for _, categories := range g {
		rest := cell{}
		for category, c := range categories {
			if !kept[category] {
				rest.add(c)
			}
		}
		if !rest.sound() {
			return false
		}
	}
	return true
}

// unsound are the parents that are not sound as a
// whole: nothing of them is published.
func (g grid) unsound() []string {
	var list []string
	for _, parent := range slices.Sorted(maps.Keys(g)) {
		whole := cell{}
		for _, c := range g[parent] {
			whole.add(c)
		}
		if !whole.sound() {
			list = append(list, parent)
		}
	}
	return list
}
