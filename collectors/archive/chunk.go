package archive

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// chunk is a run of records and what came of them.
type chunk struct {
	index   uint64
	arena   []byte
	records []record
	after   place // Where the next chunk begins.

	done   chan struct{} // Closed when the fields below are there.
	events []*schema.Event
	counts counters
}

// counters are what an import has come across.
type counters struct {
	Read     uint64            `json:"read"` // Posts, notices and other events, without rejects.
	Deleted  uint64            `json:"deleted"`
	Emitted  uint64            `json:"emitted"` // Events for the log, without coverage and rejects.
	Posts    uint64            `json:"posts"`
	Rejected map[string]uint64 `json:"rejected"`
	Kinds    map[string]uint64 `json:"kinds"`
}

func newCounters() counters {
	return counters{Rejected: map[string]uint64{}, Kinds: map[string]uint64{}}
}

func (c *counters) add(d counters) {
	if c.Rejected == nil || c.Kinds == nil { // A cursor may hold null.
		c.Rejected, c.Kinds = map[string]uint64{}, map[string]uint64{}
	}
	c.Read += d.Read
	c.Deleted += d.Deleted
	c.Emitted += d.Emitted
	c.Posts += d.Posts
	for k, v := range d.Rejected {
		c.Rejected[k] += v
	}
	for k, v := range d.Kinds {
		c.Kinds[k] += v
	}
}

// work decodes a chunk's records. What it makes follows from the records and
// their place in the file alone, except for the time of import.
func (c *chunk) work(d decoder, source, collector string, platform schema.Platform, importedMS int64) {
	defer close(c.done)
	c.counts = newCounters()
	tally := collectors.Tally{Source: source, Collector: collector, Platform: platform}
	last := int64(0) // What has no time of its own counts where the record before it does.
	for _, rec := range c.records {
		c.each(d, rec, c.arena[rec.from:rec.to], func(part int, raw []byte, out mapping.Decoded, why *mapping.Rejection) {
			if why != nil {
				c.counts.Rejected[string(why.Reason)]++
				tally.Rejected(last, why.Reason)
				c.events = append(c.events, rejectEvent(rec, part, raw, why, source, collector, platform, importedMS))
				return
			}
			if out.MS != 0 {
				last = out.MS
			}
			c.counts.Read++
			c.counts.Kinds[out.Kind]++
			emitted := 0
			if out.Event != nil {
				stamp(out.Event, source, collector, importedMS)
				c.events = append(c.events, out.Event)
				emitted = 1
				c.counts.Emitted++
			}
			c.countKind(out.Event)
			tally.Received(last, out.Kind, emitted)
		})
	}
	c.events = append(c.events, tally.Events(strconv.FormatUint(c.index, 10))...)
}

// each decodes a record into its parts: one, or those of a page, from 1.
func (c *chunk) each(d decoder, rec record, raw []byte, take func(part int, raw []byte, out mapping.Decoded, why *mapping.Rejection)) {
	page, ok := d.(pages)
	if !ok || rec.size > 0 {
		out, why := c.one(d, rec, raw)
		take(0, raw, out, why)
		return
	}
	part := 0
	var why *mapping.Rejection
	err := guarded(func() error {
		return page(raw, func(of []byte, out mapping.Decoded, err error) {
			part++
			why := rejection(err)
			if why == nil {
				why = tooLarge(out)
			}
			take(part, of, out, why)
		})
	})
	if why = rejection(err); why != nil {
		take(0, raw, mapping.Decoded{}, why)
	}
}

// guarded makes a rejection of a fault of a decoder's own: one record that nobody thought
// of must not end the import.
func guarded(decode func() error) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = &mapping.Rejection{Reason: schema.ReasonBadField, Detail: fmt.Sprintf("the decoder failed: %.200v", fault)}
		}
	}()
	return decode()
}

// rejection is why a record cannot be used; nil where it can.
func rejection(err error) *mapping.Rejection {
	var why *mapping.Rejection
	if err != nil && !errors.As(err, &why) {
		why = &mapping.Rejection{Reason: schema.ReasonBadField, Detail: err.Error()}
	}
	return why
}

func tooLarge(out mapping.Decoded) *mapping.Rejection {
	if out.Event != nil && out.Event.SizeVT() > schema.MaxEventBytes-stampBytes {
		return &mapping.Rejection{Reason: schema.ReasonTooLarge, Detail: "what the record says is larger than the log takes"}
	}
	return nil
}

// one decodes a record of one part. Whatever a decoder has against it is a reject.
func (c *chunk) one(d decoder, rec record, raw []byte) (out mapping.Decoded, why *mapping.Rejection) {
	if rec.size > 0 {
		return mapping.Decoded{}, &mapping.Rejection{Reason: schema.ReasonTooLarge, Detail: fmt.Sprintf("the record has %d bytes", rec.size)}
	}
	err := guarded(func() (err error) { out, err = d.decode(raw); return err })
	if why = rejection(err); why != nil {
		return mapping.Decoded{}, why
	}
	return out, tooLarge(out)
}

// stampBytes is room for what stamp adds to an event.
const stampBytes = 1 << 10

func (c *chunk) countKind(event *schema.Event) {
	switch {
	case event.GetPost() != nil:
		c.counts.Posts++
	case event.GetDelete() != nil:
		c.counts.Deleted++
	}
}

// stamp says where an event came from.
func stamp(event *schema.Event, source, collector string, importedMS int64) {
	switch kind := event.GetKind().(type) {
	case *schema.Event_Post:
		kind.Post.Source, kind.Post.Collector, kind.Post.ImportedMs, kind.Post.Archived = source, collector, importedMS, true
	case *schema.Event_Delete:
		kind.Delete.Source, kind.Delete.Collector, kind.Delete.ImportedMs = source, collector, importedMS
	case *schema.Event_Account:
		kind.Account.Source, kind.Account.Collector, kind.Account.ImportedMs = source, collector, importedMS
	}
}

func rejectEvent(rec record, part int, raw []byte, why *mapping.Rejection, source, collector string, platform schema.Platform, importedMS int64) *schema.Event {
	sum := sha256.Sum256(raw)
	size := rec.size
	if size == 0 {
		size = uint64(len(raw))
	}
	position := fmt.Sprintf("record %d", rec.number)
	if part > 0 {
		position += fmt.Sprintf(", part %d", part)
	}
	kept := append([]byte(nil), raw[:min(len(raw), schema.MaxRejectBytes)]...)
	return &schema.Event{Kind: &schema.Event_Reject{Reject: &schema.Reject{
		Platform: platform, Collector: collector, Source: source, Position: position, Reason: string(why.Reason),
		Detail: mapping.Clean(why.Detail, mapping.MaxShort), Raw: kept, RawSize: size, RawSha256: sum[:], ImportedMs: importedMS,
	}}}
}
