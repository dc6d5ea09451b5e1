package demo

import "strconv"

// source is the kind of source that a link leads to, as the store will see it.
type source int

const (
	unrated source = iota
	rated
	unresolved
)

// link is a URL and what it counts as.
type link struct {
	url string
	as  source
}

// ratedDomains are on the lists that come with the program since before the
// week; a test holds this.
func ratedDomains() []string {
	return []string{"rt.com", "sputnikglobe.com", "rtde.world", "actualidad-rt.com", "esrt.press", "journal-neo.org", "katehon.com", "tsargrad.tv"}
}

// laterDomains are on these lists too, but only since after the week: what links
// to them counts as unrated.
func laterDomains() []string { return []string{"voiceofeurope.com", "southfront.press"} }

// shorteners hide where they lead.
func shorteners() []string {
	return []string{"bit.ly", "t.co", "tinyurl.com", "ow.ly", "buff.ly", "is.gd"}
}

const base36 = "0123456789abcdefghijklmnopqrstuvwxyz"

// appendLink appends a link of the base: to a story of an outlet, a rated
// source, or a shortener.
func (t *tongue) appendLink(b []byte, d *draw, day int) ([]byte, source) {
	story := d.early(600)
	switch at := d.below(1000); {
	case at < t.rated:
		b = append(append(append(b, "https://"...), ratedDomains()[d.early(len(ratedDomains()))]...), "/news/"...)
		return strconv.AppendInt(append(b, t.code...), int64(7000+story), 10), rated
	case at < t.rated+6:
		b = append(append(append(b, "https://"...), one(d, laterDomains())...), "/2024/06/"...)
		return strconv.AppendInt(b, int64(7000+story), 10), unrated
	case at < t.rated+96:
		b = append(append(append(b, "https://"...), one(d, shorteners())...), "/ex"...)
		for range 6 {
			b = append(b, base36[d.below(len(base36))])
		}
		return b, unresolved
	}
	b = appendStory(b, one(d, t.outlets), day, story)
	if d.chance(120) { // As a share button leaves it.
		b = append(b, "?utm_source=share&utm_medium=social"...)
	}
	return b, unrated
}

// appendStory appends the address of a story.
func appendStory(b []byte, outlet string, day, story int) []byte {
	b = append(append(append(b, "https://"...), outlet...), "/2024/06/0"...)
	b = append(strconv.AppendInt(b, int64(3+day), 10), "/story-"...)
	return strconv.AppendInt(b, int64(1000+story), 10)
}
