package bursts

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// week is a study of so many hours before the day in which topics have their
// rhythm, and vary more than by chance.
func week(rng *rand.Rand, topics, known int, mean float64) *Day {
	day := &Day{Known: known, Kinds: map[string]*Overall{"hashtag": {Topics: topics, Hours: map[int]int{}}}}
	source := rand.NewPCG(rng.Uint64(), 1)
	for i := range topics {
		t := Topic{Kind: "hashtag", Name: strconv.Itoa(i), Hours: map[int]int{}, Ticks: map[int]Tick{}}
		own := mean * math.Exp(rng.NormFloat64())
		for hour := -known; hour < 24; hour++ {
			rate := own * (1 + math.Sin(2*math.Pi*float64(ofDay(hour))/24)) * distuv.Gamma{Alpha: 4, Beta: 4, Src: source}.Rand()
			for tick := range TicksPerHour {
				n := int(distuv.Poisson{Lambda: rate/TicksPerHour + 1e-12, Src: source}.Rand())
				t.Hours[hour] += n
				day.Kinds["hashtag"].Hours[hour] += n
				if hour >= 0 && n > 0 {
					t.Ticks[hour*TicksPerHour+tick] = Tick{n, n}
				}
			}
		}
		day.Topics = append(day.Topics, t)
	}
	return day
}

// burst puts posts into ticks of a topic.
func burst(t *Topic, from, to, posts, accounts int) {
	for tick := from; tick < to; tick++ {
		was := t.Ticks[tick]
		t.Ticks[tick] = Tick{was.Posts + posts, max(was.Accounts, accounts)}
		t.Hours[tick/TicksPerHour] += posts
	}
}

func TestPlantedBursts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                      string
		known                     int
		from, to, posts, accounts int
		want                      int
	}{
		{"a burst", 4 * Week, 100, 112, 120, 80, 1},
		{"one tick", 4 * Week, 100, 101, 120, 80, 0},
		{"few accounts", 4 * Week, 100, 112, 120, 9, 0},
		{"few posts", 4 * Week, 100, 112, 5, 5, 0},
		{"on the first day of a study", 23, 100, 112, 120, 80, 0},
		{"on its second day", 24, 100, 112, 120, 80, 1},
		{"to the end of the day", Week, 280, 288, 120, 80, 1},
	} {
		day := week(rand.New(rand.NewPCG(1, 1)), 200, c.known, 1)
		topic := &day.Topics[7]
		topic.Ticks = map[int]Tick{}
		burst(topic, c.from, c.to, c.posts, c.accounts)
		var of []Burst
		for _, b := range Find(day, DefaultParams()) {
			if b.Topic == topic {
				of = append(of, b)
			}
		}
		if len(of) != c.want {
			t.Errorf("%s: %d bursts", c.name, len(of))
			continue
		}
		if c.want == 1 && (of[0].From != c.from || of[0].To != c.to || of[0].Peak != c.posts || of[0].Q >= 1e-3 || of[0].Expected > 60) {
			t.Errorf("%s: %+v", c.name, of[0])
		}
	}
}

func TestSpells(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ticks []int
		want  [][2]int
	}{
		"none":               {nil, nil},
		"two":                {[]int{5, 6}, [][2]int{{5, 7}}},
		"never two in a row": {[]int{5, 7, 9}, nil},
		"an hour apart":      {[]int{5, 6, 18}, [][2]int{{5, 19}}},
		"more than an hour":  {[]int{5, 6, 19, 20}, [][2]int{{5, 7}, {19, 21}}},
	} {
		topic := &Topic{Kind: "hashtag", Hours: map[int]int{}, Ticks: map[int]Tick{}}
		day := &Day{Topics: []Topic{*topic}, Known: Week, Kinds: map[string]*Overall{"hashtag": {Topics: 1, Hours: map[int]int{}}}}
		for _, tick := range c.ticks {
			day.Topics[0].Ticks[tick] = Tick{50, 40}
		}
		var got [][2]int
		for _, b := range Find(day, DefaultParams()) {
			got = append(got, [2]int{b.From, b.To})
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: %v, not %v", name, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: %v, not %v", name, got, c.want)
			}
		}
	}
}

// A topic that is as busy as every week at this hour does not burst, though it does
// so for whoever knows no weeks.
func TestWhatComesEveryWeek(t *testing.T) {
	t.Parallel()
	of := func(known int) int {
		day := week(rand.New(rand.NewPCG(2, 2)), 200, known, 1)
		topic := &day.Topics[3]
		topic.Hours, topic.Ticks = map[int]int{}, map[int]Tick{}
		burst(topic, 240, 252, 30, 25) // Hour 20.
		for back := 20 - Week; back >= -known; back -= Week {
			topic.Hours[back] = 340
		}
		n := 0
		for _, b := range Find(day, DefaultParams()) {
			if b.Topic == topic {
				n++
			}
		}
		return n
	}
	if got := of(6 * Week); got != 0 {
		t.Error("what comes every week is a burst")
	}
	if got := of(24); got != 1 {
		t.Error("what nobody knows to come is none")
	}
}

// Nothing bursts where nothing is planted: topics with the variance that they have
// had, some of them with 20 posts in most five minutes.
func TestNoBurstsByChance(t *testing.T) {
	t.Parallel()
	found, busy := 0, 0
	for seed := range uint64(20) {
		day := week(rand.New(rand.NewPCG(seed, 3)), 60, 2*Week, 100)
		for i := range day.Topics {
			for _, tick := range day.Topics[i].Ticks {
				if tick.Posts >= 20 {
					busy++
				}
			}
		}
		found += len(Find(day, DefaultParams()))
	}
	if busy < 10_000 || found > 1 {
		t.Errorf("%d bursts by chance among %d busy ticks", found, busy)
	}
}

// The tail is that of the distribution, summed.
func TestNegativeBinomialTail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n          int
		mean, size float64
	}{{1, 0.5, 1}, {20, 5, 2}, {3, 10, 0.7}, {50, 20, 30}, {7, 2, math.Inf(1)}} {
		below := 0.0
		for k := range c.n {
			if math.IsInf(c.size, 1) {
				below += math.Exp(float64(k)*math.Log(c.mean) - c.mean - lgamma(float64(k)+1))
				continue
			}
			below += math.Exp(lgamma(float64(k)+c.size) - lgamma(c.size) - lgamma(float64(k)+1) + c.size*math.Log(c.size/(c.size+c.mean)) + float64(k)*math.Log(c.mean/(c.size+c.mean)))
		}
		if got := negativeBinomialTail(c.n, c.mean, c.size); math.Abs(got-(1-below)) > 1e-9 {
			t.Errorf("P(n >= %d) with mean %v and size %v is %v, not %v", c.n, c.mean, c.size, got, 1-below)
		}
	}
	if negativeBinomialTail(0, 1, 1) != 1 || negativeBinomialTail(20, 0, 1) != 0 {
		t.Error("the ends are wrong")
	}
}

func lgamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}

func TestTheSameTwice(t *testing.T) {
	t.Parallel()
	day := week(rand.New(rand.NewPCG(4, 4)), 100, Week, 3)
	for i := range day.Topics {
		burst(&day.Topics[i], 50+i, 60+i, 100, 60)
	}
	a, b := Find(day, DefaultParams()), Find(day, DefaultParams())
	if len(a) == 0 || len(a) != len(b) {
		t.Fatalf("%d bursts, then %d", len(a), len(b))
	}
	for i := range a {
		if a[i] != b[i] {
			t.Errorf("%+v, then %+v", a[i], b[i])
		}
	}
}

func BenchmarkFind(b *testing.B) {
	day := week(rand.New(rand.NewPCG(5, 5)), 2000, Week, 3)
	for i := range 50 {
		burst(&day.Topics[i], 50+i, 60+i, 100, 60)
	}
	b.ReportAllocs()
	for b.Loop() {
		Find(day, DefaultParams())
	}
}
