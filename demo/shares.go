package demo

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// cellKey is a language, an hour of the week and a class; the empty class stands
// for all links.
type cellKey struct {
	lang  string
	hour  int
	class string
}

// shareCell is what a share of links is made of.
type shareCell struct{ links, rated, unresolved, all uint64 }

// shares compares the links by class, and by class, language and hour, with what
// the relation says of them that charts show.
func (ask Ask) shares(ctx context.Context, plan *Plan) ([]Check, error) {
	rows, err := ask(ctx, `SELECT lang, hour, source_class, sum(links), sum(rated_links), sum(unresolved_links), sum(all_links)
FROM hourly_shares
WHERE query = '' AND `+within("hour", plan.From, plan.To)+`
GROUP BY lang, hour, source_class`)
	if err != nil {
		return nil, err
	}
	found, err := sharesFound(rows, plan.From)
	if err != nil {
		return nil, err
	}
	byClass := map[string]uint64{}
	for at, cell := range found {
		byClass[at.class] += cell.links
	}
	checks := make([]Check, 0, kinds)
	for _, class := range classes() {
		if class != "" {
			checks = append(checks, Check{What: "  " + class, Planted: plan.Counts.Classes[class], Found: byClass[class]})
		}
	}
	return append(checks, compareShares(plan.Counts.cells(), found)), nil
}

// cells are the shares that were planted.
func (c *Counts) cells() map[cellKey]shareCell {
	cells := map[cellKey]shareCell{}
	for lang, of := range c.ByHour {
		var rated Series
		for class, series := range of {
			if class == ofAll || class == ofUnresolved {
				continue
			}
			for h, n := range series {
				rated[h] += n
			}
		}
		for class, series := range of {
			for h, n := range series {
				if n == 0 || class == ofUnresolved {
					continue
				}
				key := cellKey{lang, h, class}
				if class == ofAll {
					key.class = ""
				}
				cells[key] = shareCell{n, rated[h], of[ofUnresolved][h], of[ofAll][h]}
			}
		}
	}
	return cells
}

// sharesFound are the cells that have links. What is rated, unresolved and there
// at all is in the row of all links, which every platform has.
func sharesFound(rows [][]string, from time.Time) (map[cellKey]shareCell, error) {
	found, wholes := map[cellKey]shareCell{}, map[cellKey]shareCell{}
	for _, row := range rows {
		if len(row) != 7 {
			return nil, fmt.Errorf("demo: a row of %d columns where 7 were asked for", len(row))
		}
		hour, err := time.Parse(time.DateTime, row[1])
		if err != nil {
			return nil, fmt.Errorf("demo: %q where a time was asked for", row[1])
		}
		var n [4]uint64
		for i := range n {
			if n[i], err = cell(row, 3+i); err != nil {
				return nil, err
			}
		}
		at := cellKey{row[0], int(hour.Sub(from) / time.Hour), row[2]}
		if n[0] > 0 {
			found[at] = shareCell{n[0], n[1], n[2], n[3]}
		}
		if at.class == "" {
			wholes[at] = found[at]
		}
	}
	for at, of := range found {
		whole := wholes[cellKey{at.lang, at.hour, ""}]
		found[at] = shareCell{of.links, whole.rated, whole.unresolved, whole.all}
	}
	return found, nil
}

// compareShares compares cell by cell; the first that differs is told.
func compareShares(want, found map[cellKey]shareCell) Check {
	check := Check{What: "shares", Planted: uint64(len(want)), Note: "by class, language and hour, with what is rated"}
	var differ []string
	for at, w := range want {
		if f := found[at]; f == w {
			check.Found++
		} else {
			differ = append(differ, differs(at, w, f))
		}
	}
	for at, f := range found {
		if _, ok := want[at]; !ok {
			differ = append(differ, differs(at, shareCell{}, f))
		}
	}
	if len(differ) > 0 {
		check.Differs = slices.Min(differ)
		check.Note = fmt.Sprintf("%s differ, first %s", count(uint64(len(differ))), check.Differs)
	}
	return check
}

func differs(at cellKey, want, found shareCell) string {
	class := at.class
	if class == "" {
		class = "all links"
	}
	show := func(c shareCell) string {
		return fmt.Sprintf("%d of %d rated, %d unresolved, %d in all", c.links, c.rated, c.unresolved, c.all)
	}
	when := Start().Add(time.Duration(at.hour) * time.Hour).Format("2 Jan 15:04")
	return fmt.Sprintf("%s, %s, %s: planted %s; found %s", at.lang, when, class, show(want), show(found))
}
