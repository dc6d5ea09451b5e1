package files

import (
	"bufio"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/election-observatory/observatory/processors/coordination"
)

// Graph is a network as programs that draw networks read it.
type Graph struct {
	Network  *coordination.Network
	Strict   []coordination.StrictEdge // Nil for other modes.
	Permuted []float64                 // P-values by permutation; nil where none were asked for.
	Directed bool
}

// attribute is what an edge has beside its ends and its weight.
type attribute struct {
	name, kind string
	of         func(i int) string // Empty where it is not defined.
}

func (g *Graph) attributes() []attribute {
	of := []attribute{
		{"avg_time_delta", "double", func(i int) string { return number(g.Network.Edges[i].AvgTimeDelta) }},
		{"symmetry", "double", func(i int) string { return number(g.Network.Edges[i].Symmetry) }},
		{"above_threshold", "int", func(i int) string {
			if math.IsNaN(g.Network.Threshold) {
				return ""
			}
			return flag(g.Network.Edges[i].Above)
		}},
	}
	if g.Strict != nil {
		of = append(of,
			attribute{"normalised_weight", "double", func(i int) string { return number(g.Strict[i].Normalised) }},
			attribute{"expected_pairs", "double", func(i int) string { return number(g.Strict[i].Expected) }},
			attribute{"q_value", "double", func(i int) string { return number(g.Strict[i].Q) }},
		)
	}
	return of
}

// nodes are the accounts in the order of their bytes, each with its community.
func (g *Graph) nodes() (names []string, communities map[string]int) {
	communities = map[string]int{}
	for i := range g.Network.Edges {
		e := &g.Network.Edges[i]
		for _, account := range [...]string{e.A, e.B} {
			if _, ok := communities[account]; !ok {
				communities[account] = 0
				names = append(names, account)
			}
			if g.Strict != nil && g.Strict[i].Community != 0 {
				communities[account] = g.Strict[i].Community
			}
		}
	}
	slices.Sort(names)
	return names, communities
}

func (g *Graph) direction() string {
	if g.Directed {
		return "directed"
	}
	return "undirected"
}

// GraphML writes the network as GraphML (graphml.graphdrawing.org).
func (g *Graph) GraphML(w io.Writer) error {
	out := &lines{w: bufio.NewWriter(w)}
	out.add(`<?xml version="1.0" encoding="UTF-8"?>`, "\n", `<graphml xmlns="http://graphml.graphdrawing.org/xmlns">`, "\n")
	out.add(`  <key id="community" for="node" attr.name="community" attr.type="int"/>`, "\n", `  <key id="weight" for="edge" attr.name="weight" attr.type="int"/>`, "\n")
	attributes := g.attributes()
	for _, a := range attributes {
		out.add(`  <key id="`, a.name, `" for="edge" attr.name="`, a.name, `" attr.type="`, a.kind, `"/>`, "\n")
	}
	out.add(`  <graph edgedefault="`, g.direction(), `">`, "\n")
	names, communities := g.nodes()
	for _, name := range names {
		out.add(`    <node id="`, escape(name), `">`)
		if n := communities[name]; n != 0 {
			out.add(`<data key="community">`, strconv.Itoa(n), `</data>`)
		}
		out.add("</node>\n")
	}
	for i := range g.Network.Edges {
		e := &g.Network.Edges[i]
		out.add(`    <edge source="`, escape(e.A), `" target="`, escape(e.B), `"><data key="weight">`, strconv.FormatUint(e.Weight, 10), `</data>`)
		for _, a := range attributes {
			if value := a.of(i); value != "" {
				out.add(`<data key="`, a.name, `">`, value, `</data>`)
			}
		}
		out.add("</edge>\n")
	}
	out.add("  </graph>\n</graphml>\n")
	return out.end()
}

// GEXF writes the network as GEXF 1.3 (gexf.net).
func (g *Graph) GEXF(w io.Writer) error {
	out := &lines{w: bufio.NewWriter(w)}
	out.add(`<?xml version="1.0" encoding="UTF-8"?>`, "\n", `<gexf xmlns="http://gexf.net/1.3" version="1.3">`, "\n", `  <graph mode="static" defaultedgetype="`, g.direction(), `">`, "\n")
	out.add(`    <attributes class="node"><attribute id="community" title="community" type="integer"/></attributes>`, "\n", `    <attributes class="edge">`)
	attributes := g.attributes()
	for _, a := range attributes {
		kind := a.kind
		if kind == "int" {
			kind = "integer"
		}
		out.add(`<attribute id="`, a.name, `" title="`, a.name, `" type="`, kind, `"/>`)
	}
	out.add("</attributes>\n    <nodes>\n")
	names, communities := g.nodes()
	for _, name := range names {
		out.add(`      <node id="`, escape(name), `" label="`, escape(name), `">`)
		if n := communities[name]; n != 0 {
			out.add(`<attvalues><attvalue for="community" value="`, strconv.Itoa(n), `"/></attvalues>`)
		}
		out.add("</node>\n")
	}
	out.add("    </nodes>\n    <edges>\n")
	for i := range g.Network.Edges {
		e := &g.Network.Edges[i]
		out.add(`      <edge id="`, strconv.Itoa(i), `" source="`, escape(e.A), `" target="`, escape(e.B), `" weight="`, strconv.FormatUint(e.Weight, 10), `"><attvalues>`)
		for _, a := range attributes {
			if value := a.of(i); value != "" {
				out.add(`<attvalue for="`, a.name, `" value="`, value, `"/>`)
			}
		}
		out.add("</attvalues></edge>\n")
	}
	out.add("    </edges>\n  </graph>\n</gexf>\n")
	return out.end()
}

// escape makes a text the value of an attribute: what XML 1.0 cannot say at all
// becomes U+FFFD.
func escape(text string) string {
	return escapes().Replace(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
			return unicode.ReplacementChar
		}
		return r
	}, text))
}

func escapes() *strings.Replacer {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\t", "&#9;", "\n", "&#10;", "\r", "&#13;")
}
