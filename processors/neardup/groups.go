package neardup

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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
	g := &grouper{texts: texts, p: p, root: make([]int32, len(texts)), sets: make([]atomic.Pointer[[]uint64], len(texts))}
	g.order = make([]int32, len(texts)) // By hash: places in it are what follows is about.
	for i := range texts {
		g.root[i], g.order[i] = int32(i), int32(i)
	}
	slices.SortFunc(g.order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(texts[a].Hash, texts[b].Hash), strings.Compare(texts[a].Form, texts[b].Form))
	})
	g.buckets = signAll(texts, g.order)
	for band := range bands {
		g.fill(band)
	}
	g.compareAll()
	return Groups{Of: g.groups(), Capped: g.capped}
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
	texts []Text
	p     Params
	order []int32
	root  []int32 // The text that stands for those that are joined: the first of them.
	// buckets have, for each text, the number of its bucket in each band, from 1; 0
	// where it is alone there. Before a band is filled they have its keys.
	buckets []signature
	heads   []int32 // The first texts of each bucket, one after the other,
	ends    []uint32
	capped  uint64
	sets    []atomic.Pointer[[]uint64] // Of texts that others were compared with,
	held    atomic.Int64               // with so many runs in all.
}

// fill makes buckets of the keys of a band.
func (g *grouper) fill(band int) {
	keys := make([]uint64, len(g.buckets))
	for i := range g.buckets {
		keys[i] = uint64(g.buckets[i][band])<<32 | uint64(i)
	}
	slices.Sort(keys)
	for from := 0; from < len(keys); {
		to := from + 1
		for to < len(keys) && keys[to]>>32 == keys[from]>>32 {
			to++
		}
		number := uint32(0)
		if to > from+1 {
			head := keys[from:min(to, from+g.p.Compared)]
			for _, key := range head {
				g.heads = append(g.heads, int32(uint32(key)))
			}
			g.ends = append(g.ends, uint32(len(g.heads)))
			number = uint32(len(g.ends))
			g.capped += uint64(max(0, to-from-1-g.p.Compared))
		}
		for _, key := range keys[from:to] {
			g.buckets[uint32(key)][band] = number
		}
		from = to
	}
}

// head are the first texts of a bucket.
func (g *grouper) head(number uint32) []int32 {
	from := uint32(0)
	if number > 1 {
		from = g.ends[number-2]
	}
	return g.heads[from:g.ends[number-1]]
}

// atOnce is how many texts are compared before those that are copies are joined.
const atOnce = 4096

// compareAll joins texts that are copies, which the workers find in texts that
// nobody joins meanwhile. What is joined already is not compared: it would change nothing.
func (g *grouper) compareAll() {
	workers := make([]*worker, runtime.GOMAXPROCS(0))
	for i := range workers {
		workers[i] = &worker{g: g, seen: make([]int32, len(g.order))}
	}
	for from := 0; from < len(g.order); from += atOnce {
		to := min(from+atOnce, len(g.order))
		var wait sync.WaitGroup
		for i, w := range workers {
			wait.Go(func() {
				w.copies = w.copies[:0]
				for text := from + i; text < to; text += len(workers) {
					w.compare(int32(text))
				}
			})
		}
		wait.Wait()
		for _, w := range workers {
			for _, pair := range w.copies {
				g.join(pair[0], pair[1])
			}
		}
		if g.held.Load() > mostHeld {
			clear(g.sets)
			g.held.Store(0)
		}
	}
}

// worker compares texts.
type worker struct {
	g      *grouper
	seen   []int32 // By text: that which it was last compared with, from 1.
	roots  []int32 // That the text is a copy of.
	set    []uint64
	copies [][2]int32
}

// mostHeld bounds which sets are kept, in runs of eight bytes.
const mostHeld = 16 << 20

// compare finds the texts before one that it is a copy of, one of each that are
// joined.
func (w *worker) compare(text int32) {
	g := w.g
	w.set, w.roots = w.set[:0], w.roots[:0]
	own := g.find(text)
	for _, number := range g.buckets[text] {
		if number == 0 {
			continue
		}
		for _, other := range g.head(number) {
			if other >= text {
				break
			}
			if w.seen[other] == text+1 {
				continue
			}
			w.seen[other] = text + 1
			root := g.find(other)
			if root == own || slices.Contains(w.roots, root) {
				continue
			}
			if len(w.set) == 0 {
				w.set = shingles(w.set, g.form(text))
			}
			if alike(w.set, g.kept(other), g.p.Threshold) {
				w.roots = append(w.roots, root)
				w.copies = append(w.copies, [2]int32{text, other})
			}
		}
	}
}

// kept is the set of a text that others are compared with.
func (g *grouper) kept(text int32) []uint64 {
	if set := g.sets[text].Load(); set != nil {
		return *set
	}
	set := slices.Clip(shingles(nil, g.form(text)))
	if g.held.Add(int64(len(set))) <= mostHeld {
		g.sets[text].Store(&set)
	}
	return set
}

func (g *grouper) form(text int32) string { return g.texts[g.order[text]].Form }

// find is what stands for a text. It changes nothing.
func (g *grouper) find(text int32) int32 {
	for g.root[text] != text {
		text = g.root[text]
	}
	return text
}

// join makes the first of two texts stand for both.
func (g *grouper) join(a, b int32) {
	a, b = g.short(a), g.short(b)
	g.root[max(a, b)] = min(a, b)
}

// short finds, and makes the way shorter.
func (g *grouper) short(text int32) int32 {
	for g.root[text] != text {
		g.root[text] = g.root[g.root[text]]
		text = g.root[text]
	}
	return text
}

func (g *grouper) groups() [][]int {
	var all [][]int
	number := map[int32]int{}
	sizes := make([]int32, len(g.order))
	for place := range g.order {
		sizes[g.short(int32(place))]++
	}
	for place, text := range g.order {
		root := g.short(int32(place))
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
