package demo

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/election-observatory/observatory/schema"
)

// Counts are what a week holds, as whoever made it counted.
type Counts struct {
	Written    uint64            `json:"written"` // Posts, those that were deleted included.
	Posts      uint64            `json:"posts"`   // Posts that stand.
	Platforms  uint64            `json:"platforms"`
	Languages  uint64            `json:"languages"` // That posts declare.
	Edits      uint64            `json:"edits"`     // Posts that stand in a later revision.
	Deletes    uint64            `json:"deletes"`
	Late       uint64            `json:"late"`  // Posts that stand and were collected more than an hour after they were written.
	Twice      uint64            `json:"twice"` // Posts that were delivered twice.
	Links      uint64            `json:"links"` // Of posts that stand, as are all that follow.
	Rated      uint64            `json:"rated_links"`
	Unresolved uint64            `json:"unresolved_links"`
	Classes    map[string]uint64 `json:"links_by_class"`
	Gaps       uint64            `json:"gaps"`
	Silences   uint64            `json:"silences"`
	// ByHour are links by language, and by class of the source or "all" or
	// "unresolved", for each hour of the week.
	ByHour map[string]map[string]Series `json:"links_by_hour"`
}

// Series is a count for each hour of the week; it is written as numbers with
// blanks between them.
type Series [hours]uint64

// MarshalText writes the counts.
func (s Series) MarshalText() ([]byte, error) {
	b := make([]byte, 0, 3*hours)
	for i, n := range s {
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendUint(b, n, 10)
	}
	return b, nil
}

// UnmarshalText reads the counts.
func (s *Series) UnmarshalText(text []byte) error {
	numbers := strings.Fields(string(text))
	if len(numbers) != hours {
		return fmt.Errorf("demo: %d numbers where one for each of %d hours was to be", len(numbers), hours)
	}
	for i, number := range numbers {
		var err error
		if s[i], err = strconv.ParseUint(number, 10, 64); err != nil {
			return fmt.Errorf("demo: %q where a count was to be", number)
		}
	}
	return nil
}

const (
	ofAll        = "all"
	ofUnresolved = "unresolved"
)

// counted is what one maker counts.
type counted struct {
	Counts
	links [tongueCount][kinds]Series
}

func (c *counted) visible(p *schema.Post, tongue int, as source, late bool) {
	c.Written++
	c.Posts++
	if late {
		c.Late++
	}
	c.links[tongue][as][(p.GetClaimedMs()-startMS())/hourMS] += uint64(len(p.GetLinks()))
}

func (c *counted) add(o *counted) {
	c.Written += o.Written
	c.Posts += o.Posts
	c.Edits += o.Edits
	c.Deletes += o.Deletes
	c.Late += o.Late
	c.Twice += o.Twice
	for t := range c.links {
		for as := range c.links[t] {
			for h, n := range o.links[t][as] {
				c.links[t][as][h] += n
			}
		}
	}
}

// told is what was counted, and what does not follow from single posts.
func (w *Week) told(of *counted) Counts {
	c := of.Counts
	c.Platforms, c.Languages = uint64(len(w.accounts)), uint64(len(w.tongues))
	c.Classes, c.ByHour = map[string]uint64{}, map[string]map[string]Series{}
	for _, o := range w.outages {
		if o.reason == "" {
			c.Silences++
		} else {
			c.Gaps++
		}
	}
	for t := range of.links {
		c.ByHour[w.tongues[t].code] = c.linked(&of.links[t])
	}
	return c
}

// linked adds the links of a language, and returns those that there are.
func (c *Counts) linked(of *[kinds]Series) map[string]Series {
	names, found := classes(), map[string]Series{}
	var all Series
	for as := range of {
		sum := uint64(0)
		for h, n := range of[as] {
			all[h] += n
			sum += n
		}
		c.Links += sum
		switch name := names[as]; {
		case sum == 0:
		case source(as) == unresolved:
			c.Unresolved += sum
			found[ofUnresolved] = of[as]
		case name != "":
			c.Rated += sum
			c.Classes[name] += sum
			found[name] = of[as]
		}
	}
	found[ofAll] = all
	return found
}
