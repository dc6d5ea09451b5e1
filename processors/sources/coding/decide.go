package coding

import (
	"cmp"
	"slices"

	"github.com/election-observatory/observatory/processors/sources"
)

// Decision is what the coders of a source found together.
type Decision struct {
	Source    string
	Applies   [5]bool // By criterion, where more than half of the coders say so.
	Junk      bool    // More than half of the coders find three of the five.
	Score     float64 // Share of the criteria that do not apply, mean of the coders.
	Class     sources.Class
	Coders    []string // All of them, by name.
	Dissent   []string // Those whose own label is another.
	Disputed  bool     // As many coders say junk as not.
	Evidence  string   // Of those who agree with the label, by coder.
	Agreement float64  // Share of the coders whose label is the decided one.
}

// Latest are the codings that count, by source and coder: of a coder's codings of
// a source the last one.
func Latest(codings []Coding) []Coding {
	sorted := slices.Clone(codings)
	slices.SortStableFunc(sorted, func(a, b Coding) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Coder, b.Coder), b.CodedAt.Compare(a.CodedAt), cmp.Compare(a.Evidence, b.Evidence))
	})
	return slices.CompactFunc(sorted, func(a, b Coding) bool { return a.Source == b.Source && a.Coder == b.Coder })
}

// Decide decides for each source by the majority of its coders: the label, which
// each of them gives by three of five, and each criterion. A tie is not junk, and
// Disputed. The class is unreliable where it is junk, imposter where it also mimics other media,
// else the one that most coders name, if one is named most.
func Decide(codings []Coding) []Decision {
	var decided []Decision
	for rest := Latest(codings); len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Source == rest[0].Source {
			n++
		}
		decided = append(decided, decide(rest[:n]))
		rest = rest[n:]
	}
	return decided
}

func decide(codings []Coding) Decision {
	d := Decision{Source: codings[0].Source}
	all := 0
	for i := range d.Applies {
		yes := votes(codings, func(c *Coding) bool { return c.Applies[i] })
		d.Applies[i] = 2*yes > len(codings)
		all += yes
	}
	d.Score = 1 - float64(all)/float64(len(d.Applies)*len(codings))
	say := votes(codings, (*Coding).Junk)
	d.Junk, d.Disputed = 2*say > len(codings), 2*say == len(codings)
	named := map[sources.Class]int{}
	agree := 0
	for _, c := range codings {
		d.Coders = append(d.Coders, c.Coder)
		if c.Junk() != d.Junk {
			d.Dissent = append(d.Dissent, c.Coder)
			continue
		}
		agree++
		if c.Evidence != "" {
			if d.Evidence != "" {
				d.Evidence += " ; "
			}
			d.Evidence += c.Coder + ": " + c.Evidence
		}
		if c.Class != "" {
			named[c.Class]++
		}
	}
	d.Agreement = float64(agree) / float64(len(codings))
	d.Class = d.class(named)
	return d
}

// votes is how many codings say so.
func votes(codings []Coding, so func(*Coding) bool) int {
	n := 0
	for i := range codings {
		if so(&codings[i]) {
			n++
		}
	}
	return n
}

func (d *Decision) class(named map[sources.Class]int) sources.Class {
	if d.Junk && d.Applies[counterfeit] {
		return sources.ClassImposter
	}
	if d.Junk {
		return sources.ClassUnreliable
	}
	var best sources.Class
	most, tied := 0, false
	for class, n := range named {
		switch {
		case n > most:
			best, most, tied = class, n, false
		case n == most:
			tied = true
		}
	}
	if tied {
		return ""
	}
	return best
}
