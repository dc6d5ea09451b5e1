package rss

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// next is how long to wait before a feed is asked again: half the time in which
// it publishes an item, within the bounds, and not before it wants to be asked.
func (s *state) next(now time.Time, least, most time.Duration) time.Duration {
	wait := least
	if n := len(s.Recent); n > 0 {
		wait = time.Duration((now.UnixMilli()-s.Recent[0])/int64(2*n)) * time.Millisecond
	}
	wait = min(max(wait, least, s.MaxAge, s.Hints.least()), most)
	jitter := rand.N(wait/10 + 1) //nolint:gosec // Jitter is no secret.
	if wait+jitter <= most {
		wait += jitter
	} else {
		wait = max(wait-jitter, least)
	}
	return s.Hints.wanted(now.Add(wait)).Sub(now)
}

// maxAge is for how long a response says that it is fresh.
func maxAge(header http.Header) time.Duration {
	for directive := range strings.SplitSeq(header.Get("Cache-Control"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		if !strings.EqualFold(name, "max-age") {
			continue
		}
		if seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31); err == nil {
			return min(time.Duration(seconds)*time.Second, longestHint)
		}
	}
	return 0
}
