package collectors

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

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
	lags      map[int64][]float64 // Seconds, by minute, until they are records.
}

// lagSamples are enough for a median.
const lagSamples = 999

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

// Lag notes how long after it was published an event arrived, for the median of
// its minute. Times are Unix milliseconds.
func (t *Tally) Lag(ms, publishedMS, collectedMS int64) {
	if publishedMS <= 0 || collectedMS < publishedMS {
		return
	}
	minute := t.Minute(ms).GetMinuteMs()
	if t.lags == nil {
		t.lags = map[int64][]float64{}
	}
	if len(t.lags[minute]) < lagSamples {
		t.lags[minute] = append(t.lags[minute], float64(collectedMS-publishedMS)/1000)
	}
}

// Events are the records, in the order of their minutes, under one part; the
// tally begins anew.
func (t *Tally) Events(part string) []*schema.Event {
	events := make([]*schema.Event, 0, len(t.minutes))
	for _, minute := range slices.Sorted(maps.Keys(t.minutes)) {
		c := t.minutes[minute]
		c.Part = part
		t.setLag(c)
		events = append(events, &schema.Event{Kind: &schema.Event_Coverage{Coverage: c}})
	}
	t.minutes, t.lags = nil, nil
	return events
}

func (t *Tally) setLag(c *schema.Coverage) {
	if lags := t.lags[c.GetMinuteMs()]; len(lags) > 0 {
		slices.Sort(lags)
		c.LagS = lags[len(lags)/2]
	}
}

// Running are the records as they stand, for a source that goes on: each says
// all that was counted of its minute, and replaces what was said of it before.
// What stands in Running and in State must be written in this order: the records
// to the log, the state into the cursor.
func (t *Tally) Running(part string) []*schema.Event {
	events := make([]*schema.Event, 0, len(t.minutes))
	for _, minute := range slices.Sorted(maps.Keys(t.minutes)) {
		c := t.minutes[minute]
		c.Part = part
		t.setLag(c)
		events = append(events, &schema.Event{Kind: &schema.Event_Coverage{Coverage: proto.CloneOf(c)}})
	}
	return events
}

// Close forgets the minutes that begin before a time; they were written and
// nothing is added to them any more.
func (t *Tally) Close(beforeMS int64) {
	for minute := range t.minutes {
		if minute < beforeMS {
			delete(t.minutes, minute)
			delete(t.lags, minute)
		}
	}
}

// State is what a cursor keeps of the minutes that are still counted, so that
// whoever goes on from the cursor goes on counting where it stood.
func (t *Tally) State() []*schema.Coverage {
	state := make([]*schema.Coverage, 0, len(t.minutes))
	for _, minute := range slices.Sorted(maps.Keys(t.minutes)) {
		state = append(state, t.minutes[minute])
	}
	return state
}

// Restore goes on from a state.
func (t *Tally) Restore(state []*schema.Coverage) {
	t.minutes, t.lags = map[int64]*schema.Coverage{}, nil
	for _, c := range state {
		c.Source, c.Collector, c.Platform = t.Source, t.Collector, t.Platform
		if c.Rejected == nil {
			c.Rejected = map[string]uint64{}
		}
		if c.Kinds == nil {
			c.Kinds = map[string]uint64{}
		}
		t.minutes[c.GetMinuteMs()] = c
	}
}
