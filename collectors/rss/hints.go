package rss

import (
	"strconv"
	"strings"
	"time"
)

// hints are what a feed says about when to ask for it, and who tells. The zero value says
// nothing.
type hints struct {
	Hub    string        `json:",omitempty"` // Its hub of WebSub,
	Self   string        `json:",omitempty"` // and what it calls itself there.
	TTL    time.Duration // ttl.
	period time.Duration // sy:updatePeriod.
	times  int           // sy:updateFrequency.
	Hours  uint32        // skipHours, a bit for each hour of the day (UTC).
	Days   uint8         // skipDays, a bit for each day of the week.
}

// longestHint is what a feed may ask for.
const longestHint = 7 * 24 * time.Hour

// note takes the text of an element, if it is a hint.
func (h *hints) note(name string, text []byte) {
	switch name {
	case "ttl":
		if minutes := number(text); minutes > 0 {
			h.TTL = min(time.Duration(minutes)*time.Minute, longestHint)
		}
	case "hour":
		if hour := number(text); hour >= 0 && hour <= 24 {
			h.Hours |= 1 << (hour % 24)
		}
	case "day":
		for day := time.Sunday; day <= time.Saturday; day++ {
			if strings.EqualFold(strings.TrimSpace(string(text)), day.String()) {
				h.Days |= 1 << day
			}
		}
	case "updateperiod":
		h.period = map[string]time.Duration{
			"hourly": time.Hour, "daily": 24 * time.Hour, "weekly": 7 * 24 * time.Hour, "monthly": longestHint, "yearly": longestHint,
		}[strings.ToLower(strings.TrimSpace(string(text)))]
	case "updatefrequency":
		h.times = number(text)
	}
}

// link takes a link of the feed, if it says who tells.
func (h *hints) link(rel, href string) {
	for name := range strings.FieldsSeq(strings.ToLower(rel)) {
		switch {
		case len(href) > maxFeedURL:
		case name == "hub" && h.Hub == "":
			h.Hub = href
		case name == "self" && h.Self == "":
			h.Self = href
		}
	}
}

// number reads a small number; -1 for what is none.
func number(text []byte) int {
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 20)
	if err != nil {
		return -1
	}
	return int(n)
}

// least is the least time until the feed wants to be asked again.
func (h *hints) least() time.Duration {
	return max(h.TTL, h.period/time.Duration(max(h.times, 1)))
}

// skips says whether the feed does not want to be asked at a time.
func (h *hints) skips(at time.Time) bool {
	at = at.UTC()
	return h.Hours&(1<<at.Hour()) != 0 || h.Days&(1<<at.Weekday()) != 0
}

// wanted is the first time from at on when the feed may be asked. Where it never
// may be, it is not taken at its word.
func (h *hints) wanted(at time.Time) time.Time {
	if h.Hours&(1<<24-1) == 1<<24-1 || h.Days&(1<<7-1) == 1<<7-1 {
		return at
	}
	next := at
	for h.skips(next) {
		next = next.Truncate(time.Hour).Add(time.Hour)
	}
	return next
}
