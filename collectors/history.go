package collectors

import "time"

// hoursOfWeek are the slots of a history: conversations follow the hour and the
// day of the week.
const hoursOfWeek = 7 * 24

// memory is how much of a slot's old rate stays when another week is known: a
// month of weeks decides.
const memory = 0.7

// History is what a source delivered before, by hour of the week (UTC), from
// which follows what to expect of it. It belongs into the source's cursor; its
// zero value knows nothing.
type History struct {
	PerHour [hoursOfWeek]float32 `json:"per_hour"` // Events in that hour of an average week.
	Weeks   [hoursOfWeek]uint16  `json:"weeks"`    // How many weeks each slot has seen.
	Hour    int64                `json:"hour"`     // The hour that is being counted, in hours since 1970.
	Seen    uint64               `json:"seen"`     // Events in that hour so far.
	Since   int64                `json:"since"`    // When counting it began, in Unix milliseconds.
}

const hourMS = int64(time.Hour / time.Millisecond)

// Add counts events that the source delivered at a time. Times do not go back:
// what is late counts for the hour that is being counted.
func (h *History) Add(ms int64, events uint64) {
	switch hour := ms / hourMS; {
	case h.Hour == 0:
		h.Hour, h.Since = hour, ms
	case hour > h.Hour:
		h.close()
		h.Hour, h.Seen, h.Since = hour, 0, hour*hourMS
	}
	h.Seen += events
}

// Missed forgets the hour that is being counted: the source was not connected,
// so that what it delivered says nothing about what it had.
func (h *History) Missed() { h.Hour, h.Seen, h.Since = 0, 0, 0 }

// close puts the counted hour into its slot, if most of it was seen.
func (h *History) close() {
	watched := float32((h.Hour+1)*hourMS-h.Since) / float32(hourMS)
	if watched < 0.5 {
		return
	}
	slot := slotOf(h.Hour)
	rate := float32(h.Seen) / watched
	if h.Weeks[slot] > 0 {
		keep := min(float32(h.Weeks[slot])/float32(h.Weeks[slot]+1), memory)
		rate = keep*h.PerHour[slot] + (1-keep)*rate
	}
	h.PerHour[slot] = rate
	if h.Weeks[slot] < 1<<15 {
		h.Weeks[slot]++
	}
}

// Rate is how many events an hour the source is expected to deliver at a time,
// and whether its history says anything: of the same hour of the week, else of
// the same hour on other days, else of all hours.
func (h *History) Rate(ms int64) (perHour float64, known bool) {
	slot := slotOf(ms / hourMS)
	if h.Weeks[slot] > 0 {
		return float64(h.PerHour[slot]), true
	}
	if rate, known := h.mean(slot%24, 24); known {
		return rate, true
	}
	return h.mean(0, 1)
}

func (h *History) mean(from, step int) (float64, bool) {
	sum, n := 0.0, 0
	for slot := from; slot < hoursOfWeek; slot += step {
		if h.Weeks[slot] > 0 {
			sum += float64(h.PerHour[slot])
			n++
		}
	}
	if n == 0 {
		return 0, false
	}
	return sum / float64(n), true
}

// Expected is how many events the source is expected to deliver in [from, to),
// in Unix milliseconds; nil where its history says nothing.
func (h *History) Expected(from, to int64) *uint64 {
	sum := 0.0
	for from < to {
		end := min((from/hourMS+1)*hourMS, to)
		rate, known := h.Rate(from)
		if !known {
			return nil
		}
		sum += rate * float64(end-from) / float64(hourMS)
		from = end
	}
	n := uint64(sum + 0.5)
	return &n
}

// slotOf is the hour of the week of an hour since 1970, which began on a Thursday.
func slotOf(hour int64) int { return int((hour + 3*24) % hoursOfWeek) }
