package bluesky

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// frame counts a frame and puts what the active host says into the batch.
func (r *run) frame(h *host, f *frame, now time.Time) {
	h.lastFrame = now
	h.link.told++
	if f.notice != "" {
		r.notice(h, f.notice, now)
		return
	}
	if f.us > now.Add(farFuture).UnixMicro() {
		why := &mapping.Rejection{Reason: schema.ReasonBadTime, Detail: fmt.Sprintf("the event is of %s", time.UnixMicro(f.us).UTC().Format(time.RFC3339))}
		*f = frame{why: why, raw: f.raw, size: f.size, collection: f.collection}
	}
	if f.us != 0 && !r.closeGap(h, f, now) {
		return
	}
	if f.pos != 0 {
		if h.past(f) || h.window.has(f.id) {
			return
		}
		h.newest = max(h.newest, f.pos)
	}
	h.link.fresh++
	h.downSince, h.outage, h.told = time.Time{}, "", ""
	ms := h.minuteOf(f, now)
	if f.why != nil {
		h.tally.Rejected(ms, f.why.Reason)
	} else {
		h.tally.Received(ms, f.out.Kind, r.emitted(h, f))
		h.tally.Lag(ms, f.us/1000, now.UnixMilli())
	}
	r.account(h, f, ms)
	if h == r.active {
		r.put(h, f, now)
	}
}

// minuteOf is the time that a frame is counted at: that of the stream, but in no
// minute that is settled.
func (h *host) minuteOf(f *frame, now time.Time) int64 {
	ms := f.us / 1000
	if ms == 0 {
		ms = h.window.newest / 1000
	}
	if ms == 0 {
		ms = now.UnixMilli()
	}
	return max(ms, h.open)
}

// emitted is how many events of a frame go to the log.
func (r *run) emitted(h *host, f *frame) int {
	if h == r.active && f.out.Event != nil {
		return 1
	}
	return 0
}

// account notes what follows from the time and the place of a frame.
func (r *run) account(h *host, f *frame, ms int64) {
	h.counted = true
	record := h.tally.Minute(ms)
	if record.Expected == nil {
		record.Expected = h.history.Expected(record.GetMinuteMs(), record.GetMinuteMs()+minuteMS)
	}
	h.counts[record.GetMinuteMs()]++
	if f.us == 0 {
		return
	}
	if f.us < h.window.newest-lateUS {
		record.Late++
	}
	h.history.Add(f.us/1000, 1)
	if f.pos != 0 {
		h.window.add(f.id, f.pos, f.us)
	}
}

// put adds what a frame says to the batch.
func (r *run) put(h *host, f *frame, now time.Time) {
	nowMS := now.UnixMilli()
	event := f.out.Event
	if f.why != nil {
		event = r.reject(h, f, nowMS)
		r.weight += len(f.raw)
	}
	switch kind := event.GetKind().(type) {
	case nil:
		return
	case *schema.Event_Post:
		kind.Post.Collector, kind.Post.Source, kind.Post.CollectedMs = name, h.source, nowMS
		r.weight += len(kind.Post.GetText())
		if r.author != nil {
			r.author(kind.Post.GetAuthor().GetNativeId())
		}
	case *schema.Event_Action: // It is of when the platform took it in.
		kind.Action.Collector, kind.Action.Source = name, h.source
	case *schema.Event_Delete:
		kind.Delete.Collector, kind.Delete.Source, kind.Delete.CollectedMs = name, h.source, nowMS
	case *schema.Event_Account: // It is of the event's own time, which a second delivery repeats.
		kind.Account.Collector, kind.Account.Source = name, h.source
	}
	r.weight += eventBytes
	r.pending = append(r.pending, event)
}

// eventBytes is what an event weighs beside its text.
const eventBytes = 512

func (r *run) reject(h *host, f *frame, nowMS int64) *schema.Event {
	sum := sha256.Sum256(f.raw)
	return &schema.Event{Kind: &schema.Event_Reject{Reject: &schema.Reject{
		Platform: schema.PlatformBluesky, Collector: name, Source: h.source, Position: f.position(r.cfg.API == apiV2), Reason: string(f.why.Reason),
		Detail: mapping.Clean(f.why.Detail, mapping.MaxShort), Raw: f.raw, RawSize: uint64(f.size), RawSha256: sum[:], CollectedMs: nowMS,
	}}}
}

// notice is what version 2 says of the cursor.
func (r *run) notice(h *host, notice string, now time.Time) {
	switch {
	case notice == noticeFuture && h.link.cursor < timeCursors && h.link.cursor != 0:
		r.askByTime(h, now)
	case notice == noticeOutdated || notice == noticeFuture:
		h.gapSure = true
	}
}

// askByTime gives up a link whose cursor meant nothing to the host, or something
// else.
func (r *run) askByTime(h *host, now time.Time) {
	h.unknown(h.link.cursor)
	h.hangUp()
	h.due = now
}
