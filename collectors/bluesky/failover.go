package bluesky

import (
	"context"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/schema"
)

const (
	// Minutes are compared when they are over for so long.
	settle = 20 * time.Second
	// idle is after how long without a frame an open connection has nothing more.
	idle = 10 * time.Second
	// comparable is how many events of the host that is watched make a minute
	// that says something about the other.
	comparableEvents = 20
	// badMinutes are as many as it takes to call a host blind.
	badMinutes = 2
)

// judge sees whether another host must take over.
func (r *run) judge(ctx context.Context, now time.Time) error {
	for _, h := range r.followed() {
		if h.isOpen() && now.Sub(h.link.opened) >= r.cfg.FailoverAfter {
			h.downSince = time.Time{} // It has nothing to say, but it is there.
		}
	}
	if r.down(r.active, now) {
		if next := r.successor(); next != nil {
			return r.failover(ctx, next, r.active.window.newest, r.active.outage)
		}
	}
	if r.standby == nil {
		return nil
	}
	if r.down(r.standby, now) {
		if other := r.other(); other != nil {
			r.standby.hangUp()
			r.standby, other.downSince = other, now
		}
	}
	if !r.blind(now) {
		return nil
	}
	for minute := r.firstBad; minute <= r.judged; minute += minuteMS {
		row := r.active.row(minute, partOutage, true)
		row.GapReason = string(schema.OutageBlind)
		r.tell(row)
	}
	return r.failover(ctx, r.standby, min(r.firstBad*1000, r.active.window.newest), schema.OutageBlind)
}

// down says whether a host has been out of reach for long enough.
func (r *run) down(h *host, now time.Time) bool {
	return !h.isOpen() && !h.downSince.IsZero() && now.Sub(h.downSince) >= r.cfg.FailoverAfter
}

// successor is the host that can take over: the one that is watched, if it is
// connected, or else, where none is watched, the next.
func (r *run) successor() *host {
	switch {
	case r.standby == nil && len(r.hosts) > 1:
		return r.hosts[(slices.Index(r.hosts, r.active)+1)%len(r.hosts)]
	case r.standby != nil && r.standby.isOpen():
		return r.standby
	}
	return nil
}

// other is a host that is neither active nor watched.
func (r *run) other() *host {
	start := slices.Index(r.hosts, r.standby)
	for i := range r.hosts {
		if h := r.hosts[(start+i)%len(r.hosts)]; h != r.active && h != r.standby {
			return h
		}
	}
	return nil
}

// blind compares the last minute that is settled, once, and says whether the
// active host has delivered too little for long enough.
func (r *run) blind(now time.Time) bool {
	minute := now.Add(-settle).UnixMilli()/minuteMS*minuteMS - minuteMS
	if minute <= r.judged {
		return false
	}
	follows := minute == r.judged+minuteMS
	r.judged = minute
	got, seen := r.active.counts[minute], r.standby.counts[minute]
	if !r.active.settled(minute, now) || !r.standby.settled(minute, now) || seen < comparableEvents || 2*got >= seen {
		r.bad = 0
		return false
	}
	if r.bad == 0 || !follows {
		r.bad, r.firstBad = 0, minute
	}
	r.bad++
	return r.bad >= badMinutes
}

// settled says whether a minute was read whole: over one connection, up to its
// end or to where nothing more came.
func (h *host) settled(minute int64, now time.Time) bool {
	if !h.isOpen() || h.link.opened.UnixMilli() > minute {
		return false
	}
	return h.window.newest/1000 >= minute+minuteMS || now.Sub(h.lastFrame) >= idle
}

// failover makes another host the active one, from a moment before the last
// that is known to be whole. Places in the streams of two hosts cannot be
// compared, times can; what is read twice is one in the store.
func (r *run) failover(ctx context.Context, next *host, wholeUS int64, why schema.Outage) error {
	if err := r.flush(ctx); err != nil { // What was read is not read again by its own count.
		return err
	}
	old := r.active
	start := r.startOf(old, wholeUS)
	r.log.Warn("another host takes over", zap.String("from", old.source), zap.String("to", next.source), zap.String("reason", string(why)), zap.Time("since", time.UnixMicro(start)))
	next.hangUp()
	next.restart(start, r.cfg.followed())
	now := r.now()
	next.downSince, r.active, r.bad, r.changed = now, next, 0, true
	if *r.cfg.Compare {
		r.standby = old
		old.downSince = now
	} else {
		old.hangUp()
	}
	return r.flush(ctx)
}

// startOf is where another host begins: the rewind before what is whole, at the
// start of a minute, so that its minutes are counted whole.
func (r *run) startOf(old *host, wholeUS int64) int64 {
	if wholeUS == 0 { // Nothing was read: from where reading was to begin.
		wholeUS = r.now().UnixMicro()
		for _, at := range old.cursors {
			if at >= timeCursors {
				wholeUS = min(wholeUS, at)
			}
		}
	}
	return (wholeUS - r.cfg.Rewind.Microseconds()) / 1000 / minuteMS * minuteMS * 1000
}
