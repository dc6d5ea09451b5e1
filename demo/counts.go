package demo

import "github.com/election-observatory/observatory/schema"

// Counts are what a week holds, as whoever made it counted.
type Counts struct {
	Written    uint64 `json:"written"` // Posts, those that were deleted included.
	Posts      uint64 `json:"posts"`   // Posts that stand.
	Platforms  uint64 `json:"platforms"`
	Languages  uint64 `json:"languages"` // That posts declare.
	Edits      uint64 `json:"edits"`     // Posts that stand in a later revision.
	Deletes    uint64 `json:"deletes"`
	Late       uint64 `json:"late"`  // Posts that stand and were collected more than an hour after they were written.
	Twice      uint64 `json:"twice"` // Posts that were delivered twice.
	Links      uint64 `json:"links"` // Of posts that stand, as are the next two.
	Rated      uint64 `json:"rated_links"`
	Unresolved uint64 `json:"unresolved_links"`
	Gaps       uint64 `json:"gaps"`
	Silences   uint64 `json:"silences"`
}

func (c *Counts) visible(p *schema.Post, as source, late bool) {
	c.Written++
	c.Posts++
	if late {
		c.Late++
	}
	c.Links += uint64(len(p.GetLinks()))
	switch as {
	case rated:
		c.Rated++
	case unresolved:
		c.Unresolved++
	case unrated:
	}
}

func (c *Counts) add(o *Counts) {
	c.Written += o.Written
	c.Posts += o.Posts
	c.Edits += o.Edits
	c.Deletes += o.Deletes
	c.Late += o.Late
	c.Twice += o.Twice
	c.Links += o.Links
	c.Rated += o.Rated
	c.Unresolved += o.Unresolved
}

// known is what does not follow from single posts.
func (w *Week) known() Counts {
	c := Counts{Platforms: uint64(len(w.accounts)), Languages: uint64(len(w.tongues))}
	for _, o := range w.outages {
		if o.reason == "" {
			c.Silences++
		} else {
			c.Gaps++
		}
	}
	return c
}
