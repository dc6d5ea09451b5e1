package automation_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/election-observatory/observatory/processors/automation"
)

const (
	second = int64(1000)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
	begin  = 19_877 * day // A Monday.
)

func week() automation.Period { return automation.Period{ToMS: begin + 7*day, Days: 7} }

// every are posts at a distance, with a jitter.
func every(rng *rand.Rand, distance, jitter int64) []int64 {
	var times []int64
	for at := begin; at < begin+7*day; at += distance {
		times = append(times, at+rng.Int64N(jitter+1))
	}
	return times
}

// awake are posts at random, in the hours in which people are awake.
func awake(rng *rand.Rand, n int) []int64 {
	times := make([]int64, n)
	for i := range times {
		times[i] = begin + rng.Int64N(7)*day + 6*hour + rng.Int64N(17*hour)
	}
	slices.Sort(times)
	return times
}

func assess(a automation.Account) automation.Score {
	return automation.Assess(&a, week(), automation.DefaultParams())
}

func TestStatus(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	oneDay := make([]int64, 60)
	for i := range oneDay {
		oneDay[i] = begin + int64(i)*10*minute
	}
	for name, c := range map[string]struct {
		account automation.Account
		want    automation.Status
	}{
		"nothing":      {automation.Account{}, automation.Insufficient},
		"35 posts":     {automation.Account{Times: awake(rng, 35)}, automation.Insufficient},
		"36 posts":     {automation.Account{Times: awake(rng, 36)}, automation.Scored},
		"one day":      {automation.Account{Times: oneDay}, automation.Insufficient},
		"declared":     {automation.Account{Times: every(rng, 10*minute, 0), Declared: true}, automation.Declared},
		"not declared": {automation.Account{Times: every(rng, 10*minute, 0)}, automation.Scored},
	} {
		got := assess(c.account)
		if got.Status != c.want {
			t.Errorf("%s: %q, not %q", name, got.Status, c.want)
		}
		if (got.Index != 0) != (c.want == automation.Scored) {
			t.Errorf("%s: index %v with status %q", name, got.Index, got.Status)
		}
		if got.Status == automation.Scored && math.Abs(got.Index-got.Sum()) > 1e-12 {
			t.Errorf("%s: index %v is not the sum %v", name, got.Index, got.Sum())
		}
	}
}

func TestComponents(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(2, 2))
	clock := assess(automation.Account{Times: every(rng, 15*minute, 2*second)})
	if clock.Regularity < 0.95 || clock.Periodicity != 1 || clock.Sleepless != 1 || clock.DeadHours != 0 || clock.QuietHours > 0.3 || !clock.HighFrequency {
		t.Errorf("a clock: %+v", clock)
	}
	if want := []uint32{60, 300, 600, 900}; !slices.Equal(clock.Periods, want) && !slices.Equal(clock.Periods, []uint32{60, 300, 900}) {
		t.Errorf("the periods of a clock are %v", clock.Periods)
	}
	if clock.HourEntropy < 0.99 || clock.IntervalEntropy > 0.05 {
		t.Errorf("entropies of a clock are %v and %v", clock.HourEntropy, clock.IntervalEntropy)
	}
	person := assess(automation.Account{Times: awake(rng, 300), CreatedMS: begin - 1000*day})
	if person.Regularity > 0.05 || person.Periodicity != 0 || person.Sleepless != 0 || person.DeadHours < 6 || person.HighFrequency || person.Youth != 0 {
		t.Errorf("a person: %+v", person)
	}
	if person.Volume != math.Log1p(float64(person.Most24h)/50) {
		t.Errorf("volume is %v with %d posts", person.Volume, person.Most24h)
	}
	other := assess(automation.Account{Times: awake(rng, 60), Texts: 40, Duplicates: 10, Deleted: 40, DeletedFast: 20, CreatedMS: begin + 4*day, Delays: append(slices.Repeat([]float64{30, 31}, 9), 500, 900)})
	for name, c := range map[string][2]float64{
		"duplicates": {other.Duplicates, 0.25}, "fast deletes": {other.FastDeletes, 0.2}, "youth": {other.Youth, 0.9}, "age": {other.AgeDays, 3}, "repost delay": {other.RepostDelay, 0.9},
	} {
		if math.Abs(c[0]-c[1]) > 1e-9 {
			t.Errorf("%s is %v, not %v", name, c[0], c[1])
		}
	}
}

func mostBruteForce(times []int64) int {
	best := 0
	for i := range times {
		n := 0
		for _, t := range times[i:] {
			if t-times[i] < day {
				n++
			}
		}
		best = max(best, n)
	}
	return best
}

func TestMost24h(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 3))
	for range 50 {
		times := awake(rng, 1+rng.IntN(200))
		if got, want := assess(automation.Account{Times: times}).Most24h, mostBruteForce(times); got != want {
			t.Errorf("most in 24 hours is %d, not %d", got, want)
		}
	}
}

// Times of whole minutes say nothing of the period of a minute.
func TestResolution(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(4, 4))
	times := awake(rng, 400)
	for i := range times {
		times[i] = times[i] / minute * minute
	}
	got := assess(automation.Account{Times: times, Delays: slices.Repeat([]float64{60}, 20)})
	if got.Resolution != minute || got.Periodicity != 0 || got.RepostDelay != 0 {
		t.Errorf("whole minutes: %+v", got)
	}
	for i := range times {
		times[i] += 7 * second
	}
	if got := assess(automation.Account{Times: times}); got.Resolution != second || !slices.Contains(got.Periods, 60) {
		t.Errorf("seven seconds after whole minutes: resolution %d, periods %v", got.Resolution, got.Periods)
	}
	times[0]++
	if got := assess(automation.Account{Times: times}); got.Resolution != 1 {
		t.Errorf("resolution is %d", got.Resolution)
	}
}

// The statistics have their known values for series of few events.
func TestBurstinessHasNoBias(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 5))
	for _, n := range []int{40, 100, 400} {
		sum, flat := 0.0, 0.0
		const rounds = 400
		for range rounds {
			times, at := make([]int64, n), float64(begin)
			for i := range times {
				at += rng.ExpFloat64() * float64(7*day) / float64(2*n)
				times[i] = int64(at)
			}
			got := assess(automation.Account{Times: times})
			sum += got.Burstiness / rounds
			even := make([]int64, 120)
			for i := range even {
				even[i] = begin + rng.Int64N(7*day)
			}
			slices.Sort(even)
			flat += assess(automation.Account{Times: even}).HourEntropy / rounds
		}
		if math.Abs(sum) > 0.02 {
			t.Errorf("burstiness of %d Poisson events is %v on average, not 0", n, sum)
		}
		if math.Abs(flat-1) > 0.01 {
			t.Errorf("the entropy of even hours is %v on average, not 1", flat)
		}
	}
}

// Few people stick to a period by chance: z above 10 has a chance of e^-10.
func TestPeriodsByChance(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(6, 6))
	by := 0
	for range 2000 {
		if assess(automation.Account{Times: awake(rng, 150)}).Periodicity > 0 {
			by++
		}
	}
	if by > 4 {
		t.Errorf("%d of 2,000 people stick to a period", by)
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	var times []int64
	at := begin
	for i := range 200 {
		at += []int64{minute, hour}[i/10%2]
		times = append(times, at)
	}
	if got := assess(automation.Account{Times: times}).Memory; got < 0.7 {
		t.Errorf("memory of spells is %v", got)
	}
	for i := range times {
		at += []int64{minute, hour}[i%2]
		times[i] = at
	}
	if got := assess(automation.Account{Times: times}).Memory; got > -0.95 {
		t.Errorf("memory of turns is %v", got)
	}
}

func FuzzAssess(f *testing.F) {
	f.Add(int64(0), int64(0), int64(0), 0)
	f.Add(int64(1), int64(1<<40), begin, 7)
	f.Fuzz(func(t *testing.T, a, b, created int64, n int) {
		times := []int64{max(0, min(a, 1<<42)), max(0, min(b, 1<<42))}
		for i := range max(0, min(n, 300)) {
			times = append(times, begin+int64(i)*max(0, min(a, day)))
		}
		slices.Sort(times)
		got := assess(automation.Account{Times: times, CreatedMS: created, Texts: n, Duplicates: n / 2})
		for _, v := range []float64{got.Index, got.Burstiness, got.Memory, got.IntervalEntropy, got.QuietHours, got.IntervalMode} {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("%v: %+v", times, got)
			}
		}
	})
}

func BenchmarkAssess(b *testing.B) {
	times := awake(rand.New(rand.NewPCG(7, 7)), 100)
	b.ReportAllocs()
	for b.Loop() {
		assess(automation.Account{Times: times})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/post")
}
