package datasets

import (
	"maps"
	"slices"
)

// place is where a cell stands: what it is of (a platform, a kind or a class) and in which
// language sphere.
type place struct{ of, sphere string }

// crossed are cells of which both sums follow from other tables: for what they are of over
// its spheres, for a sphere over what there is in it.
type crossed struct {
	cells map[place]cell
	open  map[place]bool // Those that are published.
}

// cross chooses which cells are published beside their sums, of those that may be: as many
// as can be so that no unsound one follows. What is not published of a row or a column is sound as
// a whole, and no unsound cell is the only way between its row and its column among what
// is not published, which is when sums give it away.
func cross(cells map[place]cell, may func(place) bool) *crossed {
	x := &crossed{cells, map[place]bool{}}
	for at, c := range cells {
		x.open[at] = c.sound() && may(at)
	}
	for x.closeOne() {
	}
	return x
}

// places are the cells in their order.
func (x *crossed) places() []place {
	return slices.SortedFunc(maps.Keys(x.cells), func(a, b place) int {
		return compare(a.of+"\x00"+a.sphere, b.of+"\x00"+b.sphere)
	})
}

// closeOne closes a cell where something follows that must not, and says whether it did.
func (x *crossed) closeOne() bool {
	for _, at := range x.places() {
		if x.open[at] {
			continue
		}
		row, column := func(p place) bool { return p.of == at.of }, func(p place) bool { return p.sphere == at.sphere }
		if !x.rest(row).sound() && x.close(row) || !x.rest(column).sound() && x.close(column) {
			return true
		}
		if rows, columns := x.joined(at); !x.cells[at].sound() && !columns[at.sphere] && x.close(func(p place) bool { return rows[p.of] != columns[p.sphere] }) {
			return true
		}
	}
	return false
}

// rest is what is not published of the cells that are meant, as one.
func (x *crossed) rest(meant func(place) bool) cell {
	rest := cell{}
	for at, c := range x.cells {
		if meant(at) && !x.open[at] {
			rest.add(c)
		}
	}
	return rest
}

// close takes back the smallest published cell of those that are meant.
func (x *crossed) close(meant func(place) bool) bool {
	var smallest *place
	for _, at := range x.places() {
		if x.open[at] && meant(at) && (smallest == nil || len(x.cells[at]) < len(x.cells[*smallest])) {
			smallest = &at
		}
	}
	if smallest == nil {
		return false
	}
	x.open[*smallest] = false
	return true
}

// anywhere lets all cells be published.
func anywhere(place) bool { return true }

// joined are the rows and columns that cells which are not published join with the row of
// one of them, without that one: cells are the edges between rows and columns. If its
// column is not among them, the sums give the cell away.
func (x *crossed) joined(at place) (rows, columns map[string]bool) {
	rows, columns = map[string]bool{at.of: true}, map[string]bool{}
	for grown := true; grown; {
		grown = false
		for p := range x.cells {
			if x.open[p] || p == at || rows[p.of] == columns[p.sphere] {
				continue
			}
			rows[p.of], columns[p.sphere], grown = true, true, true
		}
	}
	return rows, columns
}
