package tag

import (
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

const cachedDomains = 1 << 15

// domainCache remembers the registrable domain of hosts: posts link to few.
type domainCache struct{ known map[string]string }

func newDomainCache() *domainCache { return &domainCache{known: make(map[string]string)} }

// registrable is the registrable domain of a host by the Public Suffix List,
// its private section included, in ASCII; an address of IP stays as it is. It
// is empty where the host has none.
func (c *domainCache) registrable(host string) string {
	if domain, ok := c.known[host]; ok {
		return domain
	}
	if len(c.known) >= cachedDomains {
		clear(c.known)
	}
	host = strings.Clone(host)
	domain := registrable(host)
	c.known[host] = domain
	return domain
}

func registrable(host string) string {
	if host == "" || len(host) > 4*longestHost {
		return ""
	}
	if address, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return address.String()
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil || len(ascii) > longestHost || !strings.Contains(ascii, ".") {
		return ""
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(ascii)
	if err != nil {
		return ""
	}
	return domain
}

// knownShorteners are hosts that only redirect.
func knownShorteners() []string {
	return []string{
		"t.co", "bit.ly", "goo.gl", "tinyurl.com", "ow.ly", "is.gd", "v.gd", "buff.ly", "dlvr.it", "ift.tt", "fb.me", "j.mp", "lnkd.in", "trib.al", "tiny.cc", "cutt.ly",
		"rb.gy", "shorturl.at", "t.ly", "wp.me", "adf.ly", "bl.ink", "po.st", "su.pr", "snip.ly", "rebrand.ly", "tr.im", "x.co", "qr.ae", "db.tt", "git.io",
	}
}
