package neardup

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// What gives up early says what Jaccard says, at whatever threshold.
func TestAlikeIsJaccard(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	set := func(n int) []uint64 {
		s := make([]uint64, rng.IntN(n))
		for i := range s {
			s[i] = uint64(rng.IntN(2 * n))
		}
		slices.Sort(s)
		return slices.Compact(s)
	}
	both := [2]int{}
	for range 200_000 {
		n := 1 + rng.IntN(30)
		a, b := set(n), set(n)
		if rng.IntN(4) == 0 {
			b = a
		}
		threshold := []float64{0.1, 1.0 / 3, 0.5, 0.6, 2.0 / 3, 0.75, 1, rng.Float64()}[rng.IntN(8)]
		want := Jaccard(a, b) >= threshold
		if alike(a, b, threshold) != want {
			t.Fatalf("%v and %v are alike at %g: %t, Jaccard is %g", a, b, threshold, !want, Jaccard(a, b))
		}
		if want {
			both[1]++
		} else {
			both[0]++
		}
	}
	if min(both[0], both[1]) < 20_000 {
		t.Errorf("%v are not alike and alike", both)
	}
}
