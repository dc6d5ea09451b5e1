package demo

import (
	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/schema"
)

// cover begins the coverage of an hour: a record of each source and minute, with
// what was to be expected of it. That is an ordinary week's: nobody expects the
// night of the results.
func (m *maker) cover(at int) {
	for p := range m.tallies {
		t := &m.tallies[p]
		*t = collectors.Tally{Source: m.w.sources[p], Collector: m.w.sources[p], Platform: platforms()[p]}
		expected := m.w.expected(p, at)
		for minute := range 60 {
			ms := startMS() + int64(at)*hourMS + int64(minute)*minuteMS
			c, due := t.Minute(ms), uint64(expected*(minute+1)/60-expected*minute/60)
			c.Expected = &due
			m.interrupt(c, p, ms)
		}
	}
}

// expected is how many posts a source is expected to deliver in an hour.
func (w *Week) expected(platform, at int) int {
	of := &w.hours[at]
	sum := 0
	for i, t := range w.tongues {
		sum += of.weights[i] * t.platforms[platform]
	}
	return int(int64(of.posts) * int64(sum) / int64(of.sum) / int64(excitement(at)))
}

// interrupt says that a source is down in a minute, and in the first of these what
// is missing.
func (m *maker) interrupt(c *schema.Coverage, platform int, ms int64) {
	for _, o := range m.w.outages {
		if o.platform != platform || o.reason == "" {
			continue
		}
		if o.holds(ms) {
			c.Connected, c.GapReason = false, string(o.reason)
		}
		if ms == o.from {
			c.GapFromMs, c.GapToMs = o.from, o.to
		}
	}
}

// received counts what came of a post, in the minute in which it was written.
func (m *maker) received(p *schema.Post, platform, events int, late bool) {
	t, ms := &m.tallies[platform], p.GetClaimedMs()
	for range events {
		t.Received(ms, p.GetKind().Name(), 1)
	}
	if late {
		t.Minute(ms).Late++
		return
	}
	t.Lag(ms, ms, p.GetCollectedMs())
}
