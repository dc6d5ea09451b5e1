package coordination_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	co "github.com/election-observatory/observatory/processors/coordination"
)

// zipf are shares of a week whose objects and accounts follow Zipf's law.
func zipf(n int) *co.Shares {
	rng, s := rand.New(rand.NewPCG(11, 0)), &co.Shares{}
	pareto := func(alpha float64, most int) string {
		return strconv.Itoa(int(math.Pow(1-rng.Float64(), -1/alpha)) % most)
	}
	for i := range n {
		s.Add("o"+pareto(0.9, 500_000), "a"+pareto(0.7, 200_000), "c"+strconv.Itoa(i), float64(rng.IntN(7*86_400)))
	}
	return s
}

const benchShares = 200_000

func report(b *testing.B, pairs uint64) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchShares, "ns/share")
	b.ReportMetric(float64(pairs), "pairs")
}

func BenchmarkCooRTweet(b *testing.B) {
	s, pairs := zipf(benchShares), uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		p, _ := co.CooRTweet(s, co.CooRTweetParams{Window: 60, MinParticipation: 2})
		pairs = p.CooRTweetNetwork(0.5).Pairs
	}
	report(b, pairs)
}

func BenchmarkQUT(b *testing.B) {
	s, pairs := zipf(benchShares), uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		pairs = co.QUT(s, 60, 2).Pairs
	}
	report(b, pairs)
}

func BenchmarkStrict(b *testing.B) {
	s, pairs := zipf(benchShares), uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		p, mass := co.Strict(s, co.DefaultStrict())
		pairs = p.StrictNetwork(co.DefaultStrict(), mass, nil).Pairs
	}
	report(b, pairs)
}
