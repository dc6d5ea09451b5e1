package match

// automaton finds all occurrences of all patterns in one pass, in one step for
// each byte. Its table has a column for each byte that any pattern has, and one
// for all others: some 100 columns of 4 bytes for each character of the patterns.
type automaton struct {
	class [256]uint8 // The column of a byte; 0 for those that no pattern has.
	width int
	next  []uint32 // By state and column.
	ends  []int32  // By state: the pattern that ends there, -1 for none.
	also  []uint32 // By state: the next state, of a shorter suffix, in which a pattern ends; 0 for none.
}

// newAutomaton takes distinct patterns, none of them empty.
func newAutomaton(patterns []string) *automaton {
	a := &automaton{width: 1}
	for _, p := range patterns {
		for i := range len(p) {
			if a.class[p[i]] == 0 {
				a.class[p[i]] = uint8(a.width) // UTF-8 has fewer than 256 distinct bytes.
				a.width++
			}
		}
	}
	a.grow()
	for n, p := range patterns {
		s := 0
		for i := range len(p) {
			at := s*a.width + int(a.class[p[i]])
			if a.next[at] == 0 {
				a.next[at] = uint32(a.grow())
			}
			s = int(a.next[at])
		}
		a.ends[s] = int32(n)
	}
	a.link()
	return a
}

// grow adds a state and returns it; the first is the root, 0.
func (a *automaton) grow() int {
	a.next = append(a.next, make([]uint32, a.width)...)
	a.ends, a.also = append(a.ends, -1), append(a.also, 0)
	return len(a.ends) - 1
}

// link completes the table, breadth first: where a state has no way on, it goes
// the way of its longest proper suffix, which is nearer to the root.
func (a *automaton) link() {
	suffix := make([]uint32, len(a.ends))
	queue := make([]uint32, 0, len(a.ends))
	for c := 1; c < a.width; c++ {
		if s := a.next[c]; s != 0 {
			queue = append(queue, s)
		}
	}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		row, of := int(s)*a.width, int(suffix[s])*a.width
		if a.also[s] = suffix[s]; a.ends[suffix[s]] < 0 {
			a.also[s] = a.also[suffix[s]]
		}
		for c := 1; c < a.width; c++ {
			if t := a.next[row+c]; t != 0 {
				suffix[t] = a.next[of+c]
				queue = append(queue, t)
			} else {
				a.next[row+c] = a.next[of+c]
			}
		}
	}
}

// walk calls found for every occurrence: the end of it in the text, excluded, and
// the pattern.
func (a *automaton) walk(text []byte, found func(end int, pattern int32)) {
	s := uint32(0)
	for i, c := range text {
		s = a.next[int(s)*a.width+int(a.class[c])]
		if s == 0 {
			continue
		}
		if p := a.ends[s]; p >= 0 {
			found(i+1, p)
		}
		for t := a.also[s]; t != 0; t = a.also[t] {
			found(i+1, a.ends[t])
		}
	}
}
