package coordination_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	co "github.com/election-observatory/observatory/processors/coordination"
)

// organic is a day on which accounts share what is popular when they are awake,
// each by itself; in the last hours a few objects take most of the attention.
func organic(rng *rand.Rand, n int) []row {
	rows := make([]row, n)
	for i := range rows {
		hour := 8 + rng.IntN(rng.IntN(16)+1)
		object := "o" + strconv.Itoa(int(math.Pow(rng.Float64(), 3)*float64(n)/8))
		if hour >= 20 && rng.IntN(3) > 0 {
			object = "results" + strconv.Itoa(rng.IntN(4))
		}
		rows[i] = row{object, "a" + strconv.Itoa(int(math.Pow(rng.Float64(), 2)*float64(n)/5)), "c" + strconv.Itoa(i), float64(hour*3600) + rng.Float64()*3600}
	}
	return rows
}

// network adds a network that shares some objects of its own within seconds.
func network(rng *rand.Rand, rows []row, accounts, objects int) []row {
	for o := range objects {
		at := float64(9*3600 + rng.IntN(12*3600))
		for a := range accounts {
			rows = append(rows, row{"planted" + strconv.Itoa(o), "n" + strconv.Itoa(a), "p" + strconv.Itoa(len(rows)), at + float64(rng.IntN(20))})
		}
	}
	return rows
}

func strictOf(rows []row, params co.StrictParams) *co.StrictNetwork {
	pairs, mass := co.Strict(sharesOf(rows), params)
	return pairs.StrictNetwork(params, mass, nil)
}

// What is expected of an edge is what drawing the accounts of each hour anew
// gives on average.
func TestWhatChanceExplainsIsWhatPermutationsGive(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 0))
	rows := organic(rng, 1500)
	params := co.StrictParams{Window: 300, MinParticipation: 0, MinWeight: 2, Cap: 0, Stratum: 3600, FDR: 0.01}
	n := strictOf(rows, params)
	const draws = 1000
	type sums struct{ sum, squares float64 }
	seen := map[[2]string]*sums{}
	for i := range n.Edges {
		seen[[2]string{n.Edges[i].A, n.Edges[i].B}] = &sums{}
	}
	begin := rows[0].at
	for _, r := range rows {
		begin = min(begin, r.at)
	}
	of := map[int][]int{}
	for i, r := range rows {
		hour := int((r.at - begin) / 3600)
		of[hour] = append(of[hour], i)
	}
	total, totalExpected := 0.0, 0.0
	for range draws {
		drawn := append([]row(nil), rows...)
		for _, list := range of {
			rng.Shuffle(len(list), func(i, j int) {
				drawn[list[i]].account, drawn[list[j]].account = drawn[list[j]].account, drawn[list[i]].account
			})
		}
		pairs, _ := co.Strict(sharesOf(drawn), params)
		counts := map[[2]string]float64{}
		for _, p := range pairsOf(t, pairs) {
			counts[[2]string{min(p.account, p.accountNewer), max(p.account, p.accountNewer)}]++
		}
		for key, of := range seen {
			of.sum += counts[key]
			of.squares += counts[key] * counts[key]
		}
	}
	beyond := 0
	for i := range n.Edges {
		s := seen[[2]string{n.Edges[i].A, n.Edges[i].B}]
		mean := s.sum / draws
		deviation := math.Sqrt(max(s.squares/draws-mean*mean, n.Strict[i].Expected) / draws)
		if math.Abs(mean-n.Strict[i].Expected) > 5*deviation {
			beyond++
		}
		total, totalExpected = total+mean, totalExpected+n.Strict[i].Expected
	}
	if len(n.Edges) < 500 || beyond > 1 || math.Abs(total-totalExpected) > 0.02*total {
		t.Errorf("of %d edges %d are beyond five standard errors; in all %.1f pairs by permutation, %.1f expected", len(n.Edges), beyond, total, totalExpected)
	}
}

// Chance alone lets nothing stand out; a network does, and nobody else.
func TestANetworkStandsOutAndTheNightOfTheResultsDoesNot(t *testing.T) {
	t.Parallel()
	wrong, found := 0, 0
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 7))
		rows := organic(rng, 6000)
		for _, e := range strictOf(rows, co.DefaultStrict()).Edges {
			if e.Above {
				wrong++
			}
		}
		n := strictOf(network(rng, rows, 8, 5), co.DefaultStrict())
		members := map[string]bool{}
		for i, e := range n.Edges {
			if !e.Above {
				continue
			}
			if e.A[0] != 'n' || e.B[0] != 'n' {
				wrong++
				continue
			}
			members[e.A], members[e.B] = true, true
			if n.Strict[i].Community != 1 {
				t.Errorf("seed %d: %s and %s are in community %d", seed, e.A, e.B, n.Strict[i].Community)
			}
		}
		found += len(members)
	}
	if wrong > 0 || found != 20*8 {
		t.Errorf("%d edges of chance stand out, and %d of %d accounts of networks", wrong, found, 20*8)
	}
}

// Communities are numbered by their size.
func TestTheLargestCommunityIsTheFirst(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 8))
	rows := network(rng, organic(rng, 3000), 4, 5)
	for _, r := range network(rng, nil, 9, 5) {
		rows = append(rows, row{"x" + r.object, "x" + r.account, "x" + r.content, r.at})
	}
	n := strictOf(rows, co.DefaultStrict())
	of := map[string]int{}
	for i, e := range n.Edges {
		if e.Above {
			of[e.A] = n.Strict[i].Community
		}
	}
	if of["n0"] != 2 || of["xn0"] != 1 {
		t.Errorf("communities are %v", of)
	}
}

// Two objects in the same minutes of the same night are no network, however many
// share both: that is what a popular pair of links looks like.
func TestTwoPopularLinksAreNoNetwork(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 3))
	rows := organic(rng, 3000)
	for i := range 150 {
		for link := range 2 {
			rows = append(rows, row{"popular" + strconv.Itoa(link), "u" + strconv.Itoa(i), "u" + strconv.Itoa(2*i+link), 21*3600 + rng.Float64()*1800})
		}
	}
	for _, e := range strictOf(rows, co.DefaultStrict()).Edges {
		if e.Above {
			t.Fatalf("%+v stands out", e)
		}
	}
}

// Permutations give p-values that the analytic ones are never far below: these are
// upper bounds. What a network shares is as extreme as draws can say.
func TestPermutationsAndTheAnalyticAgree(t *testing.T) {
	t.Parallel()
	params := co.StrictParams{Window: 300, MinParticipation: 0, MinWeight: 2, Cap: 0, Stratum: 3600, FDR: 0.01}
	const draws = 2000
	tested, below, ratio := 0, 0, 0.0
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(seed, 11))
		rows := network(rng, organic(rng, 1500), 4, 5)
		pairs, mass := co.Strict(sharesOf(rows), params)
		n := pairs.StrictNetwork(params, mass, nil)
		for i, p := range pairs.Permute(n, params, draws, seed, nil) {
			analytic := n.Strict[i].P
			if n.Edges[i].A[0] == 'n' {
				if n.Edges[i].B[0] == 'n' && p > 2.0/(1+draws) {
					t.Errorf("an edge of the network has p %g by permutation, %g analytically", p, analytic)
				}
				continue
			}
			error := math.Sqrt(p * (1 - p) / draws)
			tested++
			if analytic < p-5*error-1.0/draws {
				below++
				t.Logf("%d objects, %g expected: p %g by permutation, %g analytically", n.Edges[i].Weight, n.Strict[i].Expected, p, analytic)
			}
			ratio += math.Log(analytic / p)
		}
	}
	if tested < 1500 || below > 0 {
		t.Errorf("of %d edges %d have analytic p-values below", tested, below)
	}
	if typical := math.Exp(ratio / float64(tested)); typical < 0.9 || typical > 1.3 {
		t.Errorf("analytic p-values are typically %g times those by permutation", typical)
	} else {
		t.Logf("analytic p-values are typically %g times those by permutation", typical)
	}
}

// The same seed gives the same, whatever runs beside.
func TestPermutationsAreTheSameAgain(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(6, 11))
	params := co.DefaultStrict()
	pairs, mass := co.Strict(sharesOf(network(rng, organic(rng, 1500), 4, 5)), params)
	n := pairs.StrictNetwork(params, mass, nil)
	told := 0
	first, second := pairs.Permute(n, params, 50, 1, func(int) {}), pairs.Permute(n, params, 50, 1, nil)
	for i := range first {
		if first[i] != second[i] {
			t.Errorf("edge %d has %g and %g", i, first[i], second[i])
		}
		told++
	}
	if told == 0 {
		t.Error("nothing was drawn")
	}
}

// Communities of what chance joins are as extreme as they say in at most so many
// streams, though they were chosen for it; planted ones are.
func TestCommunitiesOfChanceAreNotSignificant(t *testing.T) {
	t.Parallel()
	params := co.DefaultStrict()
	params.FDR = 2 // All edges with two objects make communities.
	const streams = 100
	significant, communities := 0, 0
	for seed := range uint64(streams) {
		rng := rand.New(rand.NewPCG(seed, 13))
		rows := organic(rng, 3000)
		least := 1.0
		for _, c := range strictOf(rows, params).Communities {
			communities++
			least = min(least, c.P)
			if c.Accounts < 2 || c.Edges < 1 || c.Q < c.P {
				t.Fatalf("seed %d: %+v", seed, c)
			}
		}
		if least < 0.05 {
			significant++
		}
		if seed < 5 {
			planted := strictOf(network(rng, rows, 6, 5), co.DefaultStrict()).Communities
			if len(planted) != 1 || planted[0].P > 1e-4 || planted[0].Accounts != 6 || planted[0].Edges != 15 || planted[0].Q != planted[0].P {
				t.Errorf("seed %d: %+v", seed, planted)
			}
		}
	}
	if communities < streams/2 || significant > 11 { // 5 are expected at most, and more than 11 come with a probability of 0.4 %.
		t.Errorf("of %d streams %d have a community with p below 0.05, of %d communities", streams, significant, communities)
	}
}
