package schema

import (
	"strconv"
	"strings"
	"time"
)

const (
	twitterEpochMS   = 1288834974657 // X counts its ids from 2010-11-04.
	firstMastodon    = 1 << 56       // Smaller ids of Mastodon were counters and carry no time.
	firstSnowflake   = 1 << 36       // Smaller ids of X were counters and carry no time.
	archiveIDPrefix  = "archive:"    // Of ids that this project derives for archives without ids.
	tidLength        = 13
	tidAlphabet      = "234567abcdefghijklmnopqrstuvwxyz"
	maxIdentityMS    = 4102444800000 // 2100-01-01; anything later is not a time.
	archiveDayLength = len("2006-01-02")
)

// IdentityTime is the time, in Unix milliseconds, that follows from a post's
// native id alone, or 0 where none does. It is the same for every delivery of
// the post and for its deletion, which is why the store sorts by it; it is no
// statement about when the post was written, since some platforms let the
// author choose the id.
//
// X: the Snowflake timestamp. Bluesky: the TID in the record key of the AT URI
// (https://atproto.com/specs/tid). Mastodon: the Snowflake timestamp of the id on the
// server that has the post (lib/mastodon/snowflake.rb). Ids made by ArchiveID: the day in them.
func IdentityTime(p Platform, nativeID string) int64 {
	if rest, ok := strings.CutPrefix(nativeID, archiveIDPrefix); ok {
		return archiveTime(rest)
	}
	switch p {
	case PlatformX:
		return snowflakeTime(nativeID)
	case PlatformBluesky:
		return tidTime(nativeID[strings.LastIndexByte(nativeID, '/')+1:])
	case PlatformMastodon:
		return mastodonTime(nativeID)
	case PlatformTelegram, PlatformRSS, Platform_PLATFORM_UNSPECIFIED:
	}
	return 0
}

// ArchiveID makes a native id for a post of an archive that states none. The
// digest identifies the post in the archive's own terms; the day is part of
// what it identifies.
func ArchiveID(day time.Time, digest string) string {
	return archiveIDPrefix + day.UTC().Format("2006-01-02") + ":" + digest
}

func archiveTime(rest string) int64 {
	if len(rest) < archiveDayLength {
		return 0
	}
	day, err := time.Parse("2006-01-02", rest[:archiveDayLength])
	if err != nil {
		return 0
	}
	return inRange(day.UnixMilli())
}

func snowflakeTime(id string) int64 {
	n, err := strconv.ParseUint(id, 10, 63)
	if err != nil || n < firstSnowflake {
		return 0
	}
	return inRange(int64(n>>22) + twitterEpochMS)
}

// mastodonTime is that of an id such as "mastodon.example/112550000000000001".
func mastodonTime(id string) int64 {
	host, number, ok := strings.Cut(id, "/")
	n, err := strconv.ParseUint(number, 10, 63)
	if !ok || host == "" || err != nil || n < firstMastodon {
		return 0
	}
	return inRange(int64(n >> 16))
}

func tidTime(key string) int64 {
	if len(key) != tidLength {
		return 0
	}
	var n uint64
	for i := range len(key) {
		digit := strings.IndexByte(tidAlphabet, key[i])
		if digit < 0 {
			return 0
		}
		n = n<<5 | uint64(digit)
	}
	micros := (n & (1<<63 - 1)) >> 10
	return inRange(int64(micros / 1000))
}

func inRange(ms int64) int64 {
	if ms < 0 || ms >= maxIdentityMS {
		return 0
	}
	return ms
}
