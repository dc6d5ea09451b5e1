package coordination

import "slices"

// CooRTweetParams are those of detect_groups and flag_speed_share.
type CooRTweetParams struct {
	Window           float64 // Inclusive.
	MinParticipation int     // Of an account, counted as there; under 1 nothing is filtered.
	KeepLoops        bool    // Pairs of one account, of one post, and with the original.
	FastWindow       float64 // Pairs are flagged that stay with this window; 0 for none.
	Cap              int     // As for Strict; CooRTweet has none, which is 0.
}

// CooRTweet is detect_groups of CooRTweet 2.1.3, and flag_speed_share where a
// fast window is given.
//
// Accounts with fewer shares than MinParticipation are left out. What is left is
// paired; then an account's participation is how many of its shares are of posts
// that are in a pair with anybody, and a pair is kept if one of its two posts is
// of an account that reaches the minimum: one pass, and one side is enough.
func CooRTweet(s *Shares, p CooRTweetParams) (*Pairs, []MassShare) {
	g := s.sweep(p.MinParticipation, byAppearance)
	mass, shares := g.mass(p.Window, p.Cap)
	out := slices.Clone(mass)
	if !p.KeepLoops {
		for i, original := range g.originals() {
			out[i] = out[i] || original
		}
	}
	found := &Pairs{swept: g, window: p.Window, loops: p.KeepLoops, mass: mass, out: out}
	if p.MinParticipation >= 1 {
		found.either = [][]bool{found.participating(g.row, p.MinParticipation)}
	}
	if p.FastWindow > 0 {
		found.flag(p.FastWindow, p.MinParticipation)
	}
	return found, shares
}

// participating says which shares are of posts of an account that takes part
// often enough, as filter_min_participation does; shares that count are looked for
// in rows.
func (p *Pairs) participating(rows []uint32, least int) []bool {
	g, s := p.swept, p.swept.shares
	paired := make([]bool, len(s.things.of))
	for i, in := range p.paired() {
		if in {
			paired[g.content[i]] = true
		}
	}
	takes := make([]int, len(s.accounts.of))
	for _, row := range rows {
		if paired[s.content[row]] {
			takes[s.account[row]]++
		}
	}
	enough := make([]bool, len(s.things.of))
	for _, row := range rows {
		if paired[s.content[row]] && takes[s.account[row]] >= least {
			enough[s.content[row]] = true
		}
	}
	of := make([]bool, len(g.at))
	for i, content := range g.content {
		of[i] = enough[content]
	}
	return of
}

// flag marks the pairs whose posts are also paired within a shorter window, of
// whatever object, by accounts that take part often enough in that. Unlike for
// the pairs themselves all shares count, those of accounts with few as well.
func (p *Pairs) flag(window float64, least int) {
	fast := *p
	fast.window = min(window, p.window)
	if least >= 1 {
		all := make([]uint32, p.swept.shares.Len())
		for i := range all {
			all[i] = uint32(i)
		}
		fast.either = append(slices.Clone(p.either), fast.participating(all, least))
	}
	p.fast = map[uint64]struct{}{}
	fast.visit(func(_, i, j int) { p.fast[both(p.swept.content[i], p.swept.content[j])] = struct{}{} })
}
