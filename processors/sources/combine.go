package sources

import (
	"math"
	"slices"
	"time"
)

// Combined is what the raters of a source say of it together.
type Combined struct {
	// Matched is the entry that matched: the source itself, or what it is a part of.
	Matched string
	// Source is the source whose ratings these are; where Matched is another address
	// of it, it is not Matched.
	Source string
	// Class is the class that most raters give; among equals the first of Classes
	// in the order of precedence, which puts what is more particular before.
	Class Class
	// Classes are all classes that raters give, in order of precedence: more than one is disagreement.
	Classes []Class
	// Score is the mean of the raters' scores from 0 to 1; nil where none gives one.
	Score *float64
	// Spread is the standard deviation of the scores; nil for fewer than two.
	Spread *float64
	// Ratings are those that are combined, one of each rater, by its name.
	Ratings []*Rating
}

// Raters are the names of those who rate the source.
func (c *Combined) Raters() []string {
	names := make([]string, len(c.Ratings))
	for i, r := range c.Ratings {
		names[i] = r.Rater
	}
	return names
}

// Network is the operation, owner or outlet that a rater says the source is part
// of: that of the first rater by name who says so.
func (c *Combined) Network() string {
	for _, r := range c.Ratings {
		if r.Network != "" {
			return r.Network
		}
	}
	return ""
}

// Backdated says whether a rating is among them that its rater does not date.
func (c *Combined) Backdated() bool {
	return slices.ContainsFunc(c.Ratings, func(r *Rating) bool { return r.Backdated })
}

// at is what raters say of the source at a time: of itself, else of what it is
// another address of, else of what it is a part of. It is false where nobody
// says anything.
func (n *node) at(g *Registry, at time.Time) (Combined, bool) {
	for wider := n; wider != nil; wider = wider.parent {
		of := wider
		for hops := 0; of != nil && hops < maxHops; hops++ {
			var holding []*Rating
			for _, r := range of.ratings {
				if r.Holds(at) {
					holding = append(holding, r)
				}
			}
			if len(holding) > 0 {
				return combine(wider.source, of.source, holding), true
			}
			of = of.original(g, at)
		}
	}
	return Combined{}, false
}

// maxHops is how many aliases of aliases are followed.
const maxHops = 8

// original is what the source is another address of.
func (n *node) original(g *Registry, at time.Time) *node {
	for _, r := range n.aliases {
		if r.Holds(at) {
			return g.nodes[r.AliasOf]
		}
	}
	return nil
}

// combine combines ratings of one source; they are in the order of their raters.
func combine(matched, source string, ratings []*Rating) Combined {
	c := Combined{Matched: matched, Source: source, Ratings: ratings}
	most := 0
	for _, class := range precedence() {
		votes := 0
		for _, r := range ratings {
			if r.Class == class {
				votes++
			}
		}
		if votes > 0 {
			c.Classes = append(c.Classes, class)
		}
		if votes > most {
			most, c.Class = votes, class
		}
	}
	var scores []float64
	for _, r := range ratings {
		if r.Score != nil {
			scores = append(scores, *r.Score)
		}
	}
	if len(scores) == 0 {
		return c
	}
	mean := 0.0
	for _, s := range scores {
		mean += s / float64(len(scores))
	}
	c.Score = &mean
	if len(scores) > 1 {
		sum := 0.0
		for _, s := range scores {
			sum += (s - mean) * (s - mean)
		}
		spread := math.Sqrt(sum / float64(len(scores)-1))
		c.Spread = &spread
	}
	return c
}

// precedence is the order in which classes win where as many raters give one as
// another: what says most of a source comes first.
func precedence() []Class {
	return []Class{
		ClassImposter, ClassStateControlled, ClassConspiracy, ClassSatire, ClassUnreliable, ClassMixed, ClassFactChecker, ClassIndependentPublic, ClassMainstream, ClassPlatform,
	}
}

// Interval is a time in which what is said of a source stays the same.
type Interval struct {
	Combined
	From time.Time
	To   time.Time // Excluded; zero where it still holds.
}

// Intervals are what raters say of a source from time to time, in order and
// without those times in which nobody says anything.
func (g *Registry) Intervals(source string) []Interval {
	n := g.nodes[source]
	if n == nil {
		return nil
	}
	var found []Interval
	times := n.times(g)
	for i, from := range times {
		c, ok := n.at(g, from)
		if !ok {
			continue
		}
		next := Interval{Combined: c, From: from}
		if i+1 < len(times) {
			next.To = times[i+1]
		}
		if last := len(found) - 1; last >= 0 && found[last].To.Equal(from) && found[last].Matched == c.Matched && found[last].Source == c.Source && slices.Equal(found[last].Ratings, c.Ratings) {
			found[last].To = next.To
			continue
		}
		found = append(found, next)
	}
	return found
}

// times are when what is said of a source may change.
func (n *node) times(g *Registry) []time.Time {
	var times []time.Time
	seen := map[*node]bool{}
	for left := []*node{n}; len(left) > 0; left = left[1:] {
		of := left[0]
		if of == nil || seen[of] {
			continue
		}
		seen[of] = true
		for _, ratings := range [][]*Rating{of.ratings, of.aliases} {
			for _, r := range ratings {
				times = append(times, r.ValidFrom)
				if !r.ValidTo.IsZero() {
					times = append(times, r.ValidTo)
				}
				if r.AliasOf != "" {
					left = append(left, g.nodes[r.AliasOf])
				}
			}
		}
		left = append(left, of.parent)
	}
	slices.SortFunc(times, time.Time.Compare)
	return slices.CompactFunc(times, time.Time.Equal)
}

// Sources are all sources that somebody rates, in order.
func (g *Registry) Sources() []string {
	all := make([]string, 0, len(g.nodes))
	for source := range g.nodes {
		all = append(all, source)
	}
	slices.Sort(all)
	return all
}
