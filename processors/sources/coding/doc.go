// Package coding lets people judge news sources by the typology of junk news of
// the Oxford Internet Institute: five criteria, of which at least three make a source
// junk (Bradshaw, Howard, Kollanyi and Neudert 2020, "Sourcing and Automation of
// Political News and Information over Social Media in the United States, 2016-2018").
// Coders fill in a sheet; their agreement is measured, and what most of
// them found is decided. What a coder writes is about a source and not about whoever
// shares it.
package coding

import (
	"time"

	"github.com/election-observatory/observatory/processors/sources"
)

// Criteria are the criteria in the order of [Coding.Applies].
func Criteria() [5]string {
	return [5]string{"professionalism", "style", "credibility", "bias", "counterfeit"}
}

// Counterfeit is the place of the criterion that a source mimics established media.
const counterfeit = 4

// ofFive is how many of the five criteria make junk.
const ofFive = 3

// Coding is what one coder found of one source.
type Coding struct {
	Source   string
	Coder    string
	CodedAt  time.Time
	Applies  [5]bool       // By criterion: it applies, which speaks against the source.
	Class    sources.Class // What the coder calls a source that is not junk; empty for nothing.
	Evidence string        // What the coder saw.
	Notes    string
}

// Junk says whether at least three of the five criteria apply.
func (c *Coding) Junk() bool { return junk(c.Applies) }

func junk(applies [5]bool) bool {
	n := 0
	for _, yes := range applies {
		if yes {
			n++
		}
	}
	return n >= ofFive
}
