package automation

import (
	"math"
	"slices"
)

// burstiness is A_n of Kim and Jo (2016): (sigma-m)/(sigma+m) of the times between
// n events, corrected so that it is -1 for regular, 0 for Poisson and 1 for
// extremely bursty series whatever n is. 0 where there are fewer than three events.
func burstiness(intervals []float64) float64 {
	events := float64(len(intervals) + 1)
	mean, deviation := moments(intervals)
	if len(intervals) < 2 || mean == 0 {
		return 0
	}
	r := deviation / mean
	return (math.Sqrt(events+1)*r - math.Sqrt(events-1)) / ((math.Sqrt(events+1)-2)*r + math.Sqrt(events-1))
}

// moments are the mean and the standard deviation of all values.
func moments(values []float64) (mean, deviation float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		deviation += (v - mean) * (v - mean) / float64(len(values))
	}
	return mean, math.Sqrt(deviation)
}

// memory is the correlation of each time between posts with the next (Goh and
// Barabási 2008); 0 where it is not defined.
func memory(intervals []float64) float64 {
	if len(intervals) < 3 {
		return 0
	}
	a, b := intervals[:len(intervals)-1], intervals[1:]
	meanA, deviationA := moments(a)
	meanB, deviationB := moments(b)
	if deviationA == 0 || deviationB == 0 {
		return 0
	}
	sum := 0.0
	for i := range a {
		sum += (a[i] - meanA) * (b[i] - meanB)
	}
	return sum / float64(len(a)) / (deviationA * deviationB)
}

// entropy is that of counts in so many bins, by its maximum, with the correction of
// Miller and Madow (1955): the plain one is too low by about (bins in use - 1)/2n.
func entropy(counts []int) float64 {
	n, used, sum := 0, 0, 0.0
	for _, c := range counts {
		n += c
	}
	for _, c := range counts {
		if c > 0 {
			used++
			p := float64(c) / float64(n)
			sum -= p * math.Log(p)
		}
	}
	if n == 0 {
		return 0
	}
	return min(1, (sum+float64(used-1)/float64(2*n))/math.Log(float64(len(counts))))
}

// intervalBins are below one second, and from each power of two seconds to the
// next: the last begins with six days.
const intervalBins = 21

func intervalEntropy(intervals []float64) float64 {
	var counts [intervalBins]int
	for _, seconds := range intervals {
		bin := 0
		if seconds >= 1 {
			bin = min(1+int(math.Log2(seconds)), intervalBins-1)
		}
		counts[bin]++
	}
	return entropy(counts[:])
}

// rayleigh is Rayleigh's z = n R² of the phases of times within a period, both in
// milliseconds: above z the chance is about e^-z if phases are even.
func rayleigh(times []int64, period int64) float64 {
	var x, y float64
	for _, t := range times {
		sin, cos := math.Sincos(2 * math.Pi * float64(t%period) / float64(period))
		x, y = x+cos, y+sin
	}
	return (x*x + y*y) / float64(len(times))
}

// modeShare is the share of values within one of the most frequent, whole, value.
func modeShare(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	counts := map[int]int{}
	for _, v := range values {
		counts[int(math.Round(v))]++
	}
	best := 0
	for v, n := range counts {
		best = max(best, n+counts[v-1]+counts[v+1])
	}
	return float64(best) / float64(len(values))
}

// median of values, which are sorted.
func median(values []float64) float64 {
	slices.Sort(values)
	if n := len(values); n%2 == 1 {
		return values[n/2]
	} else if n > 0 {
		return (values[n/2-1] + values[n/2]) / 2
	}
	return 0
}

// mostWithin is the most times within a span, its end excluded.
func mostWithin(times []int64, span int64) int {
	best, from := 0, 0
	for i := range times {
		for times[i]-times[from] >= span {
			from++
		}
		best = max(best, i-from+1)
	}
	return best
}
