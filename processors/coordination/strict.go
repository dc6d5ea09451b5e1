package coordination

import "slices"

// StrictParams are those of the mode that this project publishes.
type StrictParams struct {
	Window           float64 // Inclusive.
	MinParticipation int     // Posts of an account that are in pairs with accounts that take part as well.
	MinWeight        int     // Distinct objects of an edge from which it can stand out.
	Cap              int     // Others of the object within the window before a share, above which it is a mass share; 0 for none.
	Stratum          float64 // Length of the times in which chance keeps each account's activity; see Significance.
	FDR              float64 // An edge stands out if its q-value is below.
}

// DefaultStrict are the parameters that are published, for times in seconds.
func DefaultStrict() StrictParams {
	return StrictParams{Window: 60, MinParticipation: 2, MinWeight: 2, Cap: 200, Stratum: 3600, FDR: 0.01}
}

// MassShare is an object that so many shared within the window that it says
// nothing of who acts together; those who come after the first are in no pair.
type MassShare struct {
	Object   string
	Shares   uint64 // Those with more than the cap of others within the window before them.
	From, To float64
}

// StrictNetwork is a network with what chance explains of it.
type StrictNetwork struct {
	Network
	Strict      []StrictEdge // What is more to say of each edge.
	Communities []Community  // From number 1.
	Mass        []MassShare  // By object.
}

// StrictEdge is what the strict mode says of an edge beyond what all do.
type StrictEdge struct {
	PostsA, PostsB uint64  // Distinct posts of either account in the pairs.
	Normalised     float64 // Each object weighs one by the accounts that could have shared it as well: 1/(n-1) (Newman 2001).
	Significance
	Community int // That both accounts are in; 0 for none: the edges that stand out make communities.
}

// Strict pairs shares of accounts of which both take part: an account that has
// fewer than MinParticipation distinct posts in pairs is left out, which is
// repeated until none is. Shares of an object with more than Cap others within the
// window before them are a mass share and are not paired. Loops are left out. The order in
// which shares were added changes nothing.
func Strict(s *Shares, p StrictParams) (*Pairs, []MassShare) {
	g := s.sweep(0, byName)
	mass, shares := g.mass(p.Window, p.Cap)
	posts, owner := g.posts()
	out := g.originals()
	for i := range out {
		out[i] = out[i] || mass[i]
	}
	found := &Pairs{swept: g, window: p.Window, mass: mass, out: out}
	for again := p.MinParticipation >= 1; again; {
		takes := make([]int, len(g.accounts))
		counted := make([]bool, len(owner))
		for i, in := range found.paired() {
			if in && !counted[posts[i]] {
				counted[posts[i]] = true
				takes[g.account[i]]++
			}
		}
		again = false
		for i, account := range g.account {
			if n := takes[account]; n < p.MinParticipation && !out[i] {
				out[i] = true
				again = again || n > 0
			}
		}
	}
	return found, shares
}

// mass marks the shares before which more than limit others of the object were
// shared within the window, those at the same time included. The first of a viral
// object are no mass yet, and a share that comes later changes none before it.
func (g *swept) mass(window float64, limit int) (mass []bool, shares []MassShare) {
	mass = make([]bool, len(g.at))
	if limit <= 0 {
		return mass, nil
	}
	from := 0
	for group, end := range g.ends {
		of := MassShare{Object: g.objectName(group)}
		first, same := from, from // The first share within the window, and the first after those of the same time.
		for i := from; i < end; i++ {
			for g.at[i]-g.at[first] > window {
				first++
			}
			for same < end && g.at[same] <= g.at[i] {
				same++
			}
			if mass[i] = same-first-1 > limit; !mass[i] {
				continue
			}
			if of.Shares == 0 {
				of.From = g.at[i]
			}
			of.Shares++
			of.To = g.at[i]
		}
		if of.Shares > 0 {
			shares = append(shares, of)
		}
		from = end
	}
	return mass, shares
}

// posts numbers the posts: shares of one account and content are of one post.
func (g *swept) posts() (posts, owner []uint32) {
	many := g.many()
	seen := map[uint64]uint32{}
	posts = make([]uint32, len(g.at))
	for i := range posts {
		post := uint32(len(owner))
		if many[g.content[i]] {
			key := both(g.account[i], g.content[i])
			if known, ok := seen[key]; ok {
				posts[i] = known
				continue
			}
			seen[key] = post
		}
		posts[i] = post
		owner = append(owner, g.account[i])
	}
	return posts, owner
}

// StrictNetwork makes a network of strict pairs: weights are distinct objects,
// the symmetry is that of the two accounts' distinct posts, and an edge stands out
// if it has MinWeight objects and chance does not explain them.
//
// Activity is nil where the shares are all that there are.
func (p *Pairs) StrictNetwork(params StrictParams, mass []MassShare, known *Activity) *StrictNetwork {
	g := p.swept
	edges := p.sumStrict(g.popularity(known))
	n := &StrictNetwork{Network: Network{Edges: make([]Edge, len(edges)), Threshold: float64(params.MinWeight), Accounts: g.joined(edges)}, Strict: make([]StrictEdge, len(edges)), Mass: mass}
	chance := g.chance(params, p, known)
	for i := range edges {
		e := &edges[i]
		a, b := e.accounts()
		n.Pairs += uint64(e.weight)
		n.Edges[i] = Edge{
			A: g.accountName(a), B: g.accountName(b), Weight: uint64(e.objects), AvgTimeDelta: e.sum / float64(e.weight),
			Symmetry: float64(min(e.first, e.second)) / float64(max(e.first, e.second)),
		}
		n.Strict[i] = StrictEdge{PostsA: uint64(e.first), PostsB: uint64(e.second), Normalised: e.normal, Significance: chance.of(a, b, e.objects)}
	}
	adjust(n.Strict, chance.tests)
	for i := range edges {
		n.Edges[i].Above = int(edges[i].objects) >= params.MinWeight && n.Strict[i].Q < params.FDR
	}
	n.communities()
	n.together(max(chance.tests, float64(len(n.Edges))))
	return n
}

// Reaches says whether any two accounts have so many distinct objects in common:
// where none have, nothing can stand out.
func (p *Pairs) Reaches(weight int) bool {
	g, table, reached := p.swept, newEdgeTable(), weight <= 0
	p.visit(func(group, i, j int) {
		a, b := g.account[i], g.account[j]
		if e := table.at(keyOf(min(a, b), max(a, b))); e.last != uint32(group+1) {
			e.last = uint32(group + 1)
			e.objects++
			reached = reached || int(e.objects) >= weight
		}
	})
	return reached
}

// popularity is what an object adds to the normalised weight of an edge.
func (g *swept) popularity(known *Activity) []float64 {
	per := make([]float64, len(g.ends))
	seen := make([]uint32, len(g.accounts))
	from := 0
	for group, end := range g.ends {
		n := 0
		for i := from; i < end; i++ {
			if seen[g.account[i]] != uint32(group+1) {
				seen[g.account[i]] = uint32(group + 1)
				n++
			}
		}
		if known != nil && known.Sharers != nil {
			n = known.Sharers[g.objectName(group)]
		}
		if n > 1 {
			per[group] = 1 / float64(n-1)
		}
		from = end
	}
	return per
}

// sumStrict sums pairs up by their accounts: how many, the times between, the
// distinct objects, and how many distinct posts of either account are in them.
func (p *Pairs) sumStrict(per []float64) []edge {
	many := p.swept.many()
	table := p.inParts(func(table *edgeTable) func(from, to int) { return p.sumSides(table, many) })
	if slices.Contains(many, true) {
		p.sumManySides(table, many)
	}
	p.visit(func(group, i, j int) {
		a, b := p.swept.account[i], p.swept.account[j]
		if e := table.at(keyOf(min(a, b), max(a, b))); e.last != uint32(group+1) {
			e.last = uint32(group + 1)
			e.objects++
			e.normal += per[group]
		}
	})
	return table.sorted()
}

// sumSides sums up the pairs in which a share of a range is the older one, and
// counts the shares of the range as posts of their accounts.
func (p *Pairs) sumSides(table *edgeTable, many []bool) func(from, to int) {
	g := p.swept
	last := make([]uint32, len(g.accounts)) // The last share that was counted with an account.
	of := func(_, begin, end, x int) {
		if p.out[x] {
			return
		}
		a, at, mark, single := g.account[x], g.at[x], uint32(x+1), !many[g.content[x]]
		for j := x + 1; j < end && g.at[j]-at <= p.window; j++ {
			if p.out[j] || !p.keeps(x, j) {
				continue
			}
			b := g.account[j]
			e := table.at(keyOf(min(a, b), max(a, b)))
			e.weight++
			e.sum += g.at[j] - at
			if single && last[b] != mark {
				last[b] = mark
				e.side(a < b)
			}
		}
		if single {
			p.sideNewer(table, last, begin, x)
		}
	}
	return func(from, to int) { g.eachIn(from, to, of) }
}

// sideNewer counts a share as a post of its account in those edges in which it is
// only ever the newer one.
func (p *Pairs) sideNewer(table *edgeTable, last []uint32, begin, x int) {
	g := p.swept
	a, at, mark := g.account[x], g.at[x], uint32(x+1)
	for i := x - 1; i >= begin && at-g.at[i] <= p.window; i-- {
		if b := g.account[i]; last[b] != mark && !p.out[i] && p.keeps(i, x) {
			last[b] = mark
			table.at(keyOf(min(a, b), max(a, b))).side(a < b)
		}
	}
}

// side counts a post of the first account of an edge, or of the second.
func (e *edge) side(first bool) {
	if first {
		e.first++
	} else {
		e.second++
	}
}

// sumManySides counts posts that have several shares: once for each edge.
func (p *Pairs) sumManySides(table *edgeTable, many []bool) {
	type postOf struct {
		key  uint64
		post uint32
	}
	g, seen := p.swept, map[postOf]struct{}{}
	posts, _ := g.posts()
	p.visit(func(_, i, j int) {
		if !many[g.content[i]] && !many[g.content[j]] {
			return
		}
		a, b := g.account[i], g.account[j]
		key := keyOf(min(a, b), max(a, b))
		for _, x := range [...]int{i, j} {
			at := postOf{key, posts[x]}
			if _, ok := seen[at]; ok || !many[g.content[x]] {
				continue
			}
			seen[at] = struct{}{}
			table.at(key).side(g.account[x] == min(a, b))
		}
	})
}
