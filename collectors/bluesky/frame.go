package bluesky

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	gojson "github.com/goccy/go-json"
	"github.com/zeebo/xxh3"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// Collections that are read only where a study asks.
const (
	feedLike    = "app.bsky.feed.like"
	graphFollow = "app.bsky.graph.follow"
	// besides stands for what concerns whole accounts and is always sent.
	besides = "#account"
)

// Errors and notices of version 2 that mean something to a collector.
const (
	errCursorTooOld    = "CursorTooOld"
	errConsumerTooSlow = "ConsumerTooSlow"
	noticeOutdated     = "OutdatedCursor"
	noticeFuture       = "FutureCursor"
)

// kindSync says that a repository is to be fetched anew. Version 2 alone has it;
// there is nothing to store.
const kindSync = "sync"

// frame is what one message of the stream says.
type frame struct {
	out        mapping.Decoded
	why        *mapping.Rejection // Why it cannot be used, if so; raw and size then say what it was.
	raw        []byte
	size       int
	pos        int64  // What a cursor takes: time_us of version 1, seq of version 2; 0 where unknown.
	us         int64  // When the host saw it, in Unix microseconds; 0 where unknown.
	collection string // The name under which a cursor is kept.
	id         uint64 // Of the event, to know it when it comes again.
	notice     string // An advice of version 2 in place of an event.
	fault      string // An error of version 2, after which the host closes.
}

// v2Frame is a frame of version 2.
type v2Frame struct {
	Type    string    `json:"$type"`
	Error   string    `json:"error"`
	Message string    `json:"message"`
	Payload v2Payload `json:"payload"`
}

// v2Payload is any of the messages of version 2: $type says which of the fields
// are its own.
type v2Payload struct {
	Type        string            `json:"$type"`
	Name        string            `json:"name"`
	Seq         int64             `json:"seq"`
	DID         string            `json:"did"`
	Time        string            `json:"time"`
	WitnessedAt string            `json:"witnessedAt"`
	Rev         string            `json:"rev"`
	Operation   string            `json:"operation"`
	Collection  string            `json:"collection"`
	RKey        string            `json:"rkey"`
	Record      gojson.RawMessage `json:"record"`
	Identity    *jetIdentity      `json:"identity"`
	Account     *jetAccount       `json:"account"`
}

// read decodes a message of either version. It keeps nothing of rec unless the
// frame is a reject, and then a copy. Whatever a decoder has against a message
// is a reject, its own faults included.
func read(rec []byte, v2 bool, singly actions) (f frame) {
	defer func() {
		if fault := recover(); fault != nil {
			f = rejected(rec, len(rec), v2, mapping.Reject(schema.ReasonBadField, "the decoder failed: %.200v", fault))
		}
	}()
	if err := mapping.CheckJSON(rec); err != nil {
		return rejected(rec, len(rec), v2, err)
	}
	var err error
	if v2 {
		f, err = readV2(rec, singly)
	} else {
		f, err = readV1(rec, singly)
	}
	if err == nil && f.out.Event != nil && f.out.Event.SizeVT() > schema.MaxEventBytes-stampBytes {
		err = mapping.Reject(schema.ReasonTooLarge, "what the record says is larger than the log takes")
	}
	if err != nil {
		return rejected(rec, len(rec), v2, err)
	}
	return f
}

// stampBytes is room for what is added to an event later.
const stampBytes = 1 << 10

func readV1(rec []byte, singly actions) (frame, error) {
	var e jetEvent
	if err := mapping.Unmarshal(rec, &e); err != nil {
		return frame{}, err
	}
	return e.frame(e.TimeUS, singly)
}

func readV2(rec []byte, singly actions) (frame, error) {
	var v v2Frame
	if err := mapping.Unmarshal(rec, &v); err != nil {
		return frame{}, err
	}
	switch {
	case v.Type == "error":
		f := rejected(rec, len(rec), true, mapping.Reject(schema.ReasonUpstream, "%.100s: %.400s", v.Error, v.Message))
		f.fault = v.Error
		return f, nil
	case v.Type != "message":
		return frame{}, mapping.Reject(schema.ReasonUnknownEvent, "a frame of type %.40q", v.Type)
	}
	p := &v.Payload
	_, kind, _ := strings.Cut(p.Type, "#")
	if kind == "info" {
		return frame{notice: mapping.Short(p.Name)}, nil
	}
	e := jetEvent{DID: p.DID, Kind: kind, Identity: p.Identity, Account: p.Account}
	if kind == "commit" {
		e.Commit = &jetCommit{Rev: p.Rev, Operation: p.Operation, Collection: p.Collection, RKey: p.RKey, Record: p.Record}
	}
	var err error
	if e.TimeUS, err = p.witnessed(); err != nil {
		return frame{}, err
	}
	if kind != kindSync {
		return e.frame(p.Seq, singly)
	}
	ms, err := e.check()
	return frame{out: mapping.Decoded{Kind: kindSync, MS: ms}, pos: p.Seq, us: e.TimeUS, collection: besides, id: e.id()}, err
}

// witnessed is when the host saw the event, which no import of times changes;
// older hosts say only time.
func (p *v2Payload) witnessed() (int64, error) {
	text := p.WitnessedAt
	if text == "" {
		text = p.Time
	}
	if text == "" {
		return 0, nil // Missing, as check says.
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, mapping.Reject(schema.ReasonBadTime, "time is no time of RFC 3339")
	}
	return t.UnixMicro(), nil
}

// frame maps an event.
func (e *jetEvent) frame(pos int64, singly actions) (frame, error) {
	out, err := e.decode(singly)
	if err != nil {
		return frame{}, err
	}
	f := frame{out: out, pos: pos, us: e.TimeUS, collection: besides, id: e.id()}
	if e.Commit != nil {
		f.collection = e.Commit.Collection
	}
	return f, nil
}

// id tells events apart, whichever bytes they are sent in.
func (e *jetEvent) id() uint64 {
	scratch := make([]byte, 0, 192)
	add := func(s string) { scratch = append(append(scratch, s...), 0) }
	add(e.DID)
	add(e.Kind)
	if c := e.Commit; c != nil {
		add(c.Rev)
		add(c.Operation)
		add(c.Collection)
		add(c.RKey)
	} else {
		scratch = binary.LittleEndian.AppendUint64(scratch, uint64(e.TimeUS))
	}
	return xxh3.Hash(scratch)
}

// rejected is a frame that cannot be used, whole or its beginning. Where it is
// in the stream is still told where it can be seen.
func rejected(rec []byte, size int, v2 bool, err error) frame {
	f := frame{size: size, raw: bytes.Clone(rec[:min(len(rec), schema.MaxRejectBytes)]), collection: besides}
	if !errors.As(err, &f.why) {
		f.why = &mapping.Rejection{Reason: schema.ReasonBadField, Detail: err.Error()}
	}
	head := rec[:min(len(rec), headBytes)]
	if v2 {
		f.pos = numberAfter(head, `"seq":`)
		if t, err := time.Parse(time.RFC3339Nano, stringAfter(head, `"time":"`)); err == nil && mapping.Plausible(t.UnixMilli()) {
			f.us = t.UnixMicro()
		}
	} else if us := numberAfter(head, `"time_us":`); mapping.Plausible(us / 1000) {
		f.pos, f.us = us, us
	}
	f.id = xxh3.Hash(rec)
	return f
}

// headBytes is how far into a frame its place in the stream is looked for: hosts
// write it first.
const headBytes = 512

func numberAfter(text []byte, key string) (n int64) {
	_, rest, found := bytes.Cut(text, []byte(key))
	if !found {
		return 0
	}
	rest = bytes.TrimLeft(rest, " ")
	for i := 0; i < len(rest) && i < 18 && rest[i] >= '0' && rest[i] <= '9'; i++ {
		n = n*10 + int64(rest[i]-'0')
	}
	return n
}

func stringAfter(text []byte, key string) string {
	_, rest, _ := bytes.Cut(text, []byte(key))
	value, _, _ := bytes.Cut(rest, []byte{'"'})
	return string(value)
}

// position names a place in the stream, for rejects.
func (f *frame) position(v2 bool) string {
	switch {
	case f.pos == 0:
		return ""
	case v2:
		return fmt.Sprintf("seq %d", f.pos)
	}
	return fmt.Sprintf("time_us %d", f.pos)
}
