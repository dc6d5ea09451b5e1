package coordination

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/community"
	"gonum.org/v1/gonum/graph/simple"
)

// communitySeed begins the order in which nodes are moved.
const communitySeed = 1

// communities groups the accounts of the edges that stand out: Louvain's method
// (Blondel, Guillaume, Lambiotte and Lefebvre 2008) at resolution 1, with the
// distinct objects as weights. The same edges give the same communities. They are
// numbered from 1, the largest first, and of the same size by their first account;
// an edge is in one if both its accounts are.
func (n *StrictNetwork) communities() {
	var names []string
	for i := range n.Edges {
		if e := &n.Edges[i]; e.Above {
			names = append(names, e.A, e.B)
		}
	}
	if len(names) == 0 {
		return
	}
	slices.Sort(names)
	names = slices.Compact(names)
	ids := make(map[string]int64, len(names))
	g := simple.NewWeightedUndirectedGraph(0, 0)
	for i, name := range names {
		ids[name] = int64(i)
		g.AddNode(simple.Node(i))
	}
	for i := range n.Edges {
		if e := &n.Edges[i]; e.Above {
			g.SetWeightedEdge(g.NewWeightedEdge(simple.Node(ids[e.A]), simple.Node(ids[e.B]), float64(e.Weight)))
		}
	}
	of := numbered(community.Modularize(g, 1, rand.NewPCG(communitySeed, 0)).(*community.ReducedUndirected).Communities(), len(names)) //nolint:forcetypeassert // It is of the kind of the graph.
	for i := range n.Edges {
		e := &n.Edges[i]
		a, inA := ids[e.A]
		b, inB := ids[e.B]
		if inA && inB && of[a] == of[b] {
			n.Strict[i].Community = of[a]
		}
	}
	n.Communities = make([]Community, slices.Max(of))
}

// numbered are the numbers of communities by node.
func numbered(found [][]graph.Node, nodes int) []int {
	lists := make([][]int64, len(found))
	for i, members := range found {
		for _, node := range members {
			lists[i] = append(lists[i], node.ID())
		}
		slices.Sort(lists[i])
	}
	slices.SortFunc(lists, func(a, b []int64) int { return cmp.Or(cmp.Compare(len(b), len(a)), slices.Compare(a, b)) })
	of := make([]int, nodes)
	for i, members := range lists {
		for _, node := range members {
			of[node] = i + 1
		}
	}
	return of
}
