package collectors

import (
	"maps"
	"slices"

	"github.com/election-observatory/observatory/schema"
)

const (
	minuteMS = 60_000
	lastMS   = 4102444800000 - minuteMS // The last minute before 2100.
)

// Tally counts what one source delivered, by minute, until Events makes the
// coverage records of it. It is not safe for concurrent use.
type Tally struct {
	Source    string
	Collector string
	Platform  schema.Platform
	minutes   map[int64]*schema.Coverage
}

// Minute is the record of the minute that a time, in Unix milliseconds, lies in.
func (t *Tally) Minute(ms int64) *schema.Coverage {
	minute := min(max(ms, 0), lastMS) / minuteMS * minuteMS
	if t.minutes == nil {
		t.minutes = map[int64]*schema.Coverage{}
	}
	c, ok := t.minutes[minute]
	if !ok {
		c = &schema.Coverage{
			Source: t.Source, Collector: t.Collector, Platform: t.Platform, MinuteMs: minute, Connected: true,
			Rejected: map[string]uint64{}, Kinds: map[string]uint64{},
		}
		t.minutes[minute] = c
	}
	return c
}

// Received counts an event of a kind, and how many of it went to the log.
func (t *Tally) Received(ms int64, kind string, emitted int) {
	c := t.Minute(ms)
	c.Received++
	c.Emitted += uint64(emitted)
	c.Kinds[kind]++
}

// Rejected counts a reject.
func (t *Tally) Rejected(ms int64, reason schema.Reason) {
	c := t.Minute(ms)
	c.Received++
	c.Rejected[string(reason)]++
}

// Events are the records, in the order of their minutes, under one part; the
// tally begins anew.
func (t *Tally) Events(part string) []*schema.Event {
	events := make([]*schema.Event, 0, len(t.minutes))
	for _, minute := range slices.Sorted(maps.Keys(t.minutes)) {
		c := t.minutes[minute]
		c.Part = part
		events = append(events, &schema.Event{Kind: &schema.Event_Coverage{Coverage: c}})
	}
	t.minutes = nil
	return events
}
