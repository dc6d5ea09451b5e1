package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/election-observatory/observatory/processors/bursts"
)

const aboutBursts = `
## Bursts and alerts

Bursts (docs/amplification.md) at their defaults. An organic day has %d hashtags, each with so many posts an hour as a log-normal draw gives (median 3), twice as many in the evening as at
night, and more or fewer from hour to hour (gamma, with a variance of a quarter of the squared mean); before it are so many weeks of the same. Into one hashtag a campaign is put: so many posts by a third as many accounts, spread
evenly over so many minutes. Time to alert is from its first post to the end of the five minutes with which it is a burst; in the store up to a minute and a half is added until it is computed. Each row
is %d days; intervals are Wilson's at 95 %%, and of the others per 1,000 hashtags and day.

`

const topicsDrawn = 300

// organicDay is a day of topics, after so many weeks.
func organicDay(rng *rand.Rand, weeks int) *bursts.Day {
	source := rand.NewPCG(rng.Uint64(), 1)
	day := &bursts.Day{Known: weeks * bursts.Week, Kinds: map[string]*bursts.Overall{"hashtag": {Topics: topicsDrawn, Hours: map[int]int{}}}}
	for i := range topicsDrawn {
		t := bursts.Topic{Kind: "hashtag", Name: strconv.Itoa(i), Hours: map[int]int{}, Ticks: map[int]bursts.Tick{}}
		own := 3 * math.Exp(rng.NormFloat64())
		for hour := -day.Known; hour < 24; hour++ {
			rate := own * (1 - 0.5*math.Cos(2*math.Pi*float64((hour+240_000)%24-6)/24)) * distuv.Gamma{Alpha: 4, Beta: 4, Src: source}.Rand()
			for tick := range bursts.TicksPerHour {
				n := int(distuv.Poisson{Lambda: rate/bursts.TicksPerHour + 1e-12, Src: source}.Rand())
				t.Hours[hour] += n
				day.Kinds["hashtag"].Hours[hour] += n
				if hour >= 0 && n > 0 {
					t.Ticks[hour*bursts.TicksPerHour+tick] = bursts.Tick{Posts: n, Accounts: n}
				}
			}
		}
		day.Topics = append(day.Topics, t)
	}
	return day
}

// flood puts posts into a topic, and returns the tick of the first.
func flood(t *bursts.Topic, rng *rand.Rand, posts, minutes int) int {
	first := 96 + rng.IntN(bursts.TicksPerDay-96-minutes/5) // From eight in the morning on.
	accounts := map[int]map[int]bool{}
	for range posts {
		tick := first + rng.IntN(max(minutes/5, 1))
		if accounts[tick] == nil {
			accounts[tick] = map[int]bool{}
		}
		was := t.Ticks[tick]
		if a := rng.IntN(max(posts/3, 1)); !accounts[tick][a] {
			accounts[tick][a] = true
			was.Accounts++
		}
		was.Posts++
		t.Ticks[tick] = was
		t.Hours[tick/bursts.TicksPerHour]++
	}
	return first
}

// outcome is what a row of days has.
type outcome struct{ found, others, minutes int }

func (o *outcome) day(rng *rand.Rand, weeks, posts, minutes int, params bursts.Params) {
	day := organicDay(rng, weeks)
	first := flood(&day.Topics[0], rng, posts, minutes)
	seen := false
	for _, b := range bursts.Find(day, params) {
		if b.Topic != &day.Topics[0] {
			o.others++
		} else if !seen && b.To > first {
			seen = true
			o.found++
			o.minutes += 5 * (detected(day, b, params) - first)
		}
	}
}

// detected is the tick at whose end the burst was one: the first at which the day up
// to there has it.
func detected(day *bursts.Day, b bursts.Burst, params bursts.Params) int {
	whole := b.Topic.Ticks
	defer func() { b.Topic.Ticks = whole }()
	for end := b.From + 1; end < b.To; end++ {
		b.Topic.Ticks = map[int]bursts.Tick{}
		for tick, n := range whole {
			if tick < end {
				b.Topic.Ticks[tick] = n
			}
		}
		for _, early := range bursts.Find(day, params) {
			if early.Topic == b.Topic && early.To > b.From {
				return end
			}
		}
	}
	return b.To
}

func flooding(page io.Writer, _ string) error {
	fmt.Fprintf(page, aboutBursts, topicsDrawn, seeds)
	fmt.Fprint(page, "| Weeks before | Posts | Minutes | Recall | Others, per 1,000 hashtags and day | Minutes to the alert |\n|---:|---:|---:|---|---|---:|\n")
	for _, weeks := range []int{1, 4} {
		for _, posts := range []int{50, 100, 200, 500, 1000} {
			for _, minutes := range []int{10, 60, 240} {
				floods(page, fmt.Sprintf("%d | %d | %d", weeks, posts, minutes), weeks, posts, minutes, bursts.DefaultParams())
			}
		}
	}
	fmt.Fprint(page, "\nOne default changed at a time, for 200 posts in an hour after a week:\n\n| Changed | Recall | Others, per 1,000 hashtags and day | Minutes to the alert |\n|---|---|---|---:|\n")
	for _, c := range []struct {
		name   string
		change func(*bursts.Params)
	}{
		{"nothing", func(*bursts.Params) {}},
		{"at least 10 posts", func(p *bursts.Params) { p.MinPosts = 10 }},
		{"at least 40 posts", func(p *bursts.Params) { p.MinPosts = 40 }},
		{"at least 5 accounts", func(p *bursts.Params) { p.MinAccounts = 5 }},
		{"at least 20 accounts", func(p *bursts.Params) { p.MinAccounts = 20 }},
		{"q below 0.05", func(p *bursts.Params) { p.FDR = 0.05 }},
		{"q below 0.00001", func(p *bursts.Params) { p.FDR = 1e-5 }},
		{"once is enough", func(p *bursts.Params) { p.InARow = 1 }},
		{"three in a row", func(p *bursts.Params) { p.InARow = 3 }},
		{"ended after half an hour", func(p *bursts.Params) { p.Apart = 6 }},
		{"ended after two hours", func(p *bursts.Params) { p.Apart = 24 }},
		{"10 posts by 5 accounts, q below 0.05", func(p *bursts.Params) { p.MinPosts, p.MinAccounts, p.FDR = 10, 5, 0.05 }},
	} {
		params := bursts.DefaultParams()
		c.change(&params)
		floods(page, c.name, 1, 200, 60, params)
	}
	alarms(page)
	return nil
}

func floods(page io.Writer, name string, weeks, posts, minutes int, params bursts.Params) {
	var o outcome
	for seed := range uint64(seeds) {
		o.day(rand.New(rand.NewPCG(seed, 51)), weeks, posts, minutes, params) //nolint:gosec // Days are to be the same again.
	}
	took := "–"
	if o.found > 0 {
		took = strconv.Itoa(o.minutes / o.found)
	}
	fmt.Fprintf(page, "| %s | %s | %s | %s |\n", name, wilson(o.found, seeds), perThousand(o.others, seeds*(topicsDrawn-1)), took)
}

// alarms says which bursts are alerts, by how many of their posts are by flagged
// accounts.
func alarms(page io.Writer) {
	const drawn = 2000
	fmt.Fprintf(page, `
A burst is an alert where at least a fifth of its posts, at the lower end of Wilson's interval, are by flagged or by new accounts. Of %d bursts of so many posts, of which each is by
a flagged account with the same probability (an organic burst has about as many as all of the study; what makes accounts flagged is above):

| Posts | 1 %% | 5 %% | 10 %% | 15 %% | 20 %% | 30 %% | 50 %% |
|---:|---:|---:|---:|---:|---:|---:|---:|
`, drawn)
	rng := rand.New(rand.NewPCG(1, 53)) //nolint:gosec // Likewise.
	for _, posts := range []int{40, 100, 400, 2000} {
		fmt.Fprintf(page, "| %d |", posts)
		for _, share := range []float64{0.01, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5} {
			told := 0
			for range drawn {
				flagged := 0
				for range posts {
					if rng.Float64() < share {
						flagged++
					}
				}
				if low, _ := bounds(flagged, posts); low >= 0.2 {
					told++
				}
			}
			fmt.Fprintf(page, " %.3f |", float64(told)/drawn)
		}
		fmt.Fprintln(page)
	}
}
