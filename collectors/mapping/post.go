package mapping

import (
	"strings"

	"github.com/election-observatory/observatory/schema"
)

// AddLink adds a link once and returns it, or nil where there is no room.
func AddLink(p *schema.Post, uri string) *schema.Link {
	uri = Clean(uri, MaxURL)
	for _, link := range p.Links {
		if link.Url == uri {
			return link
		}
	}
	if uri == "" || len(p.Links) >= MaxEntities {
		return nil
	}
	link := &schema.Link{Url: uri}
	p.Links = append(p.Links, link)
	return link
}

// WordOf says whether s is ASCII letters, digits and some other characters.
func WordOf(s, others string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return true
}
