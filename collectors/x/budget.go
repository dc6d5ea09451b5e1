package x

import (
	"fmt"
	"time"
)

// spent is what was read, as a cursor keeps it.
type spent struct {
	Day        string  `json:"day"` // UTC, as 2024-06-09.
	Reads      int     `json:"reads"`
	Month      string  `json:"month"`
	MonthReads int     `json:"month_reads"`
	MonthUSD   float64 `json:"month_usd"`
	Ahead      int     `json:"ahead"` // Reads that may have followed: those of a process that was killed.
}

// budget counts reads against what they may be. X asks for a post once in a day (UTC)
// however often it is delivered in it.
type budget struct {
	cfg  *Config
	now  func() time.Time
	used spent
	seen map[string]bool // Posts that were read today, by the id that X charges for.
}

// advance is how many reads are noted before they are read, so that those of a process that
// is killed are not forgotten.
const advance = 20

// turn begins a new day or month.
func (b *budget) turn() {
	now := b.now().UTC()
	if day := now.Format(time.DateOnly); day != b.used.Day {
		b.used.Day, b.used.Reads, b.seen = day, 0, nil
	}
	if month := now.Format("2006-01"); month != b.used.Month {
		b.used.Month, b.used.MonthReads, b.used.MonthUSD = month, 0, 0
	}
}

// read counts a post, and says whether it is the first time today.
func (b *budget) read(id string) bool {
	b.turn()
	if b.seen[id] {
		return false
	}
	if b.seen == nil {
		b.seen = map[string]bool{}
	}
	b.seen[id] = true
	b.used.Reads++
	b.used.MonthReads++
	b.used.MonthUSD += b.cfg.ReadUSD
	return true
}

// left is how many posts may be read now.
func (b *budget) left() int {
	b.turn()
	left := int(^uint(0) >> 1)
	if b.cfg.ReadsPerDay > 0 {
		left = b.cfg.ReadsPerDay - b.used.Reads
	}
	if b.cfg.MonthlyUSD > 0 {
		const rounding = 1e-9
		left = min(left, int((b.cfg.MonthlyUSD-b.used.MonthUSD)/b.cfg.ReadUSD+rounding))
	}
	return max(left, 0)
}

// next is when there is a budget again.
func (b *budget) next() time.Time {
	now := b.now().UTC()
	if b.cfg.MonthlyUSD > 0 && b.cfg.MonthlyUSD-b.used.MonthUSD < b.cfg.ReadUSD {
		return time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, time.UTC)
	}
	return time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, time.UTC)
}

// step is how many posts may be read before the cursor is saved again.
func (b *budget) step() int {
	step := advance
	if b.cfg.ReadsPerDay > 0 {
		step = min(step, max(b.cfg.ReadsPerDay/20, 1))
	}
	return min(step, b.left())
}

// state is what a cursor keeps; more says that reads follow.
func (b *budget) state(more bool) spent {
	b.turn()
	of := b.used
	if of.Ahead = 0; more {
		of.Ahead = b.step()
	}
	return of
}

// resume goes on from what a cursor kept: what may have been read counts as read.
func (b *budget) resume(of spent) {
	n := of.Ahead
	of.Ahead, of.Reads, of.MonthReads, of.MonthUSD = 0, of.Reads+n, of.MonthReads+n, of.MonthUSD+float64(n)*b.cfg.ReadUSD
	b.used = of
	b.turn()
}

// String says what was spent of what, for people.
func (b *budget) String() string {
	b.turn()
	said := fmt.Sprintf("%d posts read today", b.used.Reads)
	if b.cfg.ReadsPerDay > 0 {
		said += fmt.Sprintf(" of %d", b.cfg.ReadsPerDay)
	}
	said += fmt.Sprintf(", %.2f US dollars this month", b.used.MonthUSD)
	if b.cfg.MonthlyUSD > 0 {
		said += fmt.Sprintf(" of %.2f", b.cfg.MonthlyUSD)
	}
	return said
}
