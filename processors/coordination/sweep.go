package coordination

import (
	"cmp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// swept are shares by object, in the order of the objects' bytes; those of an
// object are in the order of their times. Columns lie side by side, so that a
// sweep reads memory in order.
type swept struct {
	shares *Shares
	object []uint32 // By group.
	ends   []int    // By group, excluded.

	at      []float64
	account []uint32 // The place of the account in the order of bytes.
	content []uint32
	row     []uint32

	accounts []uint32 // Numbers of accounts by their places.
}

// tie says how shares of one object and time are ordered.
type tie int

const (
	// byAppearance orders by when an account first appeared, then as they were added:
	// grouping by account in R leaves them so.
	byAppearance tie = iota
	// byName orders by account and content, so that the order in which shares were
	// added does not matter.
	byName
)

// sweep orders those shares whose accounts have at least so many.
func (s *Shares) sweep(least int, ties tie) *swept {
	rows := s.active(least)
	groups, ends := s.byObject(rows)
	rank, accounts := s.accounts.ranks()
	g := &swept{shares: s, object: groups, ends: ends, row: rows, accounts: accounts}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for group := int(next.Add(1)) - 1; group < len(ends); group = int(next.Add(1)) - 1 {
				from := 0
				if group > 0 {
					from = ends[group-1]
				}
				g.order(rows[from:ends[group]], rank, ties)
			}
		})
	}
	wait.Wait()
	g.at, g.account, g.content = make([]float64, len(rows)), make([]uint32, len(rows)), make([]uint32, len(rows))
	for i, row := range rows {
		g.at[i], g.account[i], g.content[i] = s.at[row], rank[s.account[row]], s.content[row]
	}
	return g
}

// order puts the shares of an object in order.
func (g *swept) order(rows, rank []uint32, ties tie) {
	if len(rows) < 2 {
		return
	}
	type timed struct {
		at  float64
		row uint32
	}
	s := g.shares
	list := make([]timed, len(rows))
	for i, row := range rows {
		list[i] = timed{s.at[row], row}
	}
	slices.SortFunc(list, func(x, y timed) int {
		if x.at != y.at {
			return cmp.Compare(x.at, y.at)
		}
		a, b := x.row, y.row
		if ties == byAppearance {
			return cmp.Or(cmp.Compare(s.account[a], s.account[b]), cmp.Compare(a, b))
		}
		return cmp.Or(cmp.Compare(rank[s.account[a]], rank[s.account[b]]), strings.Compare(s.things.of[s.content[a]], s.things.of[s.content[b]]))
	})
	for i, t := range list {
		rows[i] = t.row
	}
}

// active are the rows of accounts that have at least so many.
func (s *Shares) active(least int) []uint32 {
	has := make([]int, len(s.accounts.of))
	for _, a := range s.account {
		has[a]++
	}
	rows := make([]uint32, 0, len(s.account))
	for row, a := range s.account {
		if has[a] >= least {
			rows = append(rows, uint32(row))
		}
	}
	return rows
}

// byObject puts rows in the order of their objects' bytes.
func (s *Shares) byObject(rows []uint32) (groups []uint32, ends []int) {
	count := make([]uint32, len(s.things.of))
	for _, row := range rows {
		count[s.object[row]]++
	}
	for thing, n := range count {
		if n > 0 {
			groups = append(groups, uint32(thing))
		}
	}
	slices.SortFunc(groups, func(a, b uint32) int { return strings.Compare(s.things.of[a], s.things.of[b]) })
	next := count // From here on where the next row of an object goes.
	at := 0
	ends = make([]int, len(groups))
	for i, thing := range groups {
		n := int(count[thing])
		next[thing] = uint32(at)
		at += n
		ends[i] = at
	}
	unordered := slices.Clone(rows)
	for _, row := range unordered {
		thing := s.object[row]
		rows[next[thing]] = row
		next[thing]++
	}
	return groups, ends
}

// eachIn visits the shares of a range with the bounds of their groups.
func (g *swept) eachIn(from, to int, visit func(group, begin, end, x int)) {
	group, _ := slices.BinarySearch(g.ends, from+1)
	for x := from; x < to; x++ {
		for x >= g.ends[group] {
			group++
		}
		begin := 0
		if group > 0 {
			begin = g.ends[group-1]
		}
		visit(group, begin, g.ends[group], x)
	}
}

// inTurn is how many shares a worker works on in a row: a viral object has most of
// the pairs, so that neither objects nor halves are a way to divide.
const inTurn = 4096

// divide lets workers, each made by a call, work on ranges of the shares in turns.
// Which ranges a worker has depends on nothing but how many workers there are.
func (g *swept) divide(worker func() func(from, to int)) {
	workers := min(runtime.GOMAXPROCS(0), 1+len(g.at)/inTurn)
	var wait sync.WaitGroup
	for w := range workers {
		work := worker()
		wait.Go(func() {
			for from := w * inTurn; from < len(g.at); from += workers * inTurn {
				work(from, min(from+inTurn, len(g.at)))
			}
		})
	}
	wait.Wait()
}

// originals are the shares that are of the object itself, as a post among its
// own reposts.
func (g *swept) originals() []bool {
	out := make([]bool, len(g.at))
	from := 0
	for group, end := range g.ends {
		for i := from; i < end; i++ {
			out[i] = g.content[i] == g.object[group]
		}
		from = end
	}
	return out
}

func (g *swept) objectName(group int) string    { return g.shares.things.of[g.object[group]] }
func (g *swept) contentName(i int) string       { return g.shares.things.of[g.content[i]] }
func (g *swept) accountName(rank uint32) string { return g.shares.accounts.of[g.accounts[rank]] }
