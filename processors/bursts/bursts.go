package bursts

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Params says what stands out.
type Params struct {
	MinPosts    int     // Posts in five minutes.
	MinAccounts int     // Distinct accounts in five minutes.
	FDR         float64 // q below which five minutes stand out.
	InARow      int     // How many must, one after the other.
	Apart       int     // Ticks without that end a burst.
	Known       int     // Hours of the study before the day, below which nothing can stand out.
}

// DefaultParams asks for 20 posts by 10 accounts, twice in a row, and a day before.
func DefaultParams() Params {
	return Params{MinPosts: 20, MinAccounts: 10, FDR: 1e-3, InARow: 2, Apart: 12, Known: 24}
}

// Version names the parameters.
func (p Params) Version() string {
	return fmt.Sprintf("%d/%d/%g/%d/%d/%d", p.MinPosts, p.MinAccounts, p.FDR, p.InARow, p.Apart, p.Known)
}

// Time is counted in ticks of five minutes and in hours, both from 0 at the start
// of the day that is looked at.
const (
	TicksPerHour = 12
	TicksPerDay  = 24 * TicksPerHour
	Week         = 7 * 24 // Hours.
	History      = 8 * Week
)

// Tick is what there was in five minutes.
type Tick struct{ Posts, Accounts int }

// Topic is a topic on a day.
type Topic struct {
	Kind, Name string
	Hours      map[int]int  // Posts of hours before the end of the day: -1 is the last of the day before.
	Ticks      map[int]Tick // From 0 to TicksPerDay-1.
}

// Day is a day with all that is known before it.
type Day struct {
	Topics []Topic             // Those that could burst: others may be left out.
	Kinds  map[string]*Overall // What holds of all topics of a kind.
	Known  int                 // Hours of the study before the day, at most History.
}

// Overall is what holds of all topics of a kind.
type Overall struct {
	Topics int         // How many there are, busy or not, in the last seven days or on the day.
	Hours  map[int]int // Posts of all of them, by hour, as in Topic.
}

// Burst is a burst of a topic. Ticks are of the day.
type Burst struct {
	Topic    *Topic
	From, To int     // Ticks, the second excluded.
	Expected float64 // Posts.
	Peak     int     // Most posts in a tick.
	P, Q     float64 // Those of the tick that stands out most.
}

// finding is a tick of a topic that may stand out.
type finding struct {
	topic, tick int
	expected    float64
	p, q        float64
}

// Find finds the bursts of a day, in the order of their topics and times.
func Find(day *Day, params Params) []Burst {
	if day.Known < params.Known {
		return nil
	}
	byTick, baselines := busy(day, params)
	all := 0
	for _, overall := range day.Kinds {
		all += overall.Topics
	}
	stands := map[int][]finding{}
	for _, list := range byTick {
		adjust(list, max(all, len(list)))
		for _, f := range list {
			if f.q < params.FDR {
				stands[f.topic] = append(stands[f.topic], f)
			}
		}
	}
	var found []Burst
	for i := range day.Topics {
		found = append(found, spells(&day.Topics[i], baselines[i], stands[i], params)...)
	}
	slices.SortFunc(found, func(a, b Burst) int {
		return cmp.Or(strings.Compare(a.Topic.Kind, b.Topic.Kind), strings.Compare(a.Topic.Name, b.Topic.Name), cmp.Compare(a.From, b.From))
	})
	return found
}

// busy are the ticks in which topics have enough posts and accounts to stand out,
// and what is expected of these topics.
func busy(day *Day, params Params) (byTick [][]finding, baselines []*baseline) {
	byTick, baselines = make([][]finding, TicksPerDay), make([]*baseline, len(day.Topics))
	pooled := pool(day)
	for i := range day.Topics {
		topic := &day.Topics[i]
		for tick, count := range topic.Ticks {
			if count.Posts < params.MinPosts || count.Accounts < params.MinAccounts || tick < 0 || tick >= TicksPerDay {
				continue
			}
			if baselines[i] == nil {
				baselines[i] = newBaseline(topic, day, pooled[topic.Kind])
			}
			expected := baselines[i].hour(tick/TicksPerHour) / TicksPerHour
			byTick[tick] = append(byTick[tick], finding{topic: i, tick: tick, expected: expected, p: negativeBinomialTail(count.Posts, expected, baselines[i].size)})
		}
	}
	return byTick, baselines
}

// adjust sets q as Benjamini and Hochberg do, of so many tests.
func adjust(list []finding, tests int) {
	slices.SortFunc(list, func(a, b finding) int { return cmp.Or(cmp.Compare(a.p, b.p), cmp.Compare(a.topic, b.topic)) })
	least := 1.0
	for i := len(list) - 1; i >= 0; i-- {
		least = min(least, list[i].p*float64(tests)/float64(i+1))
		list[i].q = least
	}
}

// spells makes bursts of the ticks of a topic that stand out, in order.
func spells(topic *Topic, b *baseline, stands []finding, params Params) []Burst {
	var found []Burst
	for from := 0; from < len(stands); {
		to, row, longest := from+1, 1, 1
		for to < len(stands) && stands[to].tick-stands[to-1].tick <= params.Apart {
			if row++; stands[to].tick > stands[to-1].tick+1 {
				row = 1
			}
			longest = max(longest, row)
			to++
		}
		if longest >= params.InARow {
			found = append(found, spell(topic, b, stands[from:to]))
		}
		from = to
	}
	return found
}

func spell(topic *Topic, base *baseline, stands []finding) Burst {
	b := Burst{Topic: topic, From: stands[0].tick, To: stands[len(stands)-1].tick + 1, P: 1, Q: 1}
	for tick := b.From; tick < b.To; tick++ {
		b.Expected += base.hour(tick/TicksPerHour) / TicksPerHour
		b.Peak = max(b.Peak, topic.Ticks[tick].Posts)
	}
	for _, f := range stands {
		if f.p < b.P {
			b.P, b.Q = f.p, f.q
		}
	}
	return b
}
