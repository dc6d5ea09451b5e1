package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/election-observatory/observatory/processors/automation"
)

const aboutAutomation = `
## Automation index

The index (docs/amplification.md) at its defaults over seven days. There are no labels for the platforms of today: these accounts are invented, so that the table says what
the index reacts to, and not how many accounts of a platform are automated. People sleep about seven hours, post in sessions, some minutes apart; how much they post is log-normal
(median 100 in the week); one in twenty accounts is younger than 30 days. Each row is %d draws of %d accounts. Flagged is an index of %g and more; intervals are Wilson's at 95 %%. The last columns
are the share flagged if that were 2 or 2.5.

`

const (
	accountsDrawn = 100
	minuteMS      = 60_000.0
	hourMS        = 60 * minuteMS
	dayMS         = 24 * hourMS
	weekDays      = 7
)

var periodBegin = float64(time.Date(2024, 6, 3, 0, 0, 0, 0, time.UTC).UnixMilli()) //nolint:gochecknoglobals // A constant.

// kind of accounts, of which one is drawn.
type kind struct {
	name string
	draw func(rng *rand.Rand) automation.Account
}

// awake are sessions of posts on seven days, with so many posts in all.
func awake(rng *rand.Rand, posts int) []float64 {
	var times []float64
	wakes, sleeps := 6.5+rng.NormFloat64(), 23+rng.NormFloat64()
	for len(times) < posts {
		at := float64(rng.IntN(weekDays))*dayMS + (wakes+rng.Float64()*(sleeps-wakes))*hourMS
		for range 1 + int(rng.ExpFloat64()*4) {
			times = append(times, at)
			at += math.Exp(math.Log(2.5)+rng.NormFloat64()) * minuteMS
		}
	}
	return times
}

func volume(rng *rand.Rand) int { return 10 + int(90*math.Exp(0.9*rng.NormFloat64())) }

// account is one with posts at these times of the period, as others of its age.
func account(rng *rand.Rand, times []float64) automation.Account {
	var a automation.Account
	for _, t := range times {
		if t >= 0 && t < weekDays*dayMS {
			a.Times = append(a.Times, int64(periodBegin+t))
		}
	}
	slices.Sort(a.Times)
	a.Texts = len(a.Times) / 2
	a.Duplicates = int(float64(a.Texts) * 0.1 * rng.Float64()) // Quotes and jokes.
	if rng.IntN(4) == 0 {
		a.Deleted = rng.IntN(1 + len(a.Times)/20)
		a.DeletedFast = a.Deleted / 2 // Slips of the pen.
	}
	age := (30 + 3000*rng.Float64()) * dayMS
	if rng.IntN(20) == 0 {
		age = rng.Float64() * 30 * dayMS
	}
	a.CreatedMS = int64(periodBegin + weekDays*dayMS - age)
	for range len(a.Times) / 4 { // Reposts of what scrolls by.
		a.Delays = append(a.Delays, math.Exp(math.Log(3600)+2*rng.NormFloat64()))
	}
	return a
}

// clock posts every so many minutes, give or take, between hours of the day.
func clock(rng *rand.Rand, every, jitter, from, to float64) []float64 {
	var times []float64
	for at := 0.0; at < weekDays*dayMS; at += every * minuteMS {
		if hour := math.Mod(at, dayMS) / hourMS; hour >= from && hour < to {
			times = append(times, at+jitter*minuteMS*(2*rng.Float64()-1))
		}
	}
	return times
}

func kinds() []kind { return append(people(), programs()...) }

func people() []kind {
	return []kind{
		{"people", func(rng *rand.Rand) automation.Account { return account(rng, awake(rng, volume(rng))) }},
		{"people, times in whole minutes", func(rng *rand.Rand) automation.Account {
			a := account(rng, awake(rng, volume(rng)))
			for i := range a.Times {
				a.Times[i] -= a.Times[i] % minuteMS
			}
			return a
		}},
		{"people who post 70 a day", func(rng *rand.Rand) automation.Account { return account(rng, awake(rng, 490)) }},
		{"people with 300 posts on one evening", func(rng *rand.Rand) automation.Account {
			times := awake(rng, volume(rng))
			for range 300 {
				times = append(times, 6*dayMS+(18+5*rng.Float64())*hourMS)
			}
			return account(rng, times)
		}},
		{"people with accounts of a few days", func(rng *rand.Rand) automation.Account {
			a := account(rng, awake(rng, volume(rng)))
			a.CreatedMS = int64(periodBegin)
			return a
		}},
		{"people, and a scheduler that posts on the hour for them by day", func(rng *rand.Rand) automation.Account {
			return account(rng, append(awake(rng, volume(rng)), clock(rng, 60, 0, 8, 20)...))
		}},
		{"a newsroom that declares nothing: 60 a day by three shifts, half of them on the quarter hours", func(rng *rand.Rand) automation.Account {
			times := clock(rng, 45, 0, 0, 24)
			for range 210 {
				times = append(times, rng.Float64()*weekDays*dayMS)
			}
			return account(rng, times)
		}},
	}
}

func programs() []kind {
	return []kind{
		{"a program: every 30 minutes, to two seconds", func(rng *rand.Rand) automation.Account {
			return account(rng, clock(rng, 30, 1.0/30, 0, 24))
		}},
		{"a program: every 30 minutes, give or take 10", func(rng *rand.Rand) automation.Account {
			return account(rng, clock(rng, 30, 10, 0, 24))
		}},
		{"a program: on the hour, from 8 to 20", func(rng *rand.Rand) automation.Account {
			return account(rng, clock(rng, 60, 0, 8, 20))
		}},
		{"a program: 60 a day at random times, day and night", func(rng *rand.Rand) automation.Account {
			times := make([]float64, 420)
			for i := range times {
				times[i] = rng.Float64() * weekDays * dayMS
			}
			return account(rng, times)
		}},
		{"a program: 200 a day at random times, young, all copies", func(rng *rand.Rand) automation.Account {
			times := make([]float64, 1400)
			for i := range times {
				times[i] = rng.Float64() * weekDays * dayMS
			}
			a := account(rng, times)
			a.Duplicates, a.CreatedMS = a.Texts, int64(periodBegin)
			return a
		}},
		{"a program: reposts after 30 seconds what people write", func(rng *rand.Rand) automation.Account {
			a := account(rng, awake(rng, volume(rng)))
			a.Texts, a.Duplicates, a.Delays = 0, 0, nil
			for range a.Times {
				a.Delays = append(a.Delays, 30+rng.Float64())
			}
			return a
		}},
		{"a program: deletes what it posts after five minutes", func(rng *rand.Rand) automation.Account {
			a := account(rng, awake(rng, volume(rng)))
			a.Deleted = 9 * len(a.Times)
			a.DeletedFast = a.Deleted
			return a
		}},
		{"a program that lives as people do", func(rng *rand.Rand) automation.Account { return account(rng, awake(rng, volume(rng))) }},
	}
}

func automated(page io.Writer, data string) error {
	fmt.Fprintf(page, aboutAutomation, seeds, accountsDrawn, automation.High)
	fmt.Fprint(page, "| Accounts | No score | Median index, 95th percentile | Flagged | At 2 | At 2.5 | 50 a day and more |\n|---|---:|---:|---|---:|---:|---:|\n")
	for _, k := range kinds() {
		var indices []float64
		frequent := 0
		for seed := range uint64(seeds) {
			rng := rand.New(rand.NewPCG(seed, 41)) //nolint:gosec // Accounts are to be the same again.
			for range accountsDrawn {
				a := k.draw(rng)
				s := automation.Assess(&a, automation.Period{ToMS: int64(periodBegin + weekDays*dayMS), Days: weekDays}, automation.DefaultParams())
				if s.Status == automation.Scored {
					indices = append(indices, s.Index)
				}
				if s.HighFrequency {
					frequent++
				}
			}
		}
		all := float64(seeds * accountsDrawn)
		fmt.Fprintf(page, "| %s | %.3f | %s | %s | %.3f | %.3f | %.3f |\n", k.name, 1-float64(len(indices))/all, quantiles(indices),
			wilson(above(indices, automation.High), seeds*accountsDrawn), float64(above(indices, 2))/all, float64(above(indices, 2.5))/all, float64(frequent)/all)
	}
	if err := agencyIndex(page, data); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func above(values []float64, least float64) (n int) {
	for _, v := range values {
		if v >= least {
			n++
		}
	}
	return n
}

func quantiles(values []float64) string {
	if len(values) == 0 {
		return "–"
	}
	slices.Sort(values)
	return fmt.Sprintf("%.2f, %.2f", values[len(values)/2], values[len(values)*19/20])
}

// agencyIndex scores each week of the accounts of the Internet Research Agency.
func agencyIndex(page io.Writer, data string) error {
	type week struct {
		account string
		number  int64
	}
	times := map[week][]int64{}
	err := readGzip(filepath.Join(data, "campaign", "ira_german_2017.csv.gz"), func(r map[string]string) {
		if at, err := time.Parse(time.DateTime, r["publish_date"]); err == nil {
			w := week{r["author_id"], at.Unix() / (weekDays * 86_400)}
			times[w] = append(times[w], at.UnixMilli())
		}
	})
	if err != nil {
		return err
	}
	var indices []float64
	accounts := map[string]bool{}
	frequent := 0
	for w, list := range times {
		slices.Sort(list)
		s := automation.Assess(&automation.Account{Times: list}, automation.Period{ToMS: (w.number + 1) * weekDays * dayMS, Days: weekDays}, automation.DefaultParams())
		if s.Status == automation.Scored {
			indices = append(indices, s.Index)
			accounts[w.account] = true
		}
		if s.HighFrequency {
			frequent++
		}
	}
	fmt.Fprintf(page, `
Of the Internet Research Agency's accounts in German (2017, whole minutes, no ages, deletions, delays or copies taken into account), %d have %d weeks with a score: median and 95th
percentile %s, %d of 2 and more, %d flagged; %d weeks have 50 posts a day and more. Whether people or programs wrote is not known of them.
`, len(accounts), len(indices), quantiles(indices), above(indices, 2), above(indices, automation.High), frequent)
	return nil
}
