package bluesky

import (
	"errors"
	"maps"
	"math"
	"net/url"
	"time"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/schema"
)

const (
	minuteMS = int64(60_000)
	// lateUS is by how much an event may be older than one before it without
	// being late.
	lateUS = int64(time.Minute / time.Microsecond)
	// settledMS is for how long after its end a minute is still counted in the
	// stream's own time. What is older counts in the oldest minute that is.
	settledMS = 2 * minuteMS
	// timeCursors are the cursors that are times in Unix microseconds, and not
	// numbers of version 2.
	timeCursors = int64(1e15)
)

// host is one host of the stream, and how far it was read.
type host struct {
	url, source string

	// What the cursor keeps.
	cursors map[string]int64 // By collection: all before it was read.
	window  *window
	tally   collectors.Tally
	history collectors.History
	open    int64 // The oldest minute that is still counted, in Unix milliseconds.

	link      *link            // Nil while there is none.
	from      map[string]int64 // The cursors when the link was dialled: what is before them is not read again.
	gapFrom   int64            // Up to where the stream was read when the link was dialled, in Unix microseconds; 0 once the first event has come.
	gapSure   bool             // Whether the host said itself that something is missing.
	byTime    bool             // Whether to begin again at a time, since the host does not know the cursor.
	anew      bool             // Whether to begin with what comes from now on.
	stuck     bool             // Whether the last link delivered nothing new.
	newest    int64            // The largest place that was read.
	due       time.Time        // When to dial again.
	backoff   collectors.Backoff
	downSince time.Time     // Zero while it delivers.
	outage    schema.Outage // Why it is not connected.
	told      schema.Outage // What the log file was told of that.
	rowed     int64         // The last minute that an outage was told of.
	beaten    int64         // The last minute that a heartbeat was told of.
	lastFrame time.Time
	counted   bool             // Whether the tally has what was not told.
	counts    map[int64]uint64 // Events by minute of the stream, for the comparison.
}

func newHost(cfg *Config, address string, now time.Time) *host {
	u, _ := url.Parse(address) // Validate has.
	h := &host{
		url: address, source: u.Host + "/jetstream", cursors: map[string]int64{}, window: newWindow(cfg.Rewind.Microseconds()), counts: map[int64]uint64{},
		backoff: collectors.Backoff{First: cfg.RetryFirst, Last: cfg.RetryLast}, downSince: now,
	}
	h.tally = collectors.Tally{Source: h.source, Collector: name, Platform: schema.PlatformBluesky}
	return h
}

// isOpen says whether the host is connected.
func (h *host) isOpen() bool { return h.link != nil && !h.link.opened.IsZero() }

// resume is the cursor to go on from.
func (h *host) resume(now time.Time) int64 {
	cursor := int64(math.MaxInt64)
	for _, at := range h.cursors {
		cursor = min(cursor, at)
	}
	h.gapFrom, h.gapSure = h.window.newest, h.gapSure || h.anew
	if h.window.newest == 0 && cursor >= timeCursors {
		h.gapFrom = cursor
	}
	h.from = maps.Clone(h.cursors)
	switch future := now.Add(farFuture).UnixMicro(); {
	case cursor >= timeCursors && cursor > future: // What stands before it is unknown.
		h.window, h.open, h.anew = newWindow(h.window.spanUS), 0, true
		fallthrough
	case h.anew:
		h.from, h.gapSure = nil, true
		h.gapFrom = min(h.gapFrom, now.UnixMicro())
		return 0
	case h.byTime:
		h.from = nil
		return h.gapFrom
	case h.stuck && h.newest > cursor:
		return h.newest
	}
	return cursor
}

// farFuture is how far ahead of this machine's clock a host's may be.
const farFuture = 10 * time.Minute

// past says whether a frame lies before where its collection is read from.
func (h *host) past(f *frame) bool {
	at, ok := h.from[f.collection]
	switch {
	case !ok || f.pos == 0:
		return false
	case at >= timeCursors:
		return f.us != 0 && f.us < at
	}
	return f.pos < at
}

// restart makes the host begin anew at a time, the start of a minute in Unix
// microseconds, and counts from there on anew.
func (h *host) restart(us int64, followed []string) {
	h.cursors = map[string]int64{}
	for _, collection := range followed {
		h.cursors[collection] = us
	}
	h.window = newWindow(h.window.spanUS)
	h.window.newest = us
	var kept []*schema.Coverage
	for _, c := range h.tally.State() {
		if c.GetMinuteMs() < us/1000 {
			kept = append(kept, c)
		}
	}
	h.tally.Restore(kept)
	h.history.Missed()
	h.counts = map[int64]uint64{}
	h.open, h.newest, h.byTime, h.anew, h.gapSure, h.stuck, h.due = us/1000, 0, false, false, false, false, time.Time{}
}

// hangUp gives the link up.
func (h *host) hangUp() {
	if h.link != nil {
		h.link.stop()
		h.link = nil
	}
}

// end notes why the link ended, and when to dial again.
func (h *host) end(err error, now time.Time) {
	why := &failure{outage: schema.OutageClosed, err: err}
	_ = errors.As(err, &why)
	h.stuck = h.link.told > 0 && h.link.fresh == 0
	if h.link.fresh > 0 || (h.isOpen() && now.Sub(h.link.opened) > h.backoff.Last) {
		h.backoff.Reset()
	}
	cursor := h.link.cursor
	h.hangUp()
	h.outage = why.outage
	if h.downSince.IsZero() {
		h.downSince = now
	}
	switch {
	case why.past != 0:
		h.passOver(why.past)
	case why.name == errCursorTooOld:
		h.unknown(cursor)
	}
	h.due = now.Add(h.backoff.Next(err))
}

// unknown says that the host does not have what follows a cursor. A number may
// mean nothing to it any more where a time still does.
func (h *host) unknown(cursor int64) {
	h.byTime, h.anew, h.gapSure = cursor < timeCursors, cursor >= timeCursors, true
}

// arrive is the first event of a link that began elsewhere than at the cursor:
// from here on the places are this host's.
func (h *host) arrive(pos int64) {
	if !h.byTime && !h.anew {
		return
	}
	for collection := range h.cursors {
		h.cursors[collection] = pos
	}
	h.window.rebase(pos)
	h.newest, h.byTime, h.anew = pos, false, false
}

// passOver makes the host go on behind a place.
func (h *host) passOver(pos int64) {
	if pos < 0 {
		h.anew = true
		return
	}
	for collection := range h.cursors {
		h.cursors[collection] = pos + 1
	}
	h.window.forget()
	h.newest, h.stuck = 0, false
}

// close forgets the minutes that are settled, once they are told.
func (h *host) close() {
	h.counted = false
	if settled := h.window.newest/1000/minuteMS*minuteMS - settledMS; settled > h.open {
		h.open = settled
		h.tally.Close(h.open)
	}
}

// forget drops the counts that are no longer compared.
func (h *host) forget(now time.Time) {
	for minute := range h.counts {
		if minute < now.UnixMilli()-20*minuteMS {
			delete(h.counts, minute)
		}
	}
}

// advance moves the cursors to what the window makes safe to go on from.
func (h *host) advance() {
	pos, us := h.window.floor()
	if pos == 0 {
		return
	}
	for collection, at := range h.cursors {
		if (at >= timeCursors && us >= at) || (at < timeCursors && pos >= at) {
			h.cursors[collection] = pos
		}
	}
}
