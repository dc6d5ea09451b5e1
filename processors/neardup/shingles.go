package neardup

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/zeebo/xxh3"
)

// Runs of characters.
const (
	runLength      = 5
	denseRunLength = 3 // Of scripts without blanks.
)

// runs appends the hashes of all runs of characters of a text in normal form. A
// text shorter than a run is one.
func runs(to []uint64, form string) []uint64 {
	length := runLength
	if dense(form) {
		length = denseRunLength
	}
	var starts [runLength]int // Of the last characters.
	n := 0
	for at := 0; at < len(form); n++ {
		starts[n%length] = at
		_, size := utf8.DecodeRuneInString(form[at:])
		at += size
		if n+1 >= length {
			to = append(to, xxh3.HashString(form[starts[(n+1)%length]:at]))
		}
	}
	if n > 0 && n < length {
		to = append(to, xxh3.HashString(form))
	}
	return to
}

// shingles are the runs in order, each once; the slice is used again.
func shingles(to []uint64, form string) []uint64 {
	to = runs(to[:0], form)
	slices.Sort(to)
	return slices.Compact(to)
}

// Jaccard is the similarity of two sets, given in order: from 0 to 1.
func Jaccard[T cmp.Ordered](a, b []T) float64 {
	if len(a)+len(b) == 0 {
		return 1
	}
	both := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			both, i, j = both+1, i+1, j+1
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	return float64(both) / float64(len(a)+len(b)-both)
}

// Similarity is the Jaccard similarity of two texts in normal form, from 0 to 1.
func Similarity(a, b string) float64 {
	if a == b {
		return 1
	}
	return Jaccard(shingles(nil, a), shingles(nil, b))
}

// alike says whether the similarity of two sets, given in order, is at least a
// threshold, as Jaccard would, but gives up when it cannot be.
func alike(a, b []uint64, threshold float64) bool {
	total := len(a) + len(b)
	if total == 0 {
		return true
	}
	enough := func(both int) bool { return float64(both)/float64(total-both) >= threshold }
	need := min(int(threshold/(1+threshold)*float64(total)), total/2)
	for need > 0 && enough(need-1) {
		need--
	}
	for ; !enough(need); need++ {
		if need == total/2 {
			return false
		}
	}
	both := 0
	for i, j := 0, 0; both+min(len(a)-i, len(b)-j) >= need; {
		if both == need {
			return true
		}
		switch {
		case a[i] == b[j]:
			both, i, j = both+1, i+1, j+1
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	return false
}
