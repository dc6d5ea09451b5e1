package coordination

// Pair is two shares of one object within the window, the older first.
type Pair struct {
	Object           string
	Content          string // The older post,
	ContentNewer     string // and the newer.
	TimeDelta        float64
	Account          string
	AccountNewer     string
	WithinFastWindow bool // Where a second, shorter window was asked for.
}

// Pairs are the pairs that a mode keeps. They are not held in memory: each visit
// sweeps again, which costs a few nanoseconds a pair.
type Pairs struct {
	swept  *swept
	window float64
	loops  bool                // Pairs of one account or one post are kept.
	mass   []bool              // By share: it has too many others around, whoever made them.
	out    []bool              // By share: it is in no pair.
	either [][]bool            // By share: a pair needs one of each of these.
	fast   map[uint64]struct{} // Contents of pairs that are fast, older before newer.
}

// keeps says whether two shares are a pair, if neither is out.
func (p *Pairs) keeps(i, j int) bool {
	g := p.swept
	if !p.loops && (g.account[i] == g.account[j] || g.content[i] == g.content[j]) {
		return false
	}
	for _, one := range p.either {
		if !one[i] && !one[j] {
			return false
		}
	}
	return true
}

// visit visits the pairs, the older share before the newer, group by group.
func (p *Pairs) visit(to func(group, i, j int)) {
	g := p.swept
	from := 0
	for group, end := range g.ends {
		for i := from; i < end; i++ {
			if p.out[i] {
				continue
			}
			at := g.at[i]
			for j := i + 1; j < end && g.at[j]-at <= p.window; j++ {
				if !p.out[j] && p.keeps(i, j) {
					to(group, i, j)
				}
			}
		}
		from = end
	}
}

// paired says of each share whether it is in a pair.
func (p *Pairs) paired() []bool {
	g := p.swept
	in := make([]bool, len(g.at))
	g.divide(func() func(from, to int) {
		return func(from, to int) {
			g.eachIn(from, to, func(_, begin, end, x int) { in[x] = !p.out[x] && p.hasPartner(begin, end, x) })
		}
	})
	return in
}

func (p *Pairs) hasPartner(begin, end, x int) bool {
	g := p.swept
	for j := x + 1; j < end && g.at[j]-g.at[x] <= p.window; j++ {
		if !p.out[j] && p.keeps(x, j) {
			return true
		}
	}
	for i := x - 1; i >= begin && g.at[x]-g.at[i] <= p.window; i-- {
		if !p.out[i] && p.keeps(i, x) {
			return true
		}
	}
	return false
}

// Each hands on every pair, in the order of the objects' bytes and of time, until
// one is refused.
func (p *Pairs) Each(use func(*Pair) error) error {
	var err error
	var pair Pair
	g := p.swept
	p.visit(func(group, i, j int) {
		if err != nil {
			return
		}
		_, fast := p.fast[both(g.content[i], g.content[j])]
		pair = Pair{
			Object: g.objectName(group), Content: g.contentName(i), ContentNewer: g.contentName(j), TimeDelta: g.at[j] - g.at[i],
			Account: g.accountName(g.account[i]), AccountNewer: g.accountName(g.account[j]), WithinFastWindow: fast,
		}
		err = use(&pair)
	})
	return err
}

func both(a, b uint32) uint64 { return uint64(a)<<32 | uint64(b) }
