package coordination

import (
	"math"
	"slices"
)

// Edge joins two accounts; what a mode does not define is NaN.
type Edge struct {
	A, B         string
	Weight       uint64
	AvgTimeDelta float64
	Symmetry     float64 // From 0 to 1.
	Above        bool    // The edge stands out by the rule of its mode.
}

// Network is what a mode makes of pairs.
type Network struct {
	Edges     []Edge  // In the order of A and B.
	Threshold float64 // Weights above it stand out; NaN where the mode has none.
	Pairs     uint64
	Accounts  uint64
}

// Above is how many edges stand out.
func (n *Network) Above() uint64 {
	above := uint64(0)
	for i := range n.Edges {
		if n.Edges[i].Above {
			above++
		}
	}
	return above
}

// CooRTweetNetwork is generate_coordinated_network of CooRTweet 2.1.3 without a
// fast network: weights are pairs; an edge stands out if its weight is above, not
// at, the quantile of all weights (Hyndman and Fan's type 7); the symmetry is that
// of distinct older and distinct newer posts, whichever account they are of.
func (p *Pairs) CooRTweetNetwork(quantile float64) *Network {
	edges := p.sum()
	weights := make([]float64, len(edges))
	n := &Network{Edges: make([]Edge, len(edges)), Accounts: p.swept.joined(edges)}
	for i := range edges {
		weights[i] = float64(edges[i].weight)
		n.Pairs += uint64(edges[i].weight)
	}
	n.Threshold = quantile7(weights, quantile)
	for i := range edges {
		e := &edges[i]
		a, b := e.accounts()
		n.Edges[i] = Edge{
			A: p.swept.accountName(a), B: p.swept.accountName(b), Weight: uint64(e.weight), AvgTimeDelta: e.sum / float64(e.weight),
			Symmetry: float64(min(e.first, e.second)) / float64(max(e.first, e.second)), Above: float64(e.weight) > n.Threshold,
		}
	}
	return n
}

// joined is how many accounts edges join.
func (g *swept) joined(edges []edge) uint64 {
	seen := make([]bool, len(g.accounts))
	n := uint64(0)
	for i := range edges {
		a, b := edges[i].accounts()
		for _, account := range [...]uint32{a, b} {
			if !seen[account] {
				seen[account] = true
				n++
			}
		}
	}
	return n
}

// quantile7 is R's default quantile; NaN of nothing.
func quantile7(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	slices.Sort(values)
	at := float64(len(values)-1) * q
	below := int(math.Floor(at))
	if below+1 >= len(values) {
		return values[len(values)-1]
	}
	return values[below] + (at-float64(below))*(values[below+1]-values[below])
}

// sum sums pairs up by their accounts: how many, the times between, and how many
// distinct posts are the older and the newer in them.
func (p *Pairs) sum() []edge {
	many := p.swept.many()
	table := p.inParts(func(table *edgeTable) func(from, to int) { return p.sumRange(table, many) })
	if slices.Contains(many, true) {
		p.sumMany(table, many)
	}
	return table.sorted()
}

// inParts sums ranges of the shares up at the same time, each worker in a table of
// its own. Sums of fractions depend on their order, which is therefore always the same.
func (p *Pairs) inParts(worker func(table *edgeTable) func(from, to int)) *edgeTable {
	var tables []*edgeTable
	p.swept.divide(func() func(from, to int) {
		tables = append(tables, newEdgeTable())
		return worker(tables[len(tables)-1])
	})
	table := tables[0]
	for _, other := range tables[1:] {
		for i := range other.slots {
			if of := &other.slots[i]; of.key != 0 {
				e := table.at(of.key)
				e.weight += of.weight
				e.first += of.first
				e.second += of.second
				e.sum += of.sum
			}
		}
	}
	return table
}

func (p *Pairs) sumRange(table *edgeTable, many []bool) func(from, to int) {
	g := p.swept
	older, newer := make([]uint32, len(g.accounts)), make([]uint32, len(g.accounts)) // The last share that was counted with an account.
	return func(from, to int) {
		g.eachIn(from, to, func(_, begin, end, x int) {
			if p.out[x] {
				return
			}
			single := !many[g.content[x]]
			p.sumOlder(table, older, end, x, single)
			if single {
				p.sumNewer(table, newer, begin, x)
			}
		})
	}
}

// sumOlder sums up the pairs in which a share is the older one.
func (p *Pairs) sumOlder(table *edgeTable, older []uint32, end, x int, single bool) {
	g := p.swept
	a, at, mark := g.account[x], g.at[x], uint32(x+1)
	for j := x + 1; j < end && g.at[j]-at <= p.window; j++ {
		if p.out[j] || !p.keeps(x, j) {
			continue
		}
		b := g.account[j]
		e := table.at(keyOf(min(a, b), max(a, b)))
		e.weight++
		e.sum += g.at[j] - at
		if single && older[b] != mark {
			older[b] = mark
			e.first++
		}
	}
}

// sumNewer counts a share as the newer post of its edges.
func (p *Pairs) sumNewer(table *edgeTable, newer []uint32, begin, x int) {
	g := p.swept
	a, at, mark := g.account[x], g.at[x], uint32(x+1)
	for i := x - 1; i >= begin && at-g.at[i] <= p.window; i-- {
		if b := g.account[i]; newer[b] != mark && !p.out[i] && p.keeps(i, x) {
			newer[b] = mark
			table.at(keyOf(min(a, b), max(a, b))).second++
		}
	}
}

// sumMany counts posts that have several shares: once for each edge.
func (p *Pairs) sumMany(table *edgeTable, many []bool) {
	type postOf struct {
		key     uint64
		content uint32
		newer   bool
	}
	g, seen := p.swept, map[postOf]struct{}{}
	p.visit(func(_, i, j int) {
		if !many[g.content[i]] && !many[g.content[j]] {
			return
		}
		a, b := g.account[i], g.account[j]
		key := keyOf(min(a, b), max(a, b))
		for _, post := range [...]postOf{{key, g.content[i], false}, {key, g.content[j], true}} {
			if _, ok := seen[post]; ok || !many[post.content] {
				continue
			}
			seen[post] = struct{}{}
			if post.newer {
				table.at(key).second++
			} else {
				table.at(key).first++
			}
		}
	})
}

// many says of which contents there are several shares.
func (g *swept) many() []bool {
	once, many := make([]bool, len(g.shares.things.of)), make([]bool, len(g.shares.things.of))
	for _, c := range g.content {
		many[c], once[c] = once[c], true
	}
	return many
}

// QUT is a network of the coordination network toolkit: an edge from A to B
// weighs as many posts of A as have a post of B within the window on the same
// object, inclusive; edges of less than minWeight are left out. Of a post that is
// there several times the first counts, as it does in the toolkit. An account can
// have an edge to itself.
func QUT(s *Shares, window float64, minWeight int) *Network {
	g := s.messages().sweep(0, byAppearance)
	type reached struct{ content, account uint32 }
	many, table, seen := g.many(), newEdgeTable(), map[reached]struct{}{}
	last := make([]uint32, len(g.accounts))
	pairs := uint64(0)
	reach := func(x, other int) {
		if g.content[x] == g.content[other] {
			return
		}
		to := g.account[other]
		if many[g.content[x]] {
			at := reached{g.content[x], to}
			if _, ok := seen[at]; ok {
				return
			}
			seen[at] = struct{}{}
		} else {
			if last[to] == uint32(x+1) {
				return
			}
			last[to] = uint32(x + 1)
		}
		table.at(keyOf(g.account[x], to)).weight++
	}
	g.eachIn(0, len(g.at), func(_, begin, end, x int) {
		for j := x + 1; j < end && g.at[j]-g.at[x] <= window; j++ {
			if g.content[x] != g.content[j] {
				pairs++
			}
			reach(x, j)
		}
		for i := x - 1; i >= begin && g.at[x]-g.at[i] <= window; i-- {
			reach(x, i)
		}
	})
	edges := slices.DeleteFunc(table.sorted(), func(e edge) bool { return int(e.weight) < minWeight })
	n := &Network{Edges: make([]Edge, len(edges)), Threshold: math.NaN(), Pairs: pairs, Accounts: g.joined(edges)}
	for i := range edges {
		a, b := edges[i].accounts()
		n.Edges[i] = Edge{A: g.accountName(a), B: g.accountName(b), Weight: uint64(edges[i].weight), AvgTimeDelta: math.NaN(), Symmetry: math.NaN()}
	}
	return n
}

// messages are the shares with one account and one time for each post, and each
// object of a post once.
func (s *Shares) messages() *Shares {
	first := make([]uint32, len(s.things.of)) // Rows, from 1.
	out := &Shares{things: s.things, accounts: s.accounts}
	type link struct{ content, object uint32 }
	var again map[link]struct{}
	for row, content := range s.content {
		if first[content] == 0 {
			first[content] = uint32(row + 1)
		} else {
			if again == nil {
				again = map[link]struct{}{}
			}
			begun := first[content] - 1
			again[link{content, s.object[begun]}] = struct{}{}
			at := link{content, s.object[row]}
			if _, ok := again[at]; ok {
				continue
			}
			again[at] = struct{}{}
		}
		of := first[content] - 1
		out.object = append(out.object, s.object[row])
		out.account = append(out.account, s.account[of])
		out.content = append(out.content, content)
		out.at = append(out.at, s.at[of])
	}
	return out
}
