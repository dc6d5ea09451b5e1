package bluesky

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/internal/replay"
	"github.com/election-observatory/observatory/schema"
)

// TestEveryEventIsStoredOnceUnderFaults disturbs connections in every way, and
// counts what the log has against what the source has.
func TestEveryEventIsStoredOnceUnderFaults(t *testing.T) {
	t.Parallel()
	repeat := func(n int, f replay.JetstreamFault) []replay.JetstreamFault {
		return slices.Repeat([]replay.JetstreamFault{f}, n)
	}
	for name, c := range map[string]struct {
		faults  []replay.JetstreamFault
		rejects map[schema.Reason]int
		outage  schema.Outage
		lost    int  // Events that a reject stands for.
		v2      bool // Of version 2 alone.
	}{
		"none":                  {},
		"cut":                   {faults: repeat(5, replay.JetstreamFault{After: 177, Cut: true}), outage: schema.OutageClosed},
		"cut at once":           {faults: repeat(5, replay.JetstreamFault{Cut: true}), outage: schema.OutageClosed},
		"cut after a few":       {faults: repeat(20, replay.JetstreamFault{After: 3, Cut: true}), outage: schema.OutageClosed},
		"half a frame":          {faults: repeat(5, replay.JetstreamFault{After: 180, Half: true}), outage: schema.OutageClosed},
		"mute":                  {faults: repeat(2, replay.JetstreamFault{After: 50, Mute: true}), outage: schema.OutageTimeout},
		"twice":                 {faults: repeat(1, replay.JetstreamFault{Twice: true})},
		"out of order":          {faults: repeat(1, replay.JetstreamFault{Swap: true})},
		"out of order, and cut": {faults: repeat(5, replay.JetstreamFault{Swap: true, After: 191, Cut: true}), outage: schema.OutageClosed},
		"slow":                  {faults: repeat(1, replay.JetstreamFault{Pause: 100 * time.Microsecond})},
		"refused":               {faults: repeat(3, replay.JetstreamFault{Status: 503}), outage: schema.OutageServer},
		"too many":              {faults: repeat(1, replay.JetstreamFault{Status: 429, RetryAfter: "1"}), outage: schema.OutageRateLimited},
		"oversized":             {faults: repeat(1, replay.JetstreamFault{After: 100, Oversize: 3 << 19}), rejects: map[schema.Reason]int{schema.ReasonTooLarge: 1}, lost: 1},
		"without an end":        {faults: repeat(1, replay.JetstreamFault{After: 100, Oversize: 40 << 20}), rejects: map[schema.Reason]int{schema.ReasonTooLarge: 1}, lost: 1, outage: schema.OutageContent},
		"garbage":               {faults: repeat(1, replay.JetstreamFault{After: 500, Garbage: true}), rejects: map[schema.Reason]int{schema.ReasonSyntax: 100}},
		"an error":              {faults: repeat(3, replay.JetstreamFault{After: 90, Error: "ConsumerTooSlow"}), rejects: map[schema.Reason]int{schema.ReasonUpstream: 3}, outage: schema.OutageTooSlow, v2: true},
	} {
		for _, api := range []string{apiV1, apiV2} {
			if c.v2 && api == apiV1 {
				continue
			}
			t.Run(name+"/"+api, func(t *testing.T) {
				t.Parallel()
				source := replay.Generated{Seed: 2, PerSecond: 15, Start: start(), End: 1000}
				host := replay.NewJetstream(source, fixed(start().Add(time.Hour)), 36*time.Hour, 1)
				host.Faults.Add(replay.JetstreamConnect, c.faults...)
				cfg := config(api, serve(t, host))
				cfg.Likes, cfg.Follows, cfg.MaxMessage = askCount, askCount, 1<<20
				if name == "mute" {
					cfg.Silence = 300 * time.Millisecond
				}
				want := contentsOf(source, 0, source.End)
				j := newJournal(func(j *journal) bool {
					return len(j.posts)+len(j.deletes)+len(j.accounts) == want.events()-c.lost
				})
				collect(t, cfg, collectors.NewCursors(quick(t)), clock(start().Add(-time.Second)), j)
				rejects := map[schema.Reason]int{}
				for _, r := range j.rejects {
					rejects[schema.Reason(r.GetReason())]++
				}
				if fmt.Sprint(rejects) != fmt.Sprint(c.rejects) && len(rejects)+len(c.rejects) > 0 {
					t.Errorf("rejects %v, want %v", rejects, c.rejects)
				}
				checkCounts(t, j, want, c.lost, len(j.rejects), c.outage)
				if left := host.Faults.Left(replay.JetstreamConnect); left > 0 {
					t.Errorf("%d faults did not happen", left)
				}
			})
		}
	}
}

// checkCounts holds coverage against what the source has: each event once, and
// nothing declared as lost.
func checkCounts(t *testing.T, j *journal, want contents, lost, rejects int, outage schema.Outage) {
	t.Helper()
	var received, emitted, kinds, rejected int
	for _, c := range j.parts(partLive) {
		received, emitted = received+int(c.GetReceived()), emitted+int(c.GetEmitted())
		for _, n := range c.GetKinds() {
			kinds += int(n)
		}
		for _, n := range c.GetRejected() {
			rejected += int(n)
		}
	}
	if most := want.events() + want.counted; kinds > most || kinds < most-3-lost || received != kinds+rejected || rejected != rejects || emitted != want.events()-lost {
		t.Errorf("coverage: received %d (%d by kind, %d rejected), emitted %d; the source has %d and %d to count", received, kinds, rejected, emitted, want.events(), want.counted)
	}
	if gaps := j.parts(partGap); len(gaps) > 0 {
		t.Errorf("declared as lost: %v", gaps)
	}
	outages := j.parts(partOutage)
	for _, o := range outages {
		if o.GetConnected() || o.GetGapReason() != string(outage) {
			t.Errorf("an outage %q, connected: %v; want %q", o.GetGapReason(), o.GetConnected(), outage)
		}
	}
	if (len(outages) > 0) != (outage != "") {
		t.Errorf("%d outages, want %q", len(outages), outage)
	}
}
