package datasets

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func accounts(from, n int, each int64) cell {
	c := cell{}
	for i := range n {
		c[uint64(from+i)] = each
	}
	return c
}

func TestSound(t *testing.T) {
	t.Parallel()
	one := accounts(0, 20, 1)
	one[99] = 1000
	for _, c := range []struct {
		name string
		cell cell
		want bool
	}{
		{"nobody", cell{}, true}, {"nine", accounts(0, 9, 1), false}, {"ten", accounts(0, 10, 1), true}, {"one has nearly all", one, false},
	} {
		if got := c.cell.sound(); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// Whatever is drawn, every published cell is sound, and so is every difference that
// follows from published sums: a total less all that is named of it.
func TestNothingSmallFollows(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		draw := rand.New(rand.NewPCG(seed, 1))
		g := grid{}
		for range 20 + draw.IntN(400) {
			parent, category := fmt.Sprint("p", draw.IntN(3)), fmt.Sprint("c", min(draw.IntN(8), draw.IntN(8)))
			g.add(parent, category, draw.Uint64N(60), 1+draw.Int64N(5))
		}
		kept, ok := g.keep()
		if !ok {
			if len(g.unsound()) == 0 && len(kept) > 0 {
				t.Fatalf("seed %d: not even all together, and yet %v are kept", seed, kept)
			}
			continue
		}
		for parent, categories := range g {
			rest := cell{}
			for category, c := range categories {
				if !kept[category] {
					rest.add(c)
				} else if !c.sound() {
					t.Fatalf("seed %d: %s %s is published with %d accounts", seed, parent, category, len(c))
				}
			}
			if !rest.sound() {
				t.Fatalf("seed %d: %s less what is named of it has %d accounts", seed, parent, len(rest))
			}
		}
	}
}

func TestKeepJoinsTheSmallest(t *testing.T) {
	t.Parallel()
	g := grid{"day": {"de": accounts(0, 40, 1), "fr": accounts(40, 15, 1), "mt": accounts(55, 3, 1)}}
	kept, ok := g.keep()
	if got := strings.Join(slices.Sorted(maps.Keys(kept)), " "); !ok || got != "de" {
		t.Errorf("kept are %q: the three accounts of mt would follow from the total", got)
	}
	g["day"]["lv"] = accounts(60, 9, 1)
	kept, ok = g.keep()
	if got := strings.Join(slices.Sorted(maps.Keys(kept)), " "); !ok || got != "de fr" {
		t.Errorf("kept are %q: lv and mt together are enough", got)
	}
	if _, ok := (grid{"day": {"mt": accounts(0, 3, 1)}}).keep(); ok {
		t.Error("three accounts are published")
	}
}

func TestWeeks(t *testing.T) {
	t.Parallel()
	for text, from := range map[string]string{"2024-W23": "2024-06-03", "2020-W53": "2020-12-28", "2021-W01": "2021-01-04", "2025-W01": "2024-12-30"} {
		w, err := ParseWeek(text)
		if err != nil || w.From().Format("2006-01-02") != from || w.String() != text || WeekOf(w.To().Add(-1)) != w {
			t.Errorf("%s begins on %s, %v", text, w.From(), err)
		}
	}
	for _, text := range []string{"2024-W00", "2024-W54", "2021-W53", "2024-23", "24-W23", "2024-W1", ""} {
		if _, err := ParseWeek(text); err == nil {
			t.Errorf("%q is taken for a week", text)
		}
	}
}
