package urls

import (
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

const (
	cachedDomains = 1 << 15
	longestHost   = 253
)

// Registrable is the registrable domain of a host by the Public Suffix List, its
// private section included, in ASCII. It is empty where the host has none, as an
// IP address.
func (c *Canonicalizer) Registrable(host string) string {
	if domain, ok := c.domains[host]; ok {
		return domain
	}
	if len(c.domains) >= cachedDomains {
		clear(c.domains)
	}
	host = strings.Clone(host)
	domain := registrable(host)
	c.domains[host] = domain
	return domain
}

func registrable(host string) string {
	host = strings.TrimRight(host, ".")
	if host == "" || len(host) > 4*longestHost {
		return ""
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return ""
	}
	ascii := host
	if !isHostName(host) {
		// As browsers read it. Hosts with underscores exist, if against the rules.
		lookup := idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false), idna.StrictDomainName(false))
		var err error
		if ascii, err = lookup.ToASCII(host); err != nil || !isHostName(ascii) {
			return ""
		}
	}
	if len(ascii) > longestHost || !strings.Contains(ascii, ".") {
		return ""
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(ascii)
	if err != nil {
		return ""
	}
	return domain
}

func isHostName(host string) bool {
	for i := range len(host) {
		if c := host[i]; !isWord(c) && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

// Shorteners are hosts that only redirect.
func Shorteners() []string {
	return []string{
		"t.co", "bit.ly", "goo.gl", "tinyurl.com", "ow.ly", "is.gd", "v.gd", "buff.ly", "dlvr.it", "ift.tt", "fb.me", "j.mp", "lnkd.in", "trib.al", "tiny.cc", "cutt.ly",
		"rb.gy", "shorturl.at", "t.ly", "wp.me", "adf.ly", "bl.ink", "po.st", "su.pr", "snip.ly", "rebrand.ly", "tr.im", "x.co", "qr.ae", "db.tt", "git.io",
	}
}
