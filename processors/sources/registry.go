package sources

import (
	"cmp"
	"slices"
	"strings"

	"github.com/election-observatory/observatory/processors/urls"
)

// Registry knows which sources are rated and which of them an address is of. It
// is built once and then only read, by any number of goroutines.
type Registry struct {
	nodes     map[string]*node
	hosts     map[string]depths
	platforms map[string]platform
	same      map[string]string
}

// node is a source with what is said of it.
type node struct {
	source  string
	ratings []*Rating // By rater, then time.
	aliases []*Rating // What says that it is another address of something, by rater, then time.
	parent  *node     // The longest source that it is a part of.
}

// depths are the numbers of path segments that the sources on a host have: bit n
// is set where there is one with n.
type depths uint16

// NewRegistry makes a registry of ratings, which it keeps: they must not be changed
// after. Their order does not matter. Each has passed Validate.
func NewRegistry(ratings []Rating) *Registry {
	g := &Registry{nodes: make(map[string]*node, len(ratings)), hosts: make(map[string]depths, len(ratings)), platforms: map[string]platform{}, same: sameHosts()}
	for _, p := range platforms() {
		g.platforms[p.host] = p
	}
	for i := range ratings {
		r := &ratings[i]
		n := g.node(r.Source)
		if r.AliasOf != "" {
			g.node(r.AliasOf)
			n.aliases = append(n.aliases, r)
		} else {
			n.ratings = append(n.ratings, r)
		}
	}
	parser := NewParser()
	for _, n := range g.nodes {
		slices.SortFunc(n.ratings, byRater)
		slices.SortFunc(n.aliases, byRater)
		n.parent = g.above(parser.urls, n.source)
	}
	return g
}

func byRater(a, b *Rating) int {
	return cmp.Or(cmp.Compare(a.Rater, b.Rater), a.ValidFrom.Compare(b.ValidFrom), cmp.Compare(a.AliasOf, b.AliasOf))
}

func (g *Registry) node(source string) *node {
	if n := g.nodes[source]; n != nil {
		return n
	}
	n := &node{source: source}
	g.nodes[source] = n
	host, path, _ := strings.Cut(source, "/")
	depth := 0
	if path != "" {
		depth = strings.Count(path, "/") + 1
	}
	g.hosts[host] |= 1 << depth
	return n
}

// above finds the longest source that a source is a part of: a shorter path on
// its host, or a host above it that someone registered.
func (g *Registry) above(u *urls.Canonicalizer, source string) *node {
	host, _, _ := strings.Cut(source, "/")
	if _, ok := g.platforms[host]; ok {
		return nil
	}
	for i := strings.LastIndexByte(source, '/'); i >= 0; i = strings.LastIndexByte(source[:i], '/') {
		if n := g.nodes[source[:i]]; n != nil {
			return n
		}
	}
	domain := u.Registrable(host)
	for host != domain {
		_, rest, ok := strings.Cut(host, ".")
		if !ok {
			return nil
		}
		host = rest
		if n := g.nodes[host]; n != nil {
			return n
		}
	}
	return nil
}

// find is the source that an address, in canonical form, is of: of all that it
// is a part of the one with the longest host, of these the one with the longest
// path. A path is one of its own host alone. It is nil where none of them is known.
func (g *Registry) find(host, domain, path string) *node {
	host = strings.TrimSuffix(host, ".")
	if same, ok := g.same[host]; ok {
		host = same
	}
	if p, ok := g.platforms[host]; ok {
		account := p.account(path)
		if account == "" || g.hosts[host] == 0 {
			return nil
		}
		return g.nodes[host+"/"+strings.ToLower(account)]
	}
	if n := g.onHost(host, path); n != nil {
		return n
	}
	for host != domain && domain != "" {
		_, rest, ok := strings.Cut(host, ".")
		if !ok {
			return nil
		}
		host = rest
		if n := g.nodes[host]; n != nil {
			return n
		}
	}
	return nil
}

// onHost is the source with the longest path on a host.
func (g *Registry) onHost(host, path string) *node {
	has := g.hosts[host]
	if has == 0 {
		return nil
	}
	if has > 1 {
		var ends [maxDepth + 1]int // Where each number of segments ends.
		segments := 0
		for i := 1; i < len(path) && segments < maxDepth; i++ {
			if path[i] == '/' {
				segments++
				ends[segments] = i
			}
		}
		if segments < maxDepth && len(path) > 1 && path[len(path)-1] != '/' {
			segments++
			ends[segments] = len(path)
		}
		for ; segments > 0; segments-- {
			if has&(1<<segments) == 0 {
				continue
			}
			if n := g.nodes[host+strings.ToLower(path[:ends[segments]])]; n != nil {
				return n
			}
		}
	}
	return g.nodes[host]
}
