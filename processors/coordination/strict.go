package coordination

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
	posts, _ := g.posts()
	table := newEdgeTable()
	normal := map[uint64]float64{}
	per := g.popularity(known)
	pairs := map[uint64]uint64{}
	p.visit(func(group, i, j int) {
		a, b := g.account[i], g.account[j]
		key := keyOf(min(a, b), max(a, b))
		e := table.at(key)
		pairs[key]++
		e.sum += g.at[j] - g.at[i]
		if e.last != uint32(group+1) {
			e.last = uint32(group + 1)
			e.weight++
			normal[key] += per[group]
		}
	})
	p.sides(table, posts)
	edges := table.sorted()
	n := &StrictNetwork{Network: Network{Edges: make([]Edge, len(edges)), Threshold: float64(params.MinWeight), Accounts: g.joined(edges)}, Strict: make([]StrictEdge, len(edges)), Mass: mass}
	chance := g.chance(params, p, known)
	weights := make([]uint64, len(edges))
	for i := range edges {
		e := &edges[i]
		a, b := e.accounts()
		n.Pairs += pairs[e.key]
		weights[i] = uint64(e.weight)
		n.Edges[i] = Edge{
			A: g.accountName(a), B: g.accountName(b), Weight: uint64(e.weight), AvgTimeDelta: e.sum / float64(pairs[e.key]),
			Symmetry: float64(min(e.first, e.second)) / float64(max(e.first, e.second)),
		}
		n.Strict[i] = StrictEdge{PostsA: uint64(e.first), PostsB: uint64(e.second), Normalised: normal[e.key], Significance: chance.of(a, b, e.weight)}
	}
	adjust(n.Strict, chance.tests)
	for i := range edges {
		n.Edges[i].Above = int(edges[i].weight) >= params.MinWeight && n.Strict[i].Q < params.FDR
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
			e.weight++
			reached = reached || int(e.weight) >= weight
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

// sides counts the distinct posts of both accounts of each edge.
func (p *Pairs) sides(table *edgeTable, posts []uint32) {
	type postOf struct {
		key  uint64
		post uint32
	}
	g, seen := p.swept, map[postOf]struct{}{}
	p.visit(func(_, i, j int) {
		a, b := g.account[i], g.account[j]
		key := keyOf(min(a, b), max(a, b))
		for _, x := range [...]int{i, j} {
			at := postOf{key, posts[x]}
			if _, ok := seen[at]; ok {
				continue
			}
			seen[at] = struct{}{}
			if e := table.at(key); g.account[x] == min(a, b) {
				e.first++
			} else {
				e.second++
			}
		}
	})
}
