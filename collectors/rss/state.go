package rss

import (
	"encoding/binary"
	"slices"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/schema"
)

const (
	maxKnown  = 2000 // Items that are remembered, at least those of a document.
	maxRecent = 20   // Times from which the interval follows.
	maxETag   = 1 << 10
	entryLen  = 16 // Bytes of an item that is remembered.
)

// state is the cursor of a feed: what was seen of it, and where to ask.
type state struct {
	Polls        uint64             `json:"polls"`
	ETag         string             `json:"etag,omitempty"`
	LastModified string             `json:"last_modified,omitempty"`
	Moved        string             `json:"moved,omitempty"`      // Where it moved for good.
	Gone         bool               `json:"gone,omitempty"`       // It is not asked again.
	AskedMS      int64              `json:"asked,omitempty"`      // When it was last asked.
	AnsweredMS   int64              `json:"answered,omitempty"`   // When it last answered as it should.
	Document     uint64             `json:"document,omitempty"`   // Hash of the last document; 0 for none.
	NotAFeed     bool               `json:"not_a_feed,omitempty"` // That document was none.
	Unreadable   bool               `json:"unreadable,omitempty"` // It was one, beyond some bound.
	Known        []byte             `json:"known,omitempty"`      // Ids and hashes of contents, the newest last.
	Shown        int                `json:"shown,omitempty"`      // How many of the newest the last document showed.
	Recent       []int64            `json:"recent,omitempty"`     // Times of the newest items, ascending.
	Hints        hints              `json:"hints"`
	Hub          string             `json:"hub,omitempty"`   // Who tells of news,
	Topic        string             `json:"topic,omitempty"` // and of what.
	MaxAge       time.Duration      `json:"max_age,omitempty"`
	History      collectors.History `json:"history"`
}

// known are the contents of the remembered items by id.
func (s *state) known() map[uint64]uint64 {
	all := make(map[uint64]uint64, len(s.Known)/entryLen)
	for entry := range slices.Chunk(s.Known, entryLen) {
		if len(entry) == entryLen {
			all[binary.LittleEndian.Uint64(entry)] = binary.LittleEndian.Uint64(entry[8:])
		}
	}
	return all
}

// overran says whether a document shows nothing of what the last one showed.
func (s *state) overran(items []item) bool {
	if s.Shown < 2 || len(items) == 0 {
		return false
	}
	shown := make(map[uint64]bool, s.Shown)
	for entry := range slices.Chunk(s.Known[max(0, len(s.Known)-s.Shown*entryLen):], entryLen) {
		shown[binary.LittleEndian.Uint64(entry)] = true
	}
	return !slices.ContainsFunc(items, func(it item) bool { return shown[it.id] })
}

// remember puts what a document has at the end of what is known.
func (s *state) remember(got reading) {
	fresh := make([]byte, 0, (len(got.refused)+len(got.items))*entryLen)
	now := make(map[uint64]bool, len(got.refused)+len(got.items))
	add := func(id, content uint64) {
		now[id] = true
		fresh = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(fresh, id), content)
	}
	for i := range got.refused {
		add(got.refused[i].id(), 0)
	}
	for _, it := range got.items {
		add(it.id, it.content)
	}
	kept := make([]byte, 0, len(s.Known)+len(fresh))
	for entry := range slices.Chunk(s.Known, entryLen) {
		if len(entry) == entryLen && !now[binary.LittleEndian.Uint64(entry)] {
			kept = append(kept, entry...)
		}
	}
	room := max(0, maxKnown*entryLen-len(fresh))
	kept = append(kept[max(0, len(kept)-room):], fresh...)
	s.Known, s.Shown = slices.Clip(kept), len(got.items)
}

// noteTimes keeps the times of the newest items, as they claim them or, where
// that says nothing, as they were first seen.
func (s *state) noteTimes(fresh []*schema.Post, now int64) {
	for _, p := range fresh {
		at := p.GetClaimedMs()
		if at == 0 || at > now {
			at = now
		}
		s.Recent = append(s.Recent, at)
	}
	slices.Sort(s.Recent)
	s.Recent = slices.Clone(s.Recent[max(0, len(s.Recent)-maxRecent):])
}

// observe counts new items into the history, evenly over the time since the
// source last answered: they came at some time in it.
func (s *state) observe(now int64, items uint64) {
	if s.AnsweredMS == 0 || s.AnsweredMS >= now || now-s.AnsweredMS > int64(longestHint/time.Millisecond) {
		s.History.Add(now, 0) // What a feed shows at first, it published long before.
		return
	}
	const hour = int64(time.Hour / time.Millisecond)
	span, told := float64(now-s.AnsweredMS), uint64(0)
	for at := s.AnsweredMS; at < now; {
		end := min((at/hour+1)*hour, now)
		upTo := uint64(float64(items) * float64(end-s.AnsweredMS) / span)
		if end == now {
			upTo = items
		}
		s.History.Add(at, upTo-told)
		told, at = upTo, end
	}
}

// validator is a validator as it may be sent back; empty for what may not.
func validator(given string, limit int) string {
	if len(given) > limit || !httpguts.ValidHeaderFieldValue(given) {
		return ""
	}
	return given
}
