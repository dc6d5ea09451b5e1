package rss

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// reading is what a document holds.
type reading struct {
	items   []item
	refused []refused
	hints   hints
	whole   bool // Something in it could be read.
}

// refused is something of a document that could not be used.
type refused struct {
	reason   schema.Reason
	detail   string
	position string
	raw      []byte
	size     int
	times    int // How many records it stands for.
}

// id is how it is known again, so that it is told once. Where it stands says
// nothing: that changes with each new item.
func (r *refused) id() uint64 {
	return xxh3.HashString(string(r.reason) + "\x00" + string(r.raw[:min(len(r.raw), schema.MaxRejectBytes)]))
}

// readDocument reads a document from anybody, in bounded time and memory. Its
// parsers are other projects': a panic of theirs is a reject of what they were given.
func readDocument(cfg FeedConfig, body []byte, contentType, from string, now time.Time) (out reading) {
	defer func() {
		if p := recover(); p != nil {
			out = reading{}
			out.refuse(mapping.Reject(schema.ReasonSyntax, "the parser gave up: %.200s", fmt.Sprint(p)), "document", body)
		}
	}()
	doc, err := scan(body, contentType)
	if err != nil {
		out.refuse(err, "document", body)
		return out
	}
	parsed, err := parse(doc)
	if err != nil {
		out.refuse(err, "document", body)
		return out
	}
	out.whole, out.hints = true, doc.hints
	m, seen := newMapper(cfg, parsed, from, now), make(map[uint64]uint64, len(parsed.Items))
	for n, in := range parsed.Items {
		it, err := m.item(in)
		if err != nil {
			out.refuse(err, "item "+strconv.Itoa(n), []byte(mapping.Short(in.GUID+" "+in.Title)))
			continue
		}
		content, twice := seen[it.id]
		if twice && content != it.content { // Two items, and one guid for both.
			it.rename(digest(it.post.GetPermalink() + "\x00" + it.post.GetTitle()))
			_, twice = seen[it.id]
		}
		if !twice {
			seen[it.id] = it.content
			out.items = append(out.items, it)
		}
	}
	if doc.broken != "" {
		out.refused = append(out.refused, refused{
			reason: schema.ReasonSyntax, detail: "it breaks off: " + doc.broken, position: "after item " + strconv.Itoa(doc.items),
			raw: body[max(0, len(body)-1<<10):], size: len(body), times: 1,
		})
	}
	if doc.dropped > 0 {
		out.refused = append(out.refused, refused{
			reason: schema.ReasonTooLarge, detail: fmt.Sprintf("%d items, and %d of a document are taken", doc.items+doc.dropped, maxItems),
			position: "from item " + strconv.Itoa(maxItems), raw: []byte(strconv.Itoa(doc.dropped)), times: doc.dropped,
		})
	}
	return out
}

// rename tells an item from another of the same id.
func (it *item) rename(suffix string) {
	it.post.NativeId += "#" + suffix
	it.id = xxh3.HashString(it.post.NativeId)
}

func (r *reading) refuse(err error, position string, raw []byte) {
	var why *mapping.Rejection
	if !errors.As(err, &why) { // scan, parse and item return no other.
		why = &mapping.Rejection{Reason: schema.ReasonSyntax, Detail: err.Error()}
	}
	r.refused = append(r.refused, refused{reason: why.Reason, detail: why.Detail, position: position, raw: raw, size: len(raw), times: 1})
}

// notAFeed says whether a document is none that a feed could be.
func (r *reading) notAFeed() bool {
	return !r.whole && (r.refused[0].reason == schema.ReasonSyntax || r.refused[0].reason == schema.ReasonNotAnObject)
}

// event is the reject as it goes to the log.
func (r *refused) event(feed string, now time.Time) *schema.Event {
	reject := &schema.Reject{
		Platform: schema.PlatformRSS, Collector: collectorName, Source: feed, Position: r.position, Reason: string(r.reason),
		Detail: mapping.Short(r.detail), Raw: r.raw[:min(len(r.raw), schema.MaxRejectBytes)], RawSize: uint64(r.size), CollectedMs: now.UnixMilli(),
	}
	sum := sha256.Sum256(r.raw)
	reject.RawSha256 = sum[:]
	return &schema.Event{Kind: &schema.Event_Reject{Reject: reject}}
}
