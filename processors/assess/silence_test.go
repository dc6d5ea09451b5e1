package assess_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/election-observatory/observatory/processors/assess"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

// covered is a source that delivers one event every so many minutes, from its
// first to its last minute, but for those in between that quiet says.
func covered(source, collector string, first, last, every int, quiet func(minute int) bool) []*schema.Coverage {
	var rows []*schema.Coverage
	for m := first; m < last; m++ {
		c := &schema.Coverage{Source: source, Collector: collector, Platform: schema.PlatformRSS, MinuteMs: epoch + int64(m)*60_000, Connected: true}
		switch {
		case quiet != nil && quiet(m):
			c.Connected, c.GapReason = false, string(schema.OutageTimeout)
		case m%every == 0:
			c.Received, c.Emitted = 1, 1
		default:
			continue
		}
		rows = append(rows, c)
	}
	return rows
}

func TestSilentSourcesRaiseAnAlarm(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Minute)
	const daysMin = 24 * 60
	now := 10 * daysMin
	w := b.store.NewWriter()
	w.Begin(store.Batch{Partition: store.Partition{Log: "log", Topic: schema.TopicCoverage}, First: 0, Next: 1})
	for _, rows := range [][]*schema.Coverage{
		covered("steady", "rss", 0, now, 5, nil),
		covered("silent", "rss", 0, now-3*60, 5, nil),                                                              // Nothing for 3 hours.
		covered("failing", "rss", 0, now, 5, func(m int) bool { return m >= now-120 }),                             // Tried for 2 hours, in vain.
		covered("was silent", "rss", 0, now, 5, func(m int) bool { return m > now-daysMin && m < now-daysMin+90 }), // Yesterday.
		covered("nights off", "rss", 0, now, 5, func(m int) bool { return m%daysMin < 8*60 }),                      // Its rhythm.
		covered("rare", "rss", 0, now-daysMin, 6*60, nil),                                                          // One every six hours: a day says little.
		covered("new", "rss", now-3*daysMin/2, now-6*60, 60, func(m int) bool { return m > now-daysMin }),          // Too little history.
		covered("never heard", "rss", 0, now, 5, func(int) bool { return true }),
		covered("ended long ago", "rss", -18*daysMin, -9*daysMin, 5, nil), // No longer collected.
		covered("file", "import/jetstream", 0, daysMin, 5, nil),           // An archive ends.
	} {
		for _, c := range rows {
			if err := w.Add(&tag.Event{Coverage: c}, 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	silence := assess.NewSilence(b.store.DB())
	at := func(m int) time.Time { return time.UnixMilli(epoch + int64(m)*60_000).UTC() }
	alarms := func() string {
		return b.ask(t, fmt.Sprintf("SELECT subject, intDiv(dateDiff('minute', fromUnixTimestamp64Milli(%d), from), 1), isNull(to), reason, round(expected) FROM observatory.alerts ORDER BY subject, from", epoch))
	}
	want := strings.Join([]string{
		fmt.Sprintf("failing\t%d\t1\ttimeout\t25", now-125),
		fmt.Sprintf("silent\t%d\t1\t\t37", now-3*60-5),
		fmt.Sprintf("was silent\t%d\t0\ttimeout\t19", now-daysMin),
	}, "\n")
	for range 2 { // Again gives the same.
		if err := silence.Check(t.Context(), at(now-2*daysMin), at(now)); err != nil {
			t.Fatal(err)
		}
		if got := alarms(); !similar(got, want) {
			t.Errorf("alarms:\n%s\nwant about\n%s", got, want)
		}
	}
	missing := b.ask(t, fmt.Sprintf("SELECT source, kind, reason, dateDiff('minute', from, ifNull(to, fromUnixTimestamp64Milli(%d))) FROM observatory.missing WHERE from < fromUnixTimestamp64Milli(%d) AND (to > fromUnixTimestamp64Milli(%d) OR to IS NULL) AND source IN ('failing', 'silent', 'was silent') ORDER BY source, kind",
		at(now).UnixMilli(), at(now).UnixMilli(), at(now-2*daysMin).UnixMilli()))
	if want := "failing\tdown\ttimeout\t120\nfailing\tsilence\ttimeout\t125\nsilent\tsilence\t\t185\nwas silent\tdown\ttimeout\t89\nwas silent\tsilence\ttimeout\t90"; missing != want {
		t.Errorf("missing in two days:\n%s\nwant\n%s", missing, want)
	}
	// The silent one speaks again, also of the time of its silence: a late collector.
	w.Begin(store.Batch{Partition: store.Partition{Log: "log", Topic: schema.TopicCoverage}, First: 1, Next: 2})
	for _, c := range covered("silent", "rss", now-3*60, now+10, 5, nil) {
		if err := w.Add(&tag.Event{Coverage: c}, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := silence.Check(t.Context(), at(now-2*daysMin), at(now+10)); err != nil {
		t.Fatal(err)
	}
	if got := alarms(); strings.Contains(got, "\nsilent\t") || !strings.HasPrefix(got, "failing") {
		t.Errorf("the alarm of what is no longer silent stands:\n%s", got)
	}
}

// similar compares all but the last column, which is a rate and rounded.
func similar(got, want string) bool {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		left, right := a[i][:strings.LastIndexByte(a[i], '\t')], b[i][:strings.LastIndexByte(b[i], '\t')]
		if left != right {
			return false
		}
	}
	return true
}
