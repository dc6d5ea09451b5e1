package bursts

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

const (
	decay      = 0.7 // The weight of a week by that of the week after it.
	priorWeeks = 2.0 // Weeks that the last seven days weigh as much as.
	priorHours = 24.0
	leastHours = 24 // Of the study from which there is a rhythm of the day,
	leastCount = 20 // and posts from which a topic has a variance of its own.
	mostShift  = 5.0
)

// overall is what a kind of topics has in common.
type overall struct {
	mean   float64     // Posts of a topic in an hour.
	rhythm [24]float64 // By hour of the day, 1 on average.
	size   float64     // Of the negative binomial.
}

// pool computes what the topics of each kind have in common.
func pool(day *Day) map[string]*overall {
	pooled := map[string]*overall{}
	known := min(day.Known, Week)
	for kind, all := range day.Kinds {
		o := &overall{}
		var hours [24]float64
		total := 0.0
		for hour := -known; hour < 0; hour++ {
			n := float64(all.Hours[hour])
			total += n
			hours[ofDay(hour)] += n
		}
		for h := range o.rhythm {
			o.rhythm[h] = 1
			if known >= leastHours && total > 0 {
				o.rhythm[h] = min(mostShift, max(1/mostShift, hours[h]*24/total))
			}
		}
		o.mean = total / max(1, float64(known)*float64(max(all.Topics, 1)))
		pooled[kind] = o
	}
	for kind, o := range pooled {
		var square, over float64
		for i := range day.Topics {
			if t := &day.Topics[i]; t.Kind == kind {
				mean, variance, count := lastWeek(t, o, known)
				if count >= leastCount && variance > mean {
					square, over = square+mean*mean, over+variance-mean
				}
			}
		}
		o.size = 1 // A variance of the mean squared, where nothing is known.
		if over > 0 {
			o.size = square / over
		}
	}
	return pooled
}

// ofDay is the hour of the day of an hour.
func ofDay(hour int) int { return (hour%24 + 24) % 24 }

// lastWeek is the mean of a topic in the hours of the last seven days, and the
// variance around what the rhythm of the day makes of it.
func lastWeek(t *Topic, o *overall, known int) (mean, variance float64, count int) {
	for hour, n := range t.Hours {
		if hour < 0 && hour >= -known {
			count += n
		}
	}
	if known == 0 {
		return 0, 0, 0
	}
	mean = float64(count) / float64(known)
	for hour := -known; hour < 0; hour++ {
		off := float64(t.Hours[hour]) - mean*o.rhythm[ofDay(hour)]
		variance += off * off / float64(known)
	}
	return mean, variance, count
}

// baseline is what is expected of a topic.
type baseline struct {
	topic *Topic
	all   *overall
	known int     // Hours.
	mean  float64 // Of the last seven days, drawn to that of the kind.
	size  float64
}

func newBaseline(t *Topic, day *Day, all *overall) *baseline {
	if all == nil {
		all = &overall{size: 1}
		for h := range all.rhythm {
			all.rhythm[h] = 1
		}
	}
	known := min(day.Known, Week)
	mean, variance, count := lastWeek(t, all, known)
	b := &baseline{topic: t, all: all, known: day.Known, size: all.size}
	b.mean = (mean*float64(known) + all.mean*priorHours) / (float64(known) + priorHours)
	if count >= leastCount && known >= leastHours {
		b.size = math.Inf(1) // Poisson.
		if variance > mean {
			b.size = mean * mean / (variance - mean)
		}
	}
	return b
}

// hour is how many posts are expected in an hour of the day: the average, of the
// logarithms, of the same hour of the weeks before and of the last seven days.
func (b *baseline) hour(hour int) float64 {
	recent := b.mean * b.all.rhythm[ofDay(hour)]
	weight, sum, weeks := 0.0, 0.0, 0.0
	for w, back := 1.0, hour-Week; back >= -min(b.known, History); w, back = w*decay, back-Week {
		sum += w * float64(b.topic.Hours[back])
		weight += w
		weeks++
	}
	if weeks == 0 {
		return recent
	}
	same := sum / weight
	return math.Expm1((weeks*math.Log1p(same) + priorWeeks*math.Log1p(recent)) / (weeks + priorWeeks))
}

// negativeBinomialTail is the probability of n and more where mean are expected and
// the variance is mean + mean²/size: the regularized incomplete beta function. An
// infinite size is Poisson.
func negativeBinomialTail(n int, mean, size float64) float64 {
	switch {
	case n <= 0:
		return 1
	case mean <= 0:
		return 0
	case math.IsInf(size, 1) || size > 1e9:
		return mathext.GammaIncReg(float64(n), mean)
	}
	return mathext.RegIncBeta(float64(n), size, mean/(mean+size))
}
