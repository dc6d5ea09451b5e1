package coordination_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	co "github.com/election-observatory/observatory/processors/coordination"
)

// row is a share as a table has it.
type row struct {
	object, account, content string
	at                       float64
}

func sharesOf(rows []row) *co.Shares {
	s := &co.Shares{}
	for _, r := range rows {
		s.Add(r.object, r.account, r.content, r.at)
	}
	return s
}

// randomRows are few accounts, objects and posts in a short time, so that posts
// with several objects, ids that two accounts use, originals and ties all come.
func randomRows(seed uint64, n int) []row {
	rng := rand.New(rand.NewPCG(seed, 1))
	rows := make([]row, n)
	for i := range rows {
		rows[i] = row{
			object: "o" + strconv.Itoa(rng.IntN(1+n/6)), account: "a" + strconv.Itoa(rng.IntN(1+n/5)), content: "c" + strconv.Itoa(rng.IntN(2*n)),
			at: float64(rng.IntN(n*3)) + float64(rng.IntN(2))/2,
		}
		if rng.IntN(12) == 0 {
			rows[i].content = rows[i].object
		}
		if i > 0 && rng.IntN(10) == 0 { // Another object of the post before.
			object := rows[i].object
			rows[i] = rows[i-1]
			rows[i].object = object
		}
	}
	return rows
}

// definition is CooRTweet as it is described step by step, with every pair of
// rows compared.
type definition struct {
	rows []row // Of accounts with enough, grouped by account in the order of appearance.
	all  []row
}

func define(rows []row, least int) definition {
	count, first := map[string]int{}, map[string]int{}
	for i, r := range rows {
		if count[r.account]++; count[r.account] == 1 {
			first[r.account] = i
		}
	}
	d := definition{all: rows}
	for _, r := range rows {
		if count[r.account] >= least {
			d.rows = append(d.rows, r)
		}
	}
	slices.SortStableFunc(d.rows, func(a, b row) int { return first[a.account] - first[b.account] })
	return d
}

type pairRow struct {
	object, content, contentNewer string
	delta                         float64
	account, accountNewer         string
	fast                          bool
}

func (d definition) pairs(window float64, least int, keepLoops bool) []pairRow {
	var pairs []pairRow
	for i, a := range d.rows {
		for _, b := range d.rows[i+1:] {
			if a.object != b.object || math.Abs(a.at-b.at) > window {
				continue
			}
			if !keepLoops && (a.object == a.content || a.object == b.content || a.content == b.content || a.account == b.account) {
				continue
			}
			if b.at < a.at {
				a, b := b, a
				pairs = append(pairs, pairRow{a.object, a.content, b.content, b.at - a.at, a.account, b.account, false})
				continue
			}
			pairs = append(pairs, pairRow{a.object, a.content, b.content, b.at - a.at, a.account, b.account, false})
		}
	}
	if least < 1 {
		return pairs
	}
	return participating(d.rows, pairs, least)
}

func participating(rows []row, pairs []pairRow, least int) []pairRow {
	in, takes, enough := map[string]bool{}, map[string]int{}, map[string]bool{}
	for _, p := range pairs {
		in[p.content], in[p.contentNewer] = true, true
	}
	for _, r := range rows {
		if in[r.content] {
			takes[r.account]++
		}
	}
	for _, r := range rows {
		if in[r.content] && takes[r.account] >= least {
			enough[r.content] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(pairs), func(p pairRow) bool { return !enough[p.content] && !enough[p.contentNewer] })
}

func (d definition) flag(pairs []pairRow, window float64, least int) {
	var within []pairRow
	for _, p := range pairs {
		if p.delta <= window {
			within = append(within, p)
		}
	}
	if least >= 1 {
		within = participating(d.all, within, least)
	}
	fast := map[[2]string]bool{}
	for _, p := range within {
		fast[[2]string{p.content, p.contentNewer}] = true
	}
	for i, p := range pairs {
		pairs[i].fast = fast[[2]string{p.content, p.contentNewer}]
	}
}

type edgeRow struct {
	a, b            string
	weight          uint64
	delta, symmetry float64
	above           bool
}

func edgesOf(pairs []pairRow, quantile float64) []edgeRow {
	type of struct {
		n            uint64
		sum          float64
		older, newer map[string]bool
	}
	by := map[[2]string]*of{}
	for _, p := range pairs {
		key := [2]string{min(p.account, p.accountNewer), max(p.account, p.accountNewer)}
		if by[key] == nil {
			by[key] = &of{older: map[string]bool{}, newer: map[string]bool{}}
		}
		e := by[key]
		e.n++
		e.sum += p.delta
		e.older[p.content], e.newer[p.contentNewer] = true, true
	}
	var edges []edgeRow
	var weights []float64
	for key, e := range by {
		n1, n2 := float64(len(e.older)), float64(len(e.newer))
		edges = append(edges, edgeRow{key[0], key[1], e.n, e.sum / float64(e.n), min(n1, n2) / max(n1, n2), false})
		weights = append(weights, float64(e.n))
	}
	slices.Sort(weights)
	for i := range edges {
		h := float64(len(weights)-1) * quantile
		low := int(h)
		threshold := weights[low]
		if low+1 < len(weights) {
			threshold += (h - float64(low)) * (weights[low+1] - weights[low])
		}
		edges[i].above = float64(edges[i].weight) > threshold
	}
	slices.SortFunc(edges, func(x, y edgeRow) int {
		return slices.Compare([]string{x.a, x.b}, []string{y.a, y.b})
	})
	return edges
}

// toolkit is QUT's toolkit as its SQL says it.
func toolkit(rows []row, window float64, least int) []edgeRow {
	first, seen := map[string]row{}, map[[2]string]bool{}
	var links []row
	for _, r := range rows {
		if _, ok := first[r.content]; !ok {
			first[r.content] = r
		}
		if key := [2]string{r.content, r.object}; !seen[key] {
			seen[key] = true
			m := first[r.content]
			links = append(links, row{r.object, m.account, r.content, m.at})
		}
	}
	posts := map[[2]string]map[string]bool{}
	for _, a := range links {
		for _, b := range links {
			if a.object == b.object && a.content != b.content && b.at >= a.at-window && b.at <= a.at+window {
				key := [2]string{a.account, b.account}
				if posts[key] == nil {
					posts[key] = map[string]bool{}
				}
				posts[key][a.content] = true
			}
		}
	}
	var edges []edgeRow
	for key, of := range posts {
		if len(of) >= least {
			edges = append(edges, edgeRow{a: key[0], b: key[1], weight: uint64(len(of))})
		}
	}
	slices.SortFunc(edges, func(x, y edgeRow) int { return slices.Compare([]string{x.a, x.b}, []string{y.a, y.b}) })
	return edges
}

// strictly is the strict mode as its documentation says it.
func strictly(rows []row, p co.StrictParams) []edgeRow {
	near := func(i, j int) bool {
		return i != j && rows[i].object == rows[j].object && math.Abs(rows[i].at-rows[j].at) <= p.Window
	}
	mass := make([]bool, len(rows))
	for i := range rows {
		before := 0
		for j := range rows {
			if near(i, j) && rows[j].at <= rows[i].at {
				before++
			}
		}
		mass[i] = p.Cap > 0 && before > p.Cap
	}
	dead := map[string]bool{}
	var pairs [][2]int
	for {
		pairs = pairs[:0]
		posts := map[string]map[string]bool{}
		for i, a := range rows {
			for j := i + 1; j < len(rows); j++ {
				b := rows[j]
				if !near(i, j) || mass[i] || mass[j] || a.account == b.account || a.content == b.content || a.content == a.object || b.content == b.object || dead[a.account] || dead[b.account] {
					continue
				}
				pairs = append(pairs, [2]int{i, j})
				for _, r := range []row{a, b} {
					if posts[r.account] == nil {
						posts[r.account] = map[string]bool{}
					}
					posts[r.account][r.content] = true
				}
			}
		}
		again := false
		for account, of := range posts {
			if len(of) < p.MinParticipation {
				dead[account], again = true, true
			}
		}
		if !again {
			break
		}
	}
	type of struct {
		objects map[string]bool
		posts   [2]map[string]bool
		sum     float64
		n       int
	}
	by := map[[2]string]*of{}
	for _, pair := range pairs {
		a, b := rows[pair[0]], rows[pair[1]]
		if b.account < a.account {
			a, b = b, a
		}
		key := [2]string{a.account, b.account}
		if by[key] == nil {
			by[key] = &of{objects: map[string]bool{}, posts: [2]map[string]bool{{}, {}}}
		}
		e := by[key]
		e.objects[a.object], e.posts[0][a.content], e.posts[1][b.content] = true, true, true
		e.sum += math.Abs(a.at - b.at)
		e.n++
	}
	var edges []edgeRow
	for key, e := range by {
		x, y := float64(len(e.posts[0])), float64(len(e.posts[1]))
		edges = append(edges, edgeRow{key[0], key[1], uint64(len(e.objects)), e.sum / float64(e.n), min(x, y) / max(x, y), false})
	}
	slices.SortFunc(edges, func(x, y edgeRow) int { return slices.Compare([]string{x.a, x.b}, []string{y.a, y.b}) })
	return edges
}
