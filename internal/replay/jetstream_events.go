package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// JetstreamEvent is an event of Bluesky's stream.
type JetstreamEvent struct {
	US                    int64 // When the host saw it, in Unix microseconds.
	DID, Kind, Collection string
	V1                    []byte // As version 1 sends it.
}

// JetstreamSource is where events come from, each under its index.
type JetstreamSource interface {
	// Tip is the index of the first event that is not there yet.
	Tip(now time.Time) int64
	// Find is the index of the first event at or after a time.
	Find(us int64) int64
	// Due is when an event that is not there yet comes, if it does.
	Due(index int64) (at time.Time, comes bool)
	At(index int64) JetstreamEvent
}

// Recorded are events of a recording, all of which are there from the start.
type Recorded []JetstreamEvent

// ReadRecorded reads events of version 1, one a line.
func ReadRecorded(lines []byte) (Recorded, error) {
	var all Recorded
	for line := range bytes.Lines(lines) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var head struct {
			DID    string `json:"did"`
			TimeUS int64  `json:"time_us"`
			Kind   string `json:"kind"`
			Commit struct {
				Collection string `json:"collection"`
			} `json:"commit"`
		}
		if err := json.Unmarshal(line, &head); err != nil {
			return nil, fmt.Errorf("replay: event %d: %w", len(all)+1, err)
		}
		all = append(all, JetstreamEvent{US: head.TimeUS, DID: head.DID, Kind: head.Kind, Collection: head.Commit.Collection, V1: line})
	}
	return all, nil
}

// Tip is after the last event.
func (r Recorded) Tip(time.Time) int64 { return int64(len(r)) }

// Due is never: nothing comes after a recording.
func (Recorded) Due(int64) (time.Time, bool) { return time.Time{}, false }

// At is an event.
func (r Recorded) At(index int64) JetstreamEvent { return r[index] }

// Find is the first of the recording, which need not be in order.
func (r Recorded) Find(us int64) int64 {
	for i := range r {
		if r[i].US >= us {
			return int64(i)
		}
	}
	return int64(len(r))
}

// Generated are events that follow from a seed, without an end, so many a
// second from a time on. Nothing of them is kept: each follows from its index.
type Generated struct {
	Seed      uint64
	PerSecond int64
	Start     time.Time
	End       int64 // The index after the last; 0 for none.
}

// Tip is how many events time has brought.
func (g Generated) Tip(now time.Time) int64 {
	n := g.Find(now.UnixMicro() + 1)
	if g.End > 0 {
		return min(n, g.End)
	}
	return n
}

// Find follows from the rate.
func (g Generated) Find(us int64) int64 {
	passed := us - g.Start.UnixMicro()
	if passed <= 0 {
		return 0
	}
	const second = int64(1e6)
	seconds, rest := passed/second, passed%second
	return seconds*g.PerSecond + (rest*g.PerSecond+second-1)/second
}

// Due follows from the rate.
func (g Generated) Due(index int64) (time.Time, bool) {
	return time.UnixMicro(g.us(index)), g.End == 0 || index < g.End
}

func (g Generated) us(index int64) int64 {
	return g.Start.UnixMicro() + index/g.PerSecond*1e6 + index%g.PerSecond*1e6/g.PerSecond
}

// At makes an event.
func (g Generated) At(index int64) JetstreamEvent {
	draw := rand.New(rand.NewPCG(g.Seed, uint64(index))) //nolint:gosec // The same seed gives the same events.
	us := g.us(index)
	e := JetstreamEvent{US: us, DID: fmt.Sprintf("did:plc:account%04d", draw.IntN(5000)), Kind: "commit"}
	body := g.commit(draw, index, &e)
	e.V1 = append(e.V1, `{"did":"`+e.DID+`","time_us":`+strconv.FormatInt(us, 10)+`,"kind":"`+e.Kind+`",`+body+`}`...)
	return e
}

// Frame is an event as a version of the wire has it, under its index.
func (g Generated) Frame(index int64, v2 bool) []byte {
	e := g.At(index)
	if v2 {
		return e.v2(index)
	}
	return e.V1
}

// commit draws what happened.
func (g Generated) commit(draw *rand.Rand, index int64, e *JetstreamEvent) string {
	claimed := time.UnixMicro(e.US - draw.Int64N(2e6)).UTC().Format("2006-01-02T15:04:05.000Z")
	of := func(author, key string) string {
		return `{"cid":"bafyrei` + key + `","uri":"at://` + author + `/app.bsky.feed.post/` + key + `"}`
	}
	commit := func(operation, collection, key, record string) string {
		e.Collection = collection
		text := `"commit":{"rev":"` + tid(e.US) + `","operation":"` + operation + `","collection":"` + collection + `","rkey":"` + key + `"`
		if record != "" {
			text += `,"record":{"$type":"` + collection + `","createdAt":"` + claimed + `",` + record + `},"cid":"bafyrei` + key + `"`
		}
		return text + `}`
	}
	key, other := tid(e.US), fmt.Sprintf("did:plc:account%04d", draw.IntN(5000))
	text := fmt.Sprintf(`"langs":["%s"],"text":"%s %d #vote"`, [...]string{"en", "de", "fr", "es"}[draw.IntN(4)], [...]string{"Polls are open", "On the way to vote", "Results tonight", "Who counts?"}[draw.IntN(4)], index)
	switch roll := draw.IntN(100); {
	case roll < 40:
		return commit("create", "app.bsky.feed.post", key, text)
	case roll < 50:
		return commit("create", "app.bsky.feed.post", key, text+`,"reply":{"root":`+of(other, key)+`,"parent":`+of(other, key)+`}`)
	case roll < 75:
		return commit("create", "app.bsky.feed.repost", key, `"subject":`+of(other, tid(e.US-draw.Int64N(1e9))))
	case roll < 80:
		return commit("delete", "app.bsky.feed.post", tid(e.US-1e6-draw.Int64N(1e9)), "")
	case roll < 83:
		return commit("update", "app.bsky.feed.post", tid(e.US-1e6-draw.Int64N(1e9)), text)
	case roll < 93:
		return commit("create", "app.bsky.feed.like", key, `"subject":`+of(other, key))
	case roll < 97:
		return commit("create", "app.bsky.graph.follow", key, `"subject":"`+other+`"`)
	case roll < 99:
		e.Kind = "identity"
		return `"identity":{"did":"` + e.DID + `","handle":"` + e.DID[len("did:plc:"):] + `.example","seq":` + strconv.FormatInt(index, 10) + `,"time":"` + claimed + `"}`
	}
	e.Kind = "account"
	return `"account":{"active":true,"did":"` + e.DID + `","seq":` + strconv.FormatInt(index, 10) + `,"time":"` + claimed + `"}`
}

// tid is a record key of a time (https://atproto.com/specs/tid).
func tid(us int64) string {
	const alphabet = "234567abcdefghijklmnopqrstuvwxyz"
	var key [13]byte
	n := uint64(us) << 10
	for i := len(key) - 1; i >= 0; i-- {
		key[i] = alphabet[n&31]
		n >>= 5
	}
	return string(key[:])
}

// v2 is the event as version 2 sends it.
func (e *JetstreamEvent) v2(seq int64) []byte {
	var in struct {
		Commit   map[string]json.RawMessage `json:"commit"`
		Identity json.RawMessage            `json:"identity"`
		Account  json.RawMessage            `json:"account"`
	}
	_ = json.Unmarshal(e.V1, &in) // It was read when it was recorded, or made here.
	at := time.UnixMicro(e.US).UTC().Format("2006-01-02T15:04:05.000000Z")
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#%s","seq":%d,"did":%q,"time":%q,"witnessedAt":%q`, e.Kind, seq, e.DID, at, at)
	for _, field := range [...]string{"rev", "operation", "collection", "rkey", "cid", "record"} {
		if value, ok := in.Commit[field]; ok {
			fmt.Fprintf(&b, `,%q:%s`, field, value)
		}
	}
	for field, value := range map[string]json.RawMessage{"identity": in.Identity, "account": in.Account} {
		if value != nil {
			fmt.Fprintf(&b, `,%q:%s`, field, value)
		}
	}
	b.WriteString(`}}`)
	return b.Bytes()
}

func noticeFrame(name string) []byte {
	return []byte(`{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#info","name":"` + name + `","message":"replay"}}`)
}
