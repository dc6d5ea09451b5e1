package demo

import "strconv"

const (
	xEpochMS   = 1288834974657 // From when X counts its ids.
	tidLetters = "234567abcdefghijklmnopqrstuvwxyz"
)

// place is where a post stands: what its id follows from.
type place struct {
	ms     int64
	low    uint32 // Even in the base, odd in what is planted: the two never have one id.
	number int    // On Telegram and of feeds, whose ids have no time.
	repost bool
}

// appendID appends the id of a post as its platform writes it.
func appendID(b []byte, a *account, at place) []byte {
	switch a.platform {
	case bluesky:
		collection := "/app.bsky.feed.post/"
		if at.repost {
			collection = "/app.bsky.feed.repost/"
		}
		b = append(append(append(b, "at://"...), a.id...), collection...)
		return appendTID(b, at.ms, at.low)
	case mastodon:
		b = append(append(b, a.id...), "/statuses/"...)
		return strconv.AppendInt(b, at.ms<<16|int64(at.low&0xffff), 10)
	case x:
		return strconv.AppendInt(b, (at.ms-xEpochMS)<<22|int64(at.low&0x3fffff), 10)
	case telegram:
		return strconv.AppendInt(append(append(b, a.id...), '/'), int64(at.number), 10)
	}
	return strconv.AppendInt(append(append(append(b, "tag:"...), a.name...), ",2024:"...), int64(at.number), 10)
}

// appendTID appends the record key of a moment: microseconds and the id of a
// clock, in Bluesky's base 32 (https://atproto.com/specs/tid).
func appendTID(b []byte, ms int64, low uint32) []byte {
	n := uint64(ms*1000+int64(low%1000))<<10 | uint64(low/1000&1023)
	var key [13]byte
	for k := len(key) - 1; k >= 0; k-- {
		key[k] = tidLetters[n&31]
		n >>= 5
	}
	return append(b, key[:]...)
}
