package bluesky

import (
	"strconv"
	"time"

	"github.com/election-observatory/observatory/schema"
)

// Parts of the coverage of a minute. They add up; the counts alone change.
const (
	partLive   = "live"   // What was counted.
	partOpen   = "open"   // That the connection stood although nothing came.
	partOutage = "outage" // Why there was no connection, or not a good one.
	partGap    = "gap "   // And where it begins: what is lost for good.
)

const (
	// lookBackUS is how long hosts keep what they sent.
	lookBackUS = int64(36 * time.Hour / time.Microsecond)
	// A pause is improbable when so many events were expected in it, or, where
	// nothing is known of the stream, when it is so long.
	improbable  = 20
	shortestUS  = int64(2 * time.Second / time.Microsecond)
	unknownLong = int64(time.Minute / time.Microsecond)
)

// closeGap looks at the first event of a link: whether it follows what was read
// before, or hosts no longer had what came between. A host that no longer knows
// a cursor may begin elsewhere without saying so; where the cursor was a number,
// it is asked again by time first, and the frame is not to be used.
func (r *run) closeGap(h *host, f *frame, now time.Time) (used bool) {
	from, sure := h.gapFrom, h.gapSure
	missing := from != 0 && f.us > from && (sure || h.link.cursor != 0 && h.missing(from, f.us))
	if missing && h.link.cursor != 0 && h.link.cursor < timeCursors {
		r.askByTime(h, now)
		return false
	}
	h.gapFrom, h.gapSure = 0, false
	if f.pos != 0 {
		h.arrive(f.pos)
	}
	if !missing {
		return true
	}
	h.history.Missed()
	row := h.row(from/1000, partGap+strconv.FormatInt(from/1000, 10), false)
	row.GapFromMs, row.GapToMs, row.GapReason = from/1000, f.us/1000, string(schema.OutageCursorTooOld)
	r.tell(row)
	return true
}

// missing says whether a pause in the stream is longer than its rhythm explains.
func (h *host) missing(from, to int64) bool {
	pause := to - from
	if pause > lookBackUS {
		return true
	}
	if h.window.newest == 0 || pause < shortestUS {
		return false // It was never read, and may have had nothing yet.
	}
	if expected := h.history.Expected(from/1000, to/1000); expected != nil {
		return *expected >= improbable
	}
	return pause > unknownLong
}

// row is a record of coverage that counts nothing.
func (h *host) row(ms int64, part string, connected bool) *schema.Coverage {
	minute := ms / minuteMS * minuteMS
	return &schema.Coverage{
		Source: h.source, Collector: name, Platform: schema.PlatformBluesky, MinuteMs: minute, Part: part, Connected: connected,
		Expected: h.history.Expected(minute, minute+minuteMS),
	}
}

func (r *run) tell(row *schema.Coverage) {
	r.rows = append(r.rows, &schema.Event{Kind: &schema.Event_Coverage{Coverage: row}})
}

// outageRow says once for each minute that a host is not connected.
func (r *run) outageRow(h *host, now time.Time) {
	minute := now.UnixMilli() / minuteMS * minuteMS
	if h.outage == "" || h.isOpen() || h.rowed == minute {
		return
	}
	from := minute
	if h.rowed != 0 && !h.downSince.IsZero() { // Minutes in which nothing could be told.
		from = max(h.rowed+minuteMS, h.downSince.UnixMilli()/minuteMS*minuteMS, minute-60*minuteMS)
	}
	for ; from <= minute; from += minuteMS {
		row := h.row(from, partOutage, false)
		row.GapReason = string(h.outage)
		r.tell(row)
	}
	h.rowed = minute
}

// heartbeat says of a minute that has just ended without an event that the
// connection stood: it would have been given up had the host been silent.
func (r *run) heartbeat(h *host, now time.Time) {
	minute := now.UnixMilli()/minuteMS*minuteMS - minuteMS
	if !h.isOpen() || h.beaten >= minute || h.link.opened.UnixMilli() >= minute+minuteMS {
		return
	}
	h.beaten = minute
	if h.counts[minute] == 0 {
		r.tell(h.row(minute, partOpen, true))
	}
}
