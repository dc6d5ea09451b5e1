package assess_test

import (
	"fmt"
	"testing"
	"time"
)

// A post that moves to another hour, or goes, is counted where it stands and no
// longer where it stood: whatever moves it, in whichever order the two come,
// and with an assessment between them.
func TestAPostThatMovesLeavesItsHour(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Minute)
	const own, other = 7, 20 // What the id of post 1 says, and another hour.
	first := spec{post: 1, account: 2, hour: own, lang: "de", queries: []string{"q"}}
	second := map[string]func(*spec){
		"another claim":               func(s *spec) { s.hour = other },
		"another claim, not the id's": func(s *spec) { s.hour, s.collected = other, -10 },
		"an edit":                     func(s *spec) { s.hour, s.revision = other, 1 },
		"a clamped claim":             func(s *spec) { s.clamped, s.collected = true, 5 },
		"another language":            func(s *spec) { s.lang, s.collected = "en", 1 },
		"its deletion":                func(s *spec) { s.hour, s.deletion = other, true },
		"the platform's deletion":     func(s *spec) { s.hour, s.deletion, s.unnamed = other, true, true },
		"another's deletion":          func(s *spec) { s.hour, s.deletion, s.account = other, true, 0 },
	}
	number := 0
	for name, change := range second {
		for _, swapped := range []bool{false, true} {
			for _, again := range []bool{false, true} { // The first is delivered again in the end.
				w := world{number}
				number++
				s := first
				change(&s)
				specs := []spec{first, s}
				if swapped {
					specs = []spec{s, first}
				}
				if again {
					specs = append(specs, specs[0])
				}
				partitions := 1 + number/2%2*2
				log := partitionsOf(b.store, w, specs, partitions)
				for _, s := range specs {
					if err := log[partitionOf(s, partitions)].deliver(t.Context(), 1); err != nil {
						t.Fatal(err)
					}
					if _, err := b.runner.Once(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				t.Run(fmt.Sprintf("%s, swapped %v, again %v, %d partitions", name, swapped, again, partitions), func(t *testing.T) { b.check(t, w, log) })
			}
		}
	}
}
