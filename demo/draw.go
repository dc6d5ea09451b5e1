package demo

import "math/bits"

// draw is a sequence of random numbers that costs nothing to begin: SplitMix64
// (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
// 2014). Each post begins its own, from its seed and its place, so that no post
// depends on any other having been made. Only integers are drawn, which are the
// same on every machine.
type draw uint64

// drawFor begins the sequence of a place.
func drawFor(seed, place, index uint64) draw {
	d := draw(seed)
	d = draw(d.next() ^ place*0xd1342543de82ef95)
	d = draw(d.next() ^ index*0xaf251af3b0f025b5)
	return draw(d.next())
}

func (d *draw) next() uint64 {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below draws from [0, n).
func (d *draw) below(n int) int {
	high, _ := bits.Mul64(d.next(), uint64(n))
	return int(high)
}

// between draws from [low, high].
func (d *draw) between(low, high int) int { return low + d.below(high-low+1) }

// chance is true in so many of a thousand cases.
func (d *draw) chance(perMille int) bool { return d.below(1000) < perMille }

// early draws from [0, n), small numbers far more often than large ones, as few
// accounts write much and few stories are read by many.
func (d *draw) early(n int) int { return d.below(d.below(n) + 1) }

// one draws from a list.
func one[T any](d *draw, of []T) T { return of[d.below(len(of))] }

// weighted draws an index by weights.
func (d *draw) weighted(weights []int, sum int) int {
	at := d.below(sum)
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}
