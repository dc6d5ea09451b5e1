package coordination

import (
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Permute draws anew who made which share of a stratum, so many times, and gives for
// each edge of a network the share of draws, itself counted, in which its accounts
// have at least as many distinct objects: (1 + n) / (1 + draws), from North, Curtis
// and Sham (2002). It is the null of Significance without Poisson, for any network of these
// pairs, and no smaller than 1 / (1 + draws). The same seed gives the same. With progress, it
// says after each draw how many there are.
func (p *Pairs) Permute(n *StrictNetwork, params StrictParams, draws int, seed uint64, progress func(done int)) []float64 {
	d := p.drawer(n, params)
	counts := make([]atomic.Int64, len(n.Edges))
	var next, done atomic.Int64
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			d := d.copy()
			for number := next.Add(1); number <= int64(draws); number = next.Add(1) {
				d.shuffle(rand.New(rand.NewPCG(seed, uint64(number)))) //nolint:gosec // The same seed gives the same.
				d.count()
				for i := range n.Edges {
					if d.weight[i] >= n.Edges[i].Weight {
						counts[i].Add(1)
					}
				}
				if n := done.Add(1); progress != nil {
					progress(int(n))
				}
			}
		})
	}
	wait.Wait()
	values := make([]float64, len(n.Edges))
	for i := range values {
		values[i] = float64(1+counts[i].Load()) / float64(1+draws)
	}
	return values
}

// drawer draws accounts of shares, and counts the distinct objects of edges.
type drawer struct {
	pairs  *Pairs  // Of the shares as they are,
	strata [][]int // by stratum.
	edges  map[uint64]int
	drawn  *Pairs   // With other accounts.
	weight []uint64 // By edge.
	last   []int    // The group that was counted last, from 1.
}

func (p *Pairs) drawer(n *StrictNetwork, params StrictParams) *drawer {
	g := p.swept
	d := &drawer{pairs: &Pairs{swept: g, window: p.window, out: g.originals()}, edges: make(map[uint64]int, len(n.Edges))}
	for i, mass := range p.mass {
		d.pairs.out[i] = d.pairs.out[i] || mass
	}
	of := map[int][]int{}
	for i := range g.at {
		at := g.stratum(i, params)
		of[at] = append(of[at], i)
	}
	for _, at := range slices.Sorted(maps.Keys(of)) {
		d.strata = append(d.strata, of[at])
	}
	rank := make(map[string]uint32, len(g.accounts))
	for at := range g.accounts {
		rank[g.accountName(uint32(at))] = uint32(at)
	}
	for i := range n.Edges {
		a, b := rank[n.Edges[i].A], rank[n.Edges[i].B]
		d.edges[keyOf(min(a, b), max(a, b))] = i
	}
	return d
}

// copy is one for another goroutine.
func (d *drawer) copy() *drawer {
	other, swept, drawn := *d, *d.pairs.swept, *d.pairs
	swept.account = slices.Clone(swept.account)
	drawn.swept = &swept
	other.drawn, other.weight, other.last = &drawn, make([]uint64, len(d.edges)), make([]int, len(d.edges))
	return &other
}

func (d *drawer) shuffle(rng *rand.Rand) {
	account := d.drawn.swept.account
	copy(account, d.pairs.swept.account)
	for _, list := range d.strata {
		rng.Shuffle(len(list), func(i, j int) {
			i, j = list[i], list[j]
			account[i], account[j] = account[j], account[i]
		})
	}
}

func (d *drawer) count() {
	clear(d.weight)
	clear(d.last)
	account := d.drawn.swept.account
	d.drawn.visit(func(group, i, j int) {
		a, b := account[i], account[j]
		if at, ok := d.edges[keyOf(min(a, b), max(a, b))]; ok && d.last[at] != group+1 {
			d.last[at] = group + 1
			d.weight[at]++
		}
	})
}
