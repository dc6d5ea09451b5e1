package coordination

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Significance is what chance explains of an edge.
type Significance struct {
	Expected float64 // Pairs that chance explains.
	P        float64 // The probability of as many objects by chance, at most.
	Q        float64 // The false discovery rate at which it stands out, over all pairs of accounts (Benjamini and Hochberg 1995).
}

// chance is the null: within each stratum of time, say an hour, who made which
// share is drawn anew. That keeps how popular each object was at each time, how
// active each account was in each hour of each day, and nothing else. The number
// of pairs that two accounts then have is known in expectation,
//
//	E = Σ_h  2·P(h,h)·k(a,h)·k(b,h) / (n(h)·(n(h)−1))
//	  + Σ_h  P(h,h+1)·(k(a,h)·k(b,h+1) + k(b,h)·k(a,h+1)) / (n(h)·n(h+1))
//
// with n(h) shares in a stratum, k of them an account's, and P pairs of shares of
// an object within the window whose older share is in one stratum and whose newer
// one in the other. Pairs are rare and nearly independent, so that their number is
// close to Poisson's (Barbour, Holst and Janson 1992); distinct objects are never
// more than pairs, which makes the p-value an upper bound.
type chance struct {
	within []float64  // 2·P(h,h)/(n·(n−1)) by stratum,
	across [][]later  // and pairs with later strata.
	active [][]active // Of an account, by stratum.
	tests  float64
}

type later struct {
	to  int
	per float64
}

// active is how many shares an account has in a stratum.
type active struct {
	stratum int
	shares  float64
}

// Activity is how active accounts were and how popular objects, where not all
// shares are at hand but only those that have partners.
type Activity struct {
	Totals   map[int]float64            // All shares by stratum: the time divided by its length, rounded down.
	Accounts map[string]map[int]float64 // Those of accounts.
	Sharers  map[string]int             // Accounts that shared an object.
	Eligible int                        // Accounts with as many shares as the minimum participation.
}

// chance measures the strata of the shares that pairs are made of, or takes what
// is known of them.
func (g *swept) chance(params StrictParams, p *Pairs, known *Activity) *chance {
	if known == nil {
		known = g.activity(params)
	}
	strata := slices.Sorted(maps.Keys(known.Totals))
	place := make(map[int]int, len(strata))
	size := make([]float64, len(strata))
	for at, stratum := range strata {
		place[stratum], size[at] = at, known.Totals[stratum]
	}
	c := &chance{active: make([][]active, len(g.accounts)), tests: float64(known.Eligible) * float64(known.Eligible-1) / 2}
	for rank := range g.accounts {
		for stratum, n := range known.Accounts[g.accountName(uint32(rank))] {
			c.active[rank] = append(c.active[rank], active{place[stratum], n})
		}
		slices.SortFunc(c.active[rank], func(a, b active) int { return a.stratum - b.stratum })
	}
	in := make([]int32, len(g.at)) // The stratum of each share.
	for i := range in {
		in[i] = int32(place[g.stratum(i, params)])
	}
	c.pairs(g, p, size, in)
	return c
}

func (g *swept) stratum(i int, params StrictParams) int {
	return int(math.Floor(g.at[i] / params.Stratum))
}

// activity is that of the shares themselves.
func (g *swept) activity(params StrictParams) *Activity {
	known := &Activity{Totals: map[int]float64{}, Accounts: map[string]map[int]float64{}}
	shares := make([]int, len(g.accounts))
	for i, account := range g.account {
		stratum, name := g.stratum(i, params), g.accountName(account)
		known.Totals[stratum]++
		if known.Accounts[name] == nil {
			known.Accounts[name] = map[int]float64{}
		}
		known.Accounts[name][stratum]++
		shares[account]++
	}
	for _, n := range shares {
		if n > 0 && n >= params.MinParticipation {
			known.Eligible++
		}
	}
	return known
}

// pairs counts pairs of shares by strata, whoever made them: those of one post
// and with the original are none whatever is drawn.
func (c *chance) pairs(g *swept, p *Pairs, size []float64, in []int32) {
	c.within, c.across = make([]float64, len(size)), make([][]later, len(size))
	far := map[[2]int]float64{}
	out := g.originals()
	for i, mass := range p.mass {
		out[i] = out[i] || mass
	}
	anybody := &Pairs{swept: g, window: p.window, loops: true, out: out}
	anybody.visit(func(_, i, j int) {
		if g.content[i] == g.content[j] {
			return
		}
		if from, to := int(in[i]), int(in[j]); from == to {
			c.within[from]++
		} else {
			far[[2]int{from, to}]++
		}
	})
	for at, n := range c.within {
		if size[at] > 1 {
			c.within[at] = 2 * n / (size[at] * (size[at] - 1))
		}
	}
	for at, n := range far {
		c.across[at[0]] = append(c.across[at[0]], later{at[1], n / (size[at[0]] * size[at[1]])})
	}
	for _, of := range c.across {
		slices.SortFunc(of, func(a, b later) int { return a.to - b.to })
	}
}

// of is what chance explains of an edge.
func (c *chance) of(a, b, weight uint32) Significance {
	expected := c.half(a, b, true) + c.half(b, a, false)
	return Significance{Expected: expected, P: poissonTail(expected, int(weight))}
}

// half expects pairs in which the older share is of one account and the newer of
// the other, in different strata; those in one stratum once, if they are wanted.
func (c *chance) half(older, newer uint32, within bool) float64 {
	expected := 0.0
	others := c.active[newer]
	for _, k := range c.active[older] {
		if within {
			expected += c.within[k.stratum] * k.shares * sharesIn(others, k.stratum)
		}
		for _, far := range c.across[k.stratum] {
			expected += far.per * k.shares * sharesIn(others, far.to)
		}
	}
	return expected
}

func sharesIn(of []active, stratum int) float64 {
	at, ok := slices.BinarySearchFunc(of, stratum, func(a active, s int) int { return a.stratum - s })
	if !ok {
		return 0
	}
	return of[at].shares
}

// poissonTail is the probability of at least n where λ are expected.
func poissonTail(lambda float64, n int) float64 {
	if n <= 0 {
		return 1
	}
	if lambda <= 0 {
		return 0
	}
	logTerm := float64(n)*math.Log(lambda) - lambda - logFactorial(n)
	if float64(n) > lambda { // The tail is summed up from its largest term.
		sum, term := 0.0, 1.0
		for k := n; term > 1e-17*sum; k++ {
			sum += term
			term *= lambda / float64(k+1)
		}
		return min(1, math.Exp(logTerm+math.Log(sum)))
	}
	below, term := 0.0, 1.0 // The rest, downwards from n-1.
	for k := n; k > 0; k-- {
		term *= float64(k) / lambda
		below += term
	}
	return max(0, 1-math.Exp(logTerm+math.Log(below)))
}

func logFactorial(n int) float64 {
	v, _ := math.Lgamma(float64(n) + 1)
	return v
}

// Community is a set of accounts whose edges stand out.
type Community struct {
	Accounts, Edges int
	// P is the harmonic mean of its edges' p-values as Wilson (2019) adjusts it,
	// L / Σ 1/p, where L pairs of accounts were tested in all. That the edges were chosen
	// for being in it, and depend on each other, is allowed for: of all sets of
	// pairs that could have been chosen, with probability P at most any is as extreme.
	P float64
	Q float64 // The false discovery rate at which it stands out among the communities.
}

// together says what chance explains of the communities.
func (n *StrictNetwork) together(tests float64) {
	inverse := make([]float64, len(n.Communities))
	accounts := make([]map[string]bool, len(n.Communities))
	for i := range n.Edges {
		number := n.Strict[i].Community
		if number == 0 {
			continue
		}
		inverse[number-1] += 1 / n.Strict[i].P
		if accounts[number-1] == nil {
			accounts[number-1] = map[string]bool{}
		}
		accounts[number-1][n.Edges[i].A], accounts[number-1][n.Edges[i].B] = true, true
		if n.Edges[i].Above {
			n.Communities[number-1].Edges++
		}
	}
	p := make([]float64, len(n.Communities))
	for i := range n.Communities {
		p[i] = min(1, tests/inverse[i])
	}
	for i, q := range falseDiscovery(p, float64(len(p))) {
		n.Communities[i].Accounts, n.Communities[i].P, n.Communities[i].Q = len(accounts[i]), p[i], q
	}
}

// adjust gives each edge the smallest false discovery rate at which it stands
// out. Pairs of accounts without an edge were tested as well.
func adjust(edges []StrictEdge, tests float64) {
	p := make([]float64, len(edges))
	for i := range edges {
		p[i] = edges[i].P
	}
	for i, q := range falseDiscovery(p, max(tests, float64(len(p)))) {
		edges[i].Q = q
	}
}

// falseDiscovery are the q-values of p-values, of so many tests (Benjamini and
// Hochberg 1995).
func falseDiscovery(p []float64, tests float64) []float64 {
	order, q := make([]int, len(p)), make([]float64, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	lowest := 1.0
	for rank := len(order); rank > 0; rank-- {
		at := order[rank-1]
		lowest = min(lowest, p[at]*tests/float64(rank))
		q[at] = lowest
	}
	return q
}
