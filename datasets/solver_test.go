package datasets

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// solver is what somebody who knows every table of a release can compute: all sums of
// the numbers in it. Unknown are the counts of the finest groups.
type solver struct {
	unknown map[string]int
	cells   []cell
	sums    [][]int64 // Published sums as rows of coefficients, reduced.
}

const prime = 1_000_000_007 // What follows over the rationals follows modulo a large prime.

func (k *solver) add(group string, account uint64, n int64) {
	i, ok := k.unknown[group]
	if !ok {
		i = len(k.unknown)
		k.unknown[group] = i
		k.cells = append(k.cells, cell{})
	}
	k.cells[i][account] += n
}

func inverse(a int64) int64 {
	result := int64(1)
	for e := int64(prime - 2); e > 0; e >>= 1 {
		if e&1 == 1 {
			result = result * a % prime
		}
		a = a * a % prime
	}
	return result
}

// reduce takes from a sum all that the published ones say of it; nothing is left of one
// that follows from them.
func (k *solver) reduce(sum []int64) (rest []int64, first int) {
	rest = slices.Clone(sum)
	for _, row := range k.sums {
		at := slices.IndexFunc(row, func(x int64) bool { return x != 0 })
		if rest[at] == 0 {
			continue
		}
		factor := rest[at]
		for i, x := range row {
			rest[i] = ((rest[i]-factor*x)%prime + prime) % prime
		}
	}
	return rest, slices.IndexFunc(rest, func(x int64) bool { return x != 0 })
}

// publish adds a sum: of the groups that are meant.
func (k *solver) publish(meant func(group string) bool) {
	rest, first := k.reduce(k.indicator(meant))
	if first < 0 {
		return
	}
	by := inverse(rest[first])
	for i := range rest {
		rest[i] = rest[i] * by % prime
	}
	for n, row := range k.sums { // Keep each row's first alone in its column.
		if factor := row[first]; factor != 0 {
			for i := range row {
				k.sums[n][i] = ((row[i]-factor*rest[i])%prime + prime) % prime
			}
		}
	}
	k.sums = append(k.sums, rest)
}

func (k *solver) indicator(meant func(group string) bool) []int64 {
	sum := make([]int64, len(k.unknown))
	for group, i := range k.unknown {
		if meant(group) {
			sum[i] = 1
		}
	}
	return sum
}

// follows says whether the sum of the groups that are meant follows from what is published,
// and whether it may not.
func (k *solver) follows(meant func(group string) bool) (follows, unsound bool) {
	all := cell{}
	for group, i := range k.unknown {
		if meant(group) {
			all.add(k.cells[i])
		}
	}
	_, first := k.reduce(k.indicator(meant))
	return first < 0, len(all) > 0 && !all.sound()
}

// parts cuts a group into what it is of.
func parts(group string) (of [3]string) {
	copy(of[:], strings.Split(group, "\t"))
	return of
}

// nothingFollows tries every group: each combination of what its parts are.
func (k *solver) nothingFollows(t *testing.T, seed uint64, what string) {
	t.Helper()
	tried := map[string]bool{}
	for group := range k.unknown {
		of := parts(group)
		for mask := range 8 {
			want := of
			for i := range want {
				if mask>>i&1 == 0 {
					want[i] = "*"
				}
			}
			if name := fmt.Sprint(want); tried[name] {
				continue
			} else {
				tried[name] = true
			}
			follows, unsound := k.follows(func(group string) bool {
				for i, x := range parts(group) {
					if want[i] != "*" && want[i] != x {
						return false
					}
				}
				return true
			})
			if follows && unsound {
				t.Fatalf("seed %d: %s of %v follow from what is published", seed, what, want)
			}
		}
	}
}

// Whoever solves for the unknowns behind all tables of a release finds no count that is
// too small to be published: not of a language on a day or a platform, nor of a domain or
// a class in a sphere.
func TestNothingSmallFollowsFromAllTables(t *testing.T) {
	t.Parallel()
	published := 0
	for seed := range uint64(300) {
		p := drawn(seed)
		posts := &solver{unknown: map[string]int{}}
		for _, row := range p.traffic {
			posts.add(row.day+"\t"+row.platform+"\t"+row.lang, row.account, row.posts)
		}
		sphere := func(lang string) string { return p.sphere(lang) }
		shown := func(of [3]string) bool { return p.days[of[0]] && p.platforms[of[1]] }
		for _, row := range p.byDay().Rows {
			day := Date.text(row[0])
			posts.publish(func(g string) bool {
				of := parts(g)
				return shown(of) && of[0] == day && sphere(of[2]) == row[1]
			})
		}
		for _, row := range p.byPlatform().Rows {
			posts.publish(func(g string) bool { of := parts(g); return shown(of) && of[1] == row[0] })
		}
		indicators := p.indicators().Rows
		named := map[any]bool{}
		for _, row := range indicators {
			named[fmt.Sprint(row[0], row[1])] = true
		}
		for _, row := range indicators {
			posts.publish(func(g string) bool {
				of := parts(g)
				if !shown(of) || of[1] != row[0] {
					return false
				}
				if where := (place{of[1], sphere(of[2])}); row[1] == Other && !p.chosen.open[where] {
					return true
				}
				return row[1] != Other && sphere(of[2]) == row[1]
			})
		}
		posts.nothingFollows(t, seed, "posts")
		published += len(posts.sums)

		links := &solver{unknown: map[string]int{}}
		for _, l := range p.links {
			links.add(l.lang+"\t"+l.class+"\t"+l.domain, l.account, l.links)
		}
		in := func(g string, sphereOf, class any) (of [3]string, ok bool) {
			of = parts(g)
			return of, sphere(of[0]) == sphereOf && (class == "" || of[1] == class)
		}
		kinds, classes := p.rated().Rows, p.shares().Rows
		is := func(rows [][]any, sphereOf, of any) bool {
			return slices.ContainsFunc(rows, func(row []any) bool { return row[0] == sphereOf && row[1] == of })
		}
		for _, row := range kinds {
			links.publish(func(g string) bool {
				of, ok := in(g, row[0], "")
				return ok && (kindOf(of[1]) == row[1] || row[1] == Other && !is(kinds, row[0], kindOf(of[1])))
			})
		}
		for _, row := range classes {
			links.publish(func(g string) bool {
				of, ok := in(g, row[0], "")
				return ok && kindOf(of[1]) == "rated" && (of[1] == row[1] || row[1] == Other && !is(classes, row[0], of[1]))
			})
		}
		for _, row := range p.domains().Rows {
			links.publish(func(g string) bool { of := parts(g); return of[2] == row[0] && of[1] == row[1] })
		}
		links.nothingFollows(t, seed, "links")
		published += len(links.sums)
	}
	if published < 3000 {
		t.Errorf("only %d sums were published: the test shows little", published)
	}
}

// drawn is a week of few people, so that much of it is too small.
func drawn(seed uint64) *public {
	draw := rand.New(rand.NewPCG(seed, 7))
	p := &public{week: Week{2024, 23}, covered: coverage{map[string]uint64{}, map[string]uint64{}}}
	langs, platforms, classes := []string{"de", "en", "fr", "it", "mt", "lv"}, []string{"x", "bluesky", "telegram"}, []string{notRated, unknownTarget, "unreliable", "mainstream", "satire"}
	some := func(of []string) string { return of[min(draw.IntN(len(of)), draw.IntN(len(of)))] }
	for range 50 + draw.IntN(600) {
		account := draw.Uint64N(80)
		day, lang := fmt.Sprintf("2024-06-0%d", 3+draw.IntN(3)), some(langs)
		p.traffic = append(p.traffic, traffic{day, some(platforms), lang, account, 1 + draw.Int64N(3)})
		if draw.IntN(2) == 0 {
			class := some(classes)
			p.links = append(p.links, link{lang, class, fmt.Sprintf("%.2s%d.example", class, draw.IntN(4)), account, 1 + draw.Int64N(3)})
			p.linking = append(p.linking, linking{p.traffic[len(p.traffic)-1].platform, lang, class, account, 1, 1, 1})
		}
	}
	p.choose()
	return p
}
