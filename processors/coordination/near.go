package coordination

// Near is two shares of one object within the window, by their numbers in the
// order in which they were added.
type Near struct{ Older, Newer int }

// Near visits all pairs of shares within the window, loops included, for whoever
// keeps them: what any mode makes of a shorter window is a question to these. Of
// shares at the same time the one of the first account, and post, in the order of
// bytes is the older. Shares that have more than limit others of their object
// within the window before them are in no pair and are returned; 0 is no limit.
func (s *Shares) Near(window float64, limit int, visit func(Near)) (mass []int) {
	g := s.sweep(0, byName)
	out, _ := g.mass(window, limit)
	all := &Pairs{swept: g, window: window, loops: true, out: out}
	all.visit(func(_, i, j int) { visit(Near{int(g.row[i]), int(g.row[j])}) })
	for i, is := range out {
		if is {
			mass = append(mass, int(g.row[i]))
		}
	}
	return mass
}
