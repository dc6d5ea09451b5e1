package automation

import (
	"math"
	"slices"
	"strconv"
)

// Account is what is known of an account in a period. Times are Unix milliseconds.
type Account struct {
	Times       []int64   // Of its posts of all kinds, in order.
	Texts       int       // Posts with text of its own,
	Duplicates  int       // and those of them that are in a cluster of texts.
	Deleted     int       // Posts that it deleted, as far as their times are known,
	DeletedFast int       // and those deleted within FastDelete.
	Delays      []float64 // Seconds from originals to its reposts.
	CreatedMS   int64     // When the account was made; 0 where unknown.
	Declared    bool      // It says itself that it is automated.
}

// Period is the time that accounts are looked at in.
type Period struct {
	ToMS int64   // Its end, excluded.
	Days float64 // Days that there is data of.
}

// Params says what the components are made of.
type Params struct {
	MinPosts, MinDays int // Below which there is no index.
	Frequency         float64
	FullDay           int     // Posts from which hours without any say something.
	FullDays          int     // Days, likewise.
	MinHours          int     // Posts from which there is an entropy of hours.
	Z                 float64 // Rayleigh's z above which times stick to a period.
	MinDelays         int     // Reposts from which their delays say something.
	YoungDays         float64
}

// FastDelete is within how many milliseconds of writing a post it is deleted fast
// (Elmas et al. 2021).
const FastDelete = 600_000

// High is the index from which an account is flagged: a convention and no boundary.
// In a demo week of 200,000 posts the one account above it is planted.
const High = 3.0

// DefaultParams are those of the literature, as far as there is any.
func DefaultParams() Params {
	return Params{MinPosts: 36, MinDays: 3, Frequency: 50, FullDay: 200, FullDays: 7, MinHours: 100, Z: 10, MinDelays: 10, YoungDays: 30}
}

// Version names the parameters.
func (p Params) Version() string {
	return strconv.Itoa(p.MinPosts) + "/" + strconv.Itoa(p.MinDays) + "/" + strconv.FormatFloat(p.Frequency, 'f', -1, 64) + "/" + strconv.FormatFloat(p.Z, 'f', -1, 64)
}

// Status says whether an account has an index, and why not.
type Status string

// The statuses.
const (
	Scored       Status = "scored"
	Insufficient Status = "insufficient data"
	Declared     Status = "declared automation"
)

// Components are what the index is the sum of.
type Components struct {
	Volume      float64 // ln(1 + posts in the busiest 24 hours / Frequency).
	Regularity  float64 // -Burstiness where that is negative: from 0 to 1.
	Periodicity float64 // 1 where its times stick to a period of up to an hour.
	Sleepless   float64 // 1 where no hour of the day is quiet.
	Duplicates  float64 // Share of its texts that are in a cluster of texts.
	FastDeletes float64 // Share of its posts that it deleted within FastDelete.
	Youth       float64 // 1 - age / YoungDays, at least 0.
	RepostDelay float64 // Share of its reposts after the same delay.
}

// Sum is the index.
func (c *Components) Sum() float64 {
	return c.Volume + c.Regularity + c.Periodicity + c.Sleepless + c.Duplicates + c.FastDeletes + c.Youth + c.RepostDelay
}

// Score is what is said of an account, and what that rests on.
type Score struct {
	Status        Status
	Index         float64 // Where Status is Scored.
	HighFrequency bool    // Frequency and more posts a day of the period.
	Components

	Posts, Days     int // Posts, and days (UTC) with any.
	Most24h         int
	Burstiness      float64
	Memory          float64
	IntervalEntropy float64
	HourEntropy     float64 // NaN below MinHours.
	DeadHours       int
	QuietHours      float64 // Median over days of the longest time without a post.
	Periods         []uint32
	IntervalMode    float64
	Resolution      int64   // Milliseconds that all times are multiples of: 60,000, 1,000 or 1.
	AgeDays         float64 // NaN where unknown.
}

const (
	dayMS    = 24 * hourMS
	hourMS   = 60 * minuteMS
	minuteMS = 60 * secondMS
	secondMS = 1000
)

// Assess scores an account.
func Assess(a *Account, in Period, p Params) Score {
	s := Score{Status: Scored, Posts: len(a.Times), HourEntropy: math.NaN(), AgeDays: math.NaN(), Resolution: resolution(a.Times)}
	s.times(a.Times, p)
	if in.Days > 0 {
		s.HighFrequency = float64(s.Posts)/in.Days >= p.Frequency
	}
	s.rhythm(p)
	s.conduct(a, in, p)
	switch {
	case a.Declared:
		s.Status = Declared
	case s.Posts < p.MinPosts || s.Days < p.MinDays:
		s.Status = Insufficient
	default:
		s.Index = s.Sum()
	}
	return s
}

// rhythm computes the components that times have.
func (s *Score) rhythm(p Params) {
	s.Volume = math.Log1p(float64(s.Most24h) / p.Frequency)
	s.Regularity = max(0, -s.Burstiness)
	// What sticks to an hour sticks to all periods that divide it: that is said once.
	if len(s.Periods) > 0 && s.Periods[0] < dayMS/secondMS {
		s.Periodicity = 1
	}
	if s.DeadHours == 0 && s.Posts >= p.FullDay && s.Days >= p.FullDays {
		s.Sleepless = 1
	}
}

// conduct computes the others.
func (s *Score) conduct(a *Account, in Period, p Params) {
	if a.Texts > 0 {
		s.Duplicates = float64(a.Duplicates) / float64(a.Texts)
	}
	if s.Posts+a.Deleted > 0 {
		s.FastDeletes = float64(a.DeletedFast) / float64(s.Posts+a.Deleted)
	}
	if a.CreatedMS > 0 {
		s.AgeDays = max(0, float64(in.ToMS-a.CreatedMS)/dayMS)
		s.Youth = max(0, 1-s.AgeDays/p.YoungDays)
	}
	if len(a.Delays) >= p.MinDelays && s.Resolution < minuteMS {
		s.RepostDelay = modeShare(a.Delays)
	}
}

// resolution is how finely times are stated.
func resolution(times []int64) int64 {
	of := int64(minuteMS)
	for _, t := range times {
		for t%of != 0 {
			if of /= 60; of < secondMS {
				return 1
			}
		}
	}
	return of
}

// times computes what follows from the times alone.
func (s *Score) times(times []int64, p Params) {
	if len(times) == 0 {
		return
	}
	intervals := make([]float64, 0, len(times))
	var hours [24]int
	for i, t := range times {
		hours[t%dayMS/hourMS]++
		if i > 0 {
			intervals = append(intervals, float64(t-times[i-1])/secondMS)
		}
	}
	s.Most24h = mostWithin(times, dayMS)
	s.Burstiness, s.Memory, s.IntervalEntropy, s.IntervalMode = burstiness(intervals), memory(intervals), intervalEntropy(intervals), modeShare(intervals)
	if len(times) >= p.MinHours {
		s.HourEntropy = entropy(hours[:])
	}
	for _, n := range hours {
		if float64(n) < float64(len(times))/(10*24) {
			s.DeadHours++
		}
	}
	for _, period := range [...]int64{60, 300, 600, 900, 1800, 3600, 86400} {
		if period*secondMS > s.Resolution && rayleigh(times, period*secondMS) > p.Z {
			s.Periods = append(s.Periods, uint32(period))
		}
	}
	s.Days, s.QuietHours = quiet(times)
}

// quiet counts the days with posts, and takes the median over them of the longest
// time without one.
func quiet(times []int64) (days int, hours float64) {
	var longest []float64
	for from := 0; from < len(times); {
		day := times[from] / dayMS
		last, gap := day*dayMS, int64(0)
		to := from
		for ; to < len(times) && times[to]/dayMS == day; to++ {
			gap = max(gap, times[to]-last)
			last = times[to]
		}
		gap = max(gap, (day+1)*dayMS-last)
		longest = append(longest, float64(gap)/hourMS)
		from = to
	}
	return len(longest), median(slices.Clip(longest))
}
