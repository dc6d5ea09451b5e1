package neardup

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Params says what copies are.
type Params struct {
	Threshold float64 // Jaccard similarity from which two texts are copies, above 0 and up to 1.
	MinChars  int     // Characters of a normal form below which a text is too short to say anything.
	MinWords  int     // Words, likewise.
	MinDense  int     // Characters, likewise, in scripts without blanks, whose words are not counted.
	Compared  int     // Texts of a band's bucket, those with the lowest hashes, that each other one is compared with.
}

// DefaultParams is for short posts: a threshold at which most texts with one or
// two words changed are found, and pairs that are not copies hardly ever.
func DefaultParams() Params {
	return Params{Threshold: 0.6, MinChars: 30, MinWords: 5, MinDense: 12, Compared: 16}
}

// Validate says what is wrong with the parameters.
func (p Params) Validate() error {
	if p.Threshold <= 0 || p.Threshold > 1 {
		return fmt.Errorf("neardup: the threshold must be above 0 and up to 1, not %v", p.Threshold)
	}
	if p.Compared < 1 {
		return fmt.Errorf("neardup: at least one text of a bucket must be compared, not %d", p.Compared)
	}
	return nil
}

// Long says whether a text in normal form is long enough to be compared.
func (p Params) Long(form string) bool {
	chars := utf8.RuneCountInString(form)
	if chars >= p.MinChars && strings.Count(form, " ")+1 >= p.MinWords {
		return true
	}
	return chars >= p.MinDense && dense(form)
}

// Text is a text in normal form, and a hash by which texts are put in order.
type Text struct {
	Hash uint64
	Form string
}

// Groups are the groups of texts, as indices; what is a copy of nothing is in none.
type Groups struct {
	Of [][]int // Each in the order of the hashes, and by their first hashes.
	// Capped counts the times that a text was in a bucket with more than
	// Params.Compared others before it, with the rest of which it was not compared.
	Capped uint64
}

// Group groups texts. The result depends on the texts alone, not on their order,
// if no two have the same hash.
func Group(texts []Text, p Params) Groups {
	g := &grouper{texts: texts, p: p, root: make([]int32, len(texts)), rank: make([]int32, len(texts))}
	order := make([]int32, len(texts)) // By hash.
	for i := range texts {
		g.root[i], order[i] = int32(i), int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(texts[a].Hash, texts[b].Hash), strings.Compare(texts[a].Form, texts[b].Form))
	})
	for i, text := range order {
		g.rank[text] = int32(i)
	}
	keys := signAll(texts, order)
	bucket := make([]uint64, len(texts))
	for band := range bands {
		for i := range order {
			bucket[i] = uint64(keys[i][band])<<32 | uint64(i)
		}
		slices.Sort(bucket)
		for from := 0; from < len(bucket); {
			to := from + 1
			for to < len(bucket) && bucket[to]>>32 == bucket[from]>>32 {
				to++
			}
			if to > from+1 {
				g.compare(order, bucket[from:to])
			}
			from = to
		}
	}
	return Groups{Of: g.groups(order), Capped: g.capped}
}

// signAll computes the signatures, in order, on all cores.
func signAll(texts []Text, order []int32) []signature {
	keys := make([]signature, len(order))
	workers := runtime.GOMAXPROCS(0)
	var wait sync.WaitGroup
	for worker := range workers {
		wait.Go(func() {
			var set []uint64
			for i := worker; i < len(order); i += workers {
				set = runs(set[:0], texts[order[i]].Form)
				keys[i] = sign(set)
			}
		})
	}
	wait.Wait()
	return keys
}

type grouper struct {
	texts      []Text
	p          Params
	root, rank []int32
	sets       [][]uint64 // Of the texts that others of a bucket are compared with.
	set        []uint64
	capped     uint64
}

// compare joins the texts of a bucket that are copies. Each is compared with the
// first of the bucket, as far as it is not joined with them already.
func (g *grouper) compare(order []int32, bucket []uint64) {
	for len(g.sets) < g.p.Compared {
		g.sets = append(g.sets, nil)
	}
	for i := range min(len(bucket), g.p.Compared) {
		g.sets[i] = g.sets[i][:0]
	}
	for i := 1; i < len(bucket); i++ {
		text := order[uint32(bucket[i])]
		g.set = g.set[:0]
		if i > g.p.Compared {
			g.capped++
		}
		for j := range min(i, g.p.Compared) {
			other := order[uint32(bucket[j])]
			if g.find(text) == g.find(other) {
				continue
			}
			if len(g.set) == 0 {
				g.set = shingles(g.set, g.texts[text].Form)
			}
			if len(g.sets[j]) == 0 {
				g.sets[j] = shingles(g.sets[j], g.texts[other].Form)
			}
			if Jaccard(g.set, g.sets[j]) >= g.p.Threshold {
				g.join(text, other)
			}
		}
	}
}

func (g *grouper) find(text int32) int32 {
	for g.root[text] != text {
		g.root[text] = g.root[g.root[text]]
		text = g.root[text]
	}
	return text
}

// join makes the text with the lower hash the root of both.
func (g *grouper) join(a, b int32) {
	a, b = g.find(a), g.find(b)
	if g.rank[b] < g.rank[a] {
		a, b = b, a
	}
	g.root[b] = a
}

func (g *grouper) groups(order []int32) [][]int {
	var all [][]int
	number := map[int32]int{}
	sizes := make([]int32, len(g.texts))
	for _, text := range order {
		sizes[g.find(text)]++
	}
	for _, text := range order {
		root := g.find(text)
		if sizes[root] < 2 {
			continue
		}
		at, known := number[root]
		if !known {
			at = len(all)
			number[root] = at
			all = append(all, make([]int, 0, sizes[root]))
		}
		all[at] = append(all[at], int(text))
	}
	return all
}
