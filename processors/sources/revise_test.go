package sources

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// entries writes a list as "source class [score] [@from] [-to]", an entry a line.
func entries(t *testing.T, text string) []Rating {
	t.Helper()
	var list []Rating
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		r := Rating{Source: words[0], Rater: "list", Class: Class(words[1]), ListVersion: "1", Citation: "the list"}
		for _, word := range words[2:] {
			switch word[0] {
			case '@':
				r.ValidFrom = on(word[1:])
			case '-':
				r.ValidTo = on(word[1:])
			case '"':
				r.Citation = word
			default:
				score := float64(word[0]-'0') / 10
				r.Score = &score
			}
		}
		list = append(list, r)
	}
	return list
}

func written(ratings []Rating) string {
	lines := make([]string, len(ratings))
	for i, r := range ratings {
		lines[i] = fmt.Sprintf("%s %s", r.Source, r.Class)
		if r.Score != nil {
			lines[i] += fmt.Sprintf(" %.0f", *r.Score*10)
		}
		lines[i] += " @" + r.ValidFrom.Format(time.DateOnly)
		if !r.ValidTo.IsZero() {
			lines[i] += " -" + r.ValidTo.Format(time.DateOnly)
		}
		if r.Backdated {
			lines[i] += " backdated"
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// Each step is a version of a list, what the ratings then are and what is told.
func TestRevise(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string][]struct{ at, list, ratings, told string }{
		"a list without dates": {
			{"2024-03-01", "a.org mixed 5\nb.org satire", "a.org mixed 5 @2024-01-01 backdated\nb.org satire @2024-01-01 backdated", "added a.org, added b.org"},
			{"2024-04-01", "a.org mixed 5\nb.org satire", "a.org mixed 5 @2024-01-01 backdated\nb.org satire @2024-01-01 backdated", ""},
			{
				"2024-05-01", "a.org mixed 4\nc.org satire", "a.org mixed 4 @2024-05-01\na.org mixed 5 @2024-01-01 -2024-05-01 backdated\nb.org satire @2024-01-01 -2024-05-01 backdated\nc.org satire @2024-05-01",
				"changed a.org, withdrawn b.org, added c.org",
			},
			{
				"2024-06-01", "a.org unreliable 4\nb.org satire\nc.org satire",
				"a.org mixed 4 @2024-05-01 -2024-06-01\na.org mixed 5 @2024-01-01 -2024-05-01 backdated\na.org unreliable 4 @2024-06-01\nb.org satire @2024-01-01 -2024-05-01 backdated\nb.org satire @2024-06-01\nc.org satire @2024-05-01",
				"changed a.org, added b.org",
			},
		},
		"a list with dates": {
			{"2024-03-01", "a.org mixed @2022-05-01\nb.org satire @2023-01-01", "a.org mixed @2022-05-01\nb.org satire @2023-01-01", "added a.org, added b.org"},
			{"2024-04-01", "a.org mixed @2021-05-01\nb.org unreliable @2023-01-01", "a.org mixed @2021-05-01\nb.org satire @2023-01-01 -2024-04-01\nb.org unreliable @2024-04-01", "corrected a.org, changed b.org"},
			{"2024-05-01", "b.org unreliable @2023-01-01\nc.org mixed @2020-01-01", "a.org mixed @2021-05-01 -2024-05-01\nb.org satire @2023-01-01 -2024-04-01\nb.org unreliable @2024-04-01\nc.org mixed @2020-01-01", "withdrawn a.org, added c.org"},
			{"2024-06-01", "a.org mixed @2021-05-01\nb.org unreliable @2023-01-01\nc.org mixed @2020-01-01", "a.org mixed @2021-05-01 -2024-05-01\na.org mixed @2024-06-01\nb.org satire @2023-01-01 -2024-04-01\nb.org unreliable @2024-04-01\nc.org mixed @2020-01-01", "added a.org"},
		},
		"a list with intervals": {
			{"2024-03-01", "a.org mixed @2022-01-01 -2023-01-01\na.org satire @2023-01-01", "a.org mixed @2022-01-01 -2023-01-01\na.org satire @2023-01-01", "added a.org"},
			{"2024-04-01", "a.org mixed @2022-01-01 -2023-02-01\na.org satire @2023-02-01", "a.org mixed @2022-01-01 -2023-02-01\na.org satire @2023-02-01", "corrected a.org"},
			{"2024-05-01", "a.org mixed @2022-01-01 -2023-02-01\na.org satire @2023-02-01", "a.org mixed @2022-01-01 -2023-02-01\na.org satire @2023-02-01", ""},
			{"2024-06-01", "b.org mixed @2022-01-01 -2023-02-01", "a.org mixed @2022-01-01 -2023-02-01\na.org satire @2023-02-01 -2024-06-01\nb.org mixed @2022-01-01 -2023-02-01", "withdrawn a.org, added b.org"},
		},
		"other words": {
			{"2024-03-01", "a.org mixed", "a.org mixed @2024-01-01 backdated", "added a.org"},
			{"2024-04-01", `a.org mixed "report"`, "a.org mixed @2024-01-01 backdated", "reworded a.org"},
		},
		"twice on one day": {
			{"2024-03-01", "a.org mixed\nb.org mixed", "a.org mixed @2024-01-01 backdated\nb.org mixed @2024-01-01 backdated", "added a.org, added b.org"},
			{"2024-04-01", "b.org mixed\nc.org mixed", "a.org mixed @2024-01-01 -2024-04-01 backdated\nb.org mixed @2024-01-01 backdated\nc.org mixed @2024-04-01", "withdrawn a.org, added c.org"},
			{"2024-04-01", "b.org mixed\nc.org satire", "a.org mixed @2024-01-01 -2024-04-01 backdated\nb.org mixed @2024-01-01 backdated\nc.org satire @2024-04-01", "changed c.org"},
			{"2024-04-01", "b.org mixed", "a.org mixed @2024-01-01 -2024-04-01 backdated\nb.org mixed @2024-01-01 backdated", "withdrawn c.org"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var had []Rating
			for _, step := range steps {
				list := entries(t, step.list)
				rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
				done := Revise(had, list, on(step.at), on("2024-01-01"))
				if got := written(done.Ratings); got != step.ratings {
					t.Errorf("%s: ratings are\n%s\nwant\n%s", step.at, got, step.ratings)
				}
				told := make([]string, len(done.Changes))
				for i, c := range done.Changes {
					told[i] = string(c.Kind) + " " + c.Source
					if (c.Before == "") != (c.Kind == Added) || (c.After == "") != (c.Kind == Withdrawn) {
						t.Errorf("%s: %+v", step.at, c)
					}
				}
				if got := strings.Join(told, ", "); got != step.told {
					t.Errorf("%s: tells %s, want %s", step.at, got, step.told)
				}
				if err := Validate(done.Ratings); err != nil {
					t.Errorf("%s: %v", step.at, err)
				}
				had = done.Ratings
			}
		})
	}
}

// Whatever versions a list goes through, the past stays as it was rated, the last
// version counts now, and no two ratings hold at the same time.
func TestRevisingKeepsThePast(t *testing.T) {
	t.Parallel()
	draw := rand.New(rand.NewPCG(7, 7))
	classes := []Class{ClassMixed, ClassSatire, ClassUnreliable}
	for range 300 {
		var had []Rating
		past := map[string]string{} // By source and time: what was said when that was now.
		for month := range 6 {
			at := on("2024-01-01").AddDate(0, month+1, 0)
			list := []Rating{{Source: "always.org", Rater: "list", Class: ClassMixed, ListVersion: "1", Citation: "the list"}}
			for _, source := range []string{"a.org", "b.org", "c.org"} {
				if draw.IntN(3) > 0 {
					list = append(list, Rating{Source: source, Rater: "list", Class: classes[draw.IntN(3)], ListVersion: "1", Citation: "the list"})
				}
			}
			had = Revise(had, list, at, on("2024-01-01")).Ratings
			if err := Validate(had); err != nil {
				t.Fatal(err)
			}
			g := NewRegistry(slices.Clone(had))
			for _, source := range []string{"a.org", "b.org", "c.org"} {
				for when := range 7 {
					then := on("2024-01-15").AddDate(0, when, 0)
					said := ""
					if r := NewLookup(g, then).URL(source).Rating; r != nil {
						said = string(r.Class)
					}
					key := fmt.Sprint(source, when)
					if before, ok := past[key]; ok && when <= month && month > 0 && before != said {
						t.Fatalf("%s was %q in month %d and is %q now: %s", source, before, when, said, written(had))
					}
					past[key] = said
					i := slices.IndexFunc(list, func(r Rating) bool { return r.Source == source })
					if now := i >= 0 && said == string(list[i].Class) || i < 0 && said == ""; when > month && !now {
						t.Fatalf("%s is %q after the last version: %s", source, said, written(had))
					}
				}
			}
		}
	}
}
