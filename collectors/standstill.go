package collectors

import (
	"context"
	"sync"
	"time"

	"github.com/election-observatory/observatory/schema"
)

// Standstill states in coverage that nothing is collected, for sources that do not run
// and cannot say so themselves. It learns them from the coverage that passes.
type Standstill struct {
	mu      sync.Mutex
	sources map[string]*schema.Coverage
}

// standstillPart tells its records from those of the sources.
const standstillPart = "standstill"

// Watch passes batches on, and notes whose coverage they state.
func (s *Standstill) Watch(emit Emit) Emit {
	return func(ctx context.Context, batch []*schema.Event) error {
		s.mu.Lock()
		for _, ev := range batch {
			if c := ev.GetCoverage(); c != nil {
				if s.sources == nil {
					s.sources = map[string]*schema.Coverage{}
				}
				s.sources[c.GetSource()] = &schema.Coverage{Source: c.GetSource(), Collector: c.GetCollector(), Platform: c.GetPlatform()}
			}
		}
		s.mu.Unlock()
		return emit(ctx, batch)
	}
}

// Minute are records that no source was connected in the minute of a time.
func (s *Standstill) Minute(at time.Time, why schema.Outage) []*schema.Event {
	return s.records(at, why, nil)
}

// Gap are records that nothing was collected from one time to another, by any source.
func (s *Standstill) Gap(from, to time.Time, why schema.Outage) []*schema.Event {
	return s.records(from, why, func(c *schema.Coverage) { c.GapFromMs, c.GapToMs = from.UnixMilli(), to.UnixMilli() })
}

func (s *Standstill) records(at time.Time, why schema.Outage, change func(*schema.Coverage)) []*schema.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	events := make([]*schema.Event, 0, len(s.sources))
	for _, of := range s.sources {
		c := &schema.Coverage{
			Source: of.GetSource(), Collector: of.GetCollector(), Platform: of.GetPlatform(),
			MinuteMs: at.UnixMilli() / minuteMS * minuteMS, Part: standstillPart, GapReason: string(why),
		}
		if change != nil {
			change(c)
		}
		events = append(events, &schema.Event{Kind: &schema.Event_Coverage{Coverage: c}})
	}
	return events
}
