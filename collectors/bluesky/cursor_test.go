package bluesky

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/internal/replay"
	"github.com/election-observatory/observatory/schema"
)

// TestWhereCollectingGoesOn stops a collector after five minutes of the stream,
// and starts another later: from then on every event is there once, or the time
// in which it was is declared as a gap.
func TestWhereCollectingGoesOn(t *testing.T) {
	t.Parallel()
	source := replay.Generated{Seed: 3, PerSecond: 2, Start: start()}
	until := start().Add(5 * time.Minute)
	read := source.Tip(until) // Events of the first run.
	like := func(c *Config) { c.Likes = askCount }
	for name, c := range map[string]struct {
		first, second string // The wires.
		number        int64  // Of the source's first event on the second host.
		after         time.Duration
		keep          time.Duration
		change        func(*Config)
		from          int64 // The index that the second run begins at, if not read.
		gap           bool
	}{
		"at once, v1":                      {first: apiV1, second: apiV1, after: 10 * time.Second},
		"at once, v2":                      {first: apiV2, second: apiV2, number: 1, after: 10 * time.Second},
		"within the look-back, v1":         {first: apiV1, second: apiV1, after: 20 * time.Minute},
		"within the look-back, v2":         {first: apiV2, second: apiV2, number: 1, after: 20 * time.Minute},
		"beyond the look-back, v1":         {first: apiV1, second: apiV1, after: 50 * time.Hour, keep: 10 * time.Minute, gap: true},
		"beyond the look-back, v2":         {first: apiV2, second: apiV2, number: 1, after: 50 * time.Hour, keep: 10 * time.Minute, gap: true},
		"a little beyond, v1":              {first: apiV1, second: apiV1, after: 12 * time.Minute, keep: 10 * time.Minute, gap: true},
		"numbers beyond the tip, v2":       {first: apiV2, second: apiV2, number: -5000, after: 20 * time.Minute},
		"numbers of other events, v2":      {first: apiV2, second: apiV2, number: -500, after: 20 * time.Minute},
		"to v1, by time":                   {first: apiV2, second: apiV1, number: 77, after: time.Minute, from: source.Find(until.Add(-time.Minute).UnixMicro())},
		"to v2, by time":                   {first: apiV1, second: apiV2, number: 77, after: time.Minute, from: source.Find(until.Add(-time.Minute).UnixMicro())},
		"a collection that was not before": {first: apiV1, second: apiV1, after: 10 * time.Minute, change: like},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			again := until.Add(c.after)
			if c.keep == 0 {
				c.keep = 36 * time.Hour
			}
			var serving atomic.Pointer[replay.Jetstream]
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { serving.Load().ServeHTTP(w, req) }))
			t.Cleanup(func() { serving.Load().Drop(); server.Close() })
			serving.Store(replay.NewJetstream(source, fixed(until), 36*time.Hour, 1))
			cfg, cursors := config(c.first, "ws"+strings.TrimPrefix(server.URL, "http")), collectors.NewCursors(quick(t))
			want := contentsOf(source, 0, read).events()
			one := newJournal(func(j *journal) bool { return j.emitted >= want })
			collect(t, cfg, cursors, fixed(start().Add(-time.Second)), one)

			serving.Store(replay.NewJetstream(source, fixed(again), c.keep, c.number))
			cfg.API = c.second
			if c.change != nil {
				c.change(&cfg)
			}
			from := read
			switch {
			case c.from > 0:
				from = c.from / 120 * 120 // From the start of a minute.
			case c.gap:
				from = source.Find(again.Add(-c.keep).UnixMicro())
			}
			tip := source.Tip(again)
			want = contentsOf(source, from, tip).events()
			two := newJournal(func(j *journal) bool { return j.emitted >= want })
			collect(t, cfg, cursors, clock(again), two)
			if two.emitted != want {
				t.Errorf("the second run emitted %d events, want %d", two.emitted, want)
			}
			for id := range two.posts {
				if one.posts[id] != nil && c.from == 0 {
					t.Errorf("%s was emitted twice", id)
				}
			}
			checkGap(t, two, c.gap, source.At(read-1).US, source.At(from).US)
			if c.change != nil {
				checkLikes(t, two, again)
			}
		})
	}
}

func checkGap(t *testing.T, j *journal, want bool, fromUS, toUS int64) {
	t.Helper()
	gaps := j.parts(partGap)
	if !want {
		if len(gaps) > 0 {
			t.Errorf("declared as lost: %v", gaps)
		}
		return
	}
	if len(gaps) != 1 {
		t.Fatalf("%d gaps", len(gaps))
	}
	g := gaps[0]
	if g.GetConnected() || g.GetGapFromMs() != fromUS/1000 || g.GetGapToMs() != toUS/1000 || g.GetGapReason() != string(schema.OutageCursorTooOld) || g.GetMinuteMs() != fromUS/1000/minuteMS*minuteMS {
		t.Errorf("a gap %v, want [%d, %d)", g, fromUS/1000, toUS/1000)
	}
}

// checkLikes sees that nothing was counted of before it was asked for.
func checkLikes(t *testing.T, j *journal, since time.Time) {
	t.Helper()
	for _, c := range j.parts(partLive) {
		if n := c.GetKinds()["like"]; n > 0 && c.GetMinuteMs()+minuteMS <= since.UnixMilli() {
			t.Errorf("%d likes of a minute before likes were asked for", n)
		}
	}
}

// TestACursorFromTheFutureIsDeclared sets the clocks of machine and host back.
func TestACursorFromTheFutureIsDeclared(t *testing.T) {
	t.Parallel()
	source := replay.Generated{Seed: 4, PerSecond: 20, Start: start().Add(-24 * time.Hour)}
	cursors := collectors.NewCursors(quick(t))
	run := func(at time.Time, j *journal) {
		now := clock(at)
		cfg := config(apiV1, "ws://jetstream.example")
		server := replay.NewJetstream(source, now, 36*time.Hour, 1)
		cfg.Hosts[0] = serve(t, server)
		moveCursor(t, cursors, cfg.Hosts[0])
		collect(t, cfg, cursors, now, j)
	}
	enough := func(j *journal) bool { return j.emitted > 20 }
	run(start(), newJournal(enough))
	back := newJournal(enough)
	run(start().Add(-5*time.Hour), back)
	gaps := back.parts(partGap)
	if len(gaps) != 1 || gaps[0].GetGapToMs() > start().Add(-4*time.Hour).UnixMilli() || gaps[0].GetGapFromMs() < start().Add(-6*time.Hour).UnixMilli() {
		t.Errorf("gaps %v", gaps)
	}
	again := newJournal(enough)
	run(start().Add(-5*time.Hour+time.Minute), again)
	if gaps := again.parts(partGap); len(gaps) != 0 {
		t.Errorf("declared again: %v", gaps)
	}
}

// moveCursor makes what was read from one address count for another.
func moveCursor(t *testing.T, cursors *collectors.Cursors, to string) {
	t.Helper()
	var s state
	found, err := cursors.Load(name, &s)
	if err != nil {
		t.Fatal(err)
	}
	if !found {
		return
	}
	s.Hosts = map[string]*hostState{to: s.Hosts[s.Active]}
	s.Active = to
	if err := cursors.Save(name, s); err != nil {
		t.Fatal(err)
	}
}
