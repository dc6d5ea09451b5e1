package expand

import (
	"time"

	"github.com/zeebo/xxh3"

	"github.com/election-observatory/observatory/schema"
)

// known remembers which links need not be followed for now, and how many were
// today. It is what the cursor holds.
type known struct {
	Links map[uint64]memory `json:"links"`
	Day   string            `json:"day"`
	Spent int               `json:"spent"`
}

type memory struct {
	Until int64 `json:"u"` // Unix seconds.
	Tries int   `json:"t,omitempty"`
}

func hashOf(link string) uint64 { return xxh3.HashString(link) }

// again is when a link is followed again: after a month, and after less where it
// failed for a reason that may pass.
func again(status string, tries int) time.Duration {
	if status != schema.ExpansionFailed {
		return keepFor
	}
	pauses := [...]time.Duration{time.Hour, 6 * time.Hour, 72 * time.Hour}
	return pauses[min(tries, len(pauses)-1)]
}

func (k *known) has(link string, now time.Time) bool {
	m, ok := k.Links[hashOf(link)]
	return ok && now.Unix() < m.Until
}

func (k *known) note(e *schema.Expansion, now time.Time) {
	if len(k.Links) >= maxKnown {
		k.forget(now)
	}
	hash := hashOf(e.GetUrl())
	tries := k.Links[hash].Tries
	k.Links[hash] = memory{now.Add(again(e.GetStatus(), tries)).Unix(), tries + 1}
}

// forget forgets what is over, and half of the rest where nothing is.
func (k *known) forget(now time.Time) {
	for hash, m := range k.Links {
		if now.Unix() >= m.Until {
			delete(k.Links, hash)
		}
	}
	for hash := range k.Links {
		if len(k.Links) <= maxKnown/2 {
			return
		}
		delete(k.Links, hash)
	}
}

// spend takes one link off the day's budget, if there is any left.
func (k *known) spend(now time.Time, perDay int) bool {
	if day := now.UTC().Format(time.DateOnly); day != k.Day {
		k.Day, k.Spent = day, 0
	}
	if k.Spent >= perDay {
		return false
	}
	k.Spent++
	return true
}
