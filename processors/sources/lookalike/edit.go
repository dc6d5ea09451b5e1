package lookalike

const (
	shortestEdited   = 5 // Characters of a label in which a slip is looked for.
	shortestFree     = 6 // From here on any one edit counts, below it neighbours that are swapped and letters that are doubled.
	shortestTwice    = 10
	longestEdited    = 40
	shortestSame     = 3 // Characters of a label that is the same under another ending,
	shortestAlike    = 4 // of one that is alike in plain characters,
	shortestCombined = 4 // of one that stands together with a word,
	shortestJoined   = 3 // and of the word, where no hyphen is between them.
)

// eachDelete calls f with the hash of the label and of the label less one
// character, and for long labels less two.
func eachDelete(label string, f func(hash uint64)) {
	const base = 0x100000001b3
	n := len(label)
	if n > longestEdited {
		return
	}
	// before[i] is the hash of the first i characters; powers of the base move a
	// hash to the left of what follows.
	var before [longestEdited + 1]uint64
	var powers [longestEdited + 1]uint64
	powers[0] = 1
	for i := range n {
		before[i+1] = before[i]*base + uint64(label[i]) + 1
		powers[i+1] = powers[i] * base
	}
	part := func(from, to int) uint64 { return before[to] - before[from]*powers[to-from] }
	f(before[n])
	for i := range n {
		without := before[i]*powers[n-i-1] + part(i+1, n)
		f(without)
		if n < shortestTwice-1 {
			continue
		}
		for j := i + 1; j < n; j++ {
			f((before[i]*powers[j-i-1]+part(i+1, j))*powers[n-j-1] + part(j+1, n))
		}
	}
}

// edits is the distance of optimal string alignment between two labels:
// characters inserted, left out or replaced, and neighbours swapped (Damerau 1964;
// Wagner and Fischer 1974). It is 3 for anything above 2.
func edits(a, b string) int {
	const far = 3
	if len(a)-len(b) >= far || len(b)-len(a) >= far {
		return far
	}
	two, one, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range one {
		one[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			row[j+1] = min(one[j+1]+1, row[j]+1, one[j]+differ(a[i], b[j]))
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], two[j-1]+1)
			}
		}
		two, one, row = one, row, two
	}
	return min(one[len(b)], far)
}

func differ(a, b byte) int {
	if a == b {
		return 0
	}
	return 1
}

// sound says whether a distance between a label and a protected one is more likely
// a slip than another word. In short labels only swapped neighbours and doubled
// letters are; two edits count in long labels that begin alike, unless both replace
// a character: parnupostimees and tartupostimees are two papers.
func sound(label, name string, distance int) bool {
	if distance == 1 {
		return len(name) >= shortestFree || swapped(label, name) || doubled(label, name)
	}
	return len(name) >= shortestTwice && len(label) >= shortestTwice-1 && label[0] == name[0] && !replaced(label, name)
}

// replaced says whether the labels are of one length and no neighbours are swapped.
func replaced(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	differ := 0
	for i := range len(a) {
		if a[i] != b[i] {
			differ++
		}
	}
	return differ <= 2
}

func swapped(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i] != b[i] {
			return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
		}
	}
	return false
}

func doubled(a, b string) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	if len(a) != len(b)+1 {
		return false
	}
	for i := range len(b) {
		if a[i] != b[i] {
			return i > 0 && a[i] == a[i-1] && a[i+1:] == b[i:]
		}
	}
	return a[len(a)-1] == a[len(a)-2]
}
