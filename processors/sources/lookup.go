package sources

import (
	"strings"
	"time"

	"github.com/election-observatory/observatory/processors/urls"
)

// Lookup answers which source URLs are of and how it is rated at one time. It is
// for one goroutine.
type Lookup struct {
	registry *Registry
	parser   *Parser
	at       time.Time
	known    map[*node]*Answer
}

// Answer is what is known of a URL.
type Answer struct {
	Canonical string // The canonical form of the URL; empty where it is no web address.
	Written   string // The host of the canonical form as it was written, in upper or lower case.
	Domain    string // The registrable domain; empty where it has none.
	Platform  bool   // The host carries what others publish.
	Matched   string // The rated source that the URL is of; empty where there is none.
	Rating    *Combined
}

// NewLookup looks sources up as they were rated at a time.
func NewLookup(registry *Registry, at time.Time) *Lookup {
	return &Lookup{registry: registry, parser: NewParser(), at: at, known: map[*node]*Answer{}}
}

// URL looks up a URL, with or without its scheme.
func (l *Lookup) URL(address string) Answer {
	address = withScheme(strings.TrimSpace(address))
	canonical := l.parser.urls.Canonical(address)
	written, rest := urls.Cut(canonical)
	written = asWritten(address, written)
	host := hostInASCII(strings.ToLower(written))
	a := Answer{Canonical: canonical, Written: written, Domain: l.parser.urls.Registrable(host)}
	path := rest
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		path = rest[:i]
	}
	n := l.registry.find(host, a.Domain, path)
	if n == nil {
		a.Platform = l.parser.isPlatform(host)
		return a
	}
	known := l.known[n]
	if known == nil {
		known = new(Answer)
		if c, ok := n.at(l.registry, l.at); ok {
			known.Matched, known.Rating = c.Matched, &c
		}
		l.known[n] = known
	}
	a.Matched, a.Rating = known.Matched, known.Rating
	if a.Rating == nil {
		a.Platform = l.parser.isPlatform(host)
	}
	return a
}

// asWritten is a host as an address has it, if it has it.
func asWritten(address, host string) string {
	from, end := urls.Authority(address)
	if i := strings.Index(strings.ToLower(address[from:end]), host); i >= 0 && i+len(host) <= end-from {
		return address[from:end][i : i+len(host)]
	}
	return host
}

// isPlatform says whether anybody can publish on a host.
func (p *Parser) isPlatform(host string) bool {
	if same, ok := p.same[host]; ok {
		host = same
	}
	_, ok := p.platforms[host]
	return ok
}
