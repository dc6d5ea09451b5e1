package demo

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// sums are numbers by a row and a column of a table; "" stands for all of them.
type sums map[[2]string]uint64

func (s sums) add(row, column string, n uint64) {
	for _, key := range [][2]string{{row, column}, {row, ""}, {"", column}, {"", ""}} {
		s[key] += n
	}
}

// sumUp sums a column of rows up, by two others.
func sumUp(rows [][]string, row, column, number int) (sums, error) {
	s := sums{}
	for _, r := range rows {
		n, err := cell(r, number)
		if err != nil {
			return nil, err
		}
		s.add(r[row], r[column], n)
	}
	return s, nil
}

// showNight shows posts by hour and language.
func showNight(rows [][]string) (string, []string, error) {
	of, err := sumUp(rows, 0, 1, 2)
	if err != nil {
		return "", nil, err
	}
	langs, times := names(rows, 1), names(rows, 0)
	slices.Sort(langs)
	var lines [][]string
	var chart []bar
	top, when, least := uint64(0), "", ^uint64(0)
	for _, at := range times {
		line := []string{clock(at)}
		for _, lang := range append(slices.Clone(langs), "") {
			line = append(line, count(of[[2]string{at, lang}]))
		}
		all := of[[2]string{at, ""}]
		if all > top {
			top, when = all, clock(at)
		}
		least = min(least, all)
		lines = append(lines, line)
		chart = append(chart, bar{clock(at), float64(all), count(all)})
	}
	answer := fmt.Sprintf("Most in the hour from %s: %s posts, %.1f times as many as in the quietest.", when, count(top), float64(top)/float64(max(least, 1)))
	out := append(table(append(append([]string{"9 June, UTC"}, langs...), "all"), lines, "lr"), "")
	return answer, append(out, bars(chart, chartWidth-margin)...), nil
}

// clock is the hour and minute of a time as the store writes it.
func clock(at string) string {
	t, err := time.Parse(time.DateTime, at)
	if err != nil {
		return at
	}
	return t.Format("15:04")
}

// junk says whether what is called so misleads, as those see it who rate it.
func junk(class string) bool {
	return slices.Contains([]string{classes()[unreliable], classes()[conspiracy], classes()[imposter], classes()[stateControlled]}, class)
}

// linked is what source_shares says of a class in a language.
type linked struct{ links, share, rated, unresolved float64 }

// showShares shows the share of links by class of source and language, with how
// much is rated at all, and of how much the target is unknown.
func showShares(rows [][]string) (string, []string, error) {
	of := map[[2]string]linked{}
	for _, row := range rows {
		var l linked
		for i, to := range []*float64{&l.links, &l.share, &l.rated, &l.unresolved} {
			var err error
			if *to, err = fraction(row, 2+i); err != nil {
				return "", nil, err
			}
		}
		of[[2]string{row[0], row[1]}] = l
	}
	short := map[string]string{"state-controlled": "state", "fact-checker": "check", "independent-public": "public", "mainstream": "main"}
	percent := func(share float64) string { return fmt.Sprintf("%.1f", 100*share) }
	head := []string{"%", "links", "rated", "unknown"}
	var lines [][]string
	var chart []bar
	var all, rated, unknown, misleads, top float64
	where := ""
	for _, lang := range names(rows, 0) {
		whole, bad := of[[2]string{lang, ""}], 0.0
		line := []string{lang, count(uint64(whole.links)), percent(whole.rated), percent(whole.unresolved)}
		for _, class := range classes() {
			if class == "" {
				continue
			}
			share := of[[2]string{lang, class}].share
			line = append(line, percent(share))
			if junk(class) {
				bad += share
			}
			if len(lines) == 0 {
				head = append(head, cmp.Or(short[class], class))
			}
		}
		if bad > top {
			top, where = bad, nameOf(lang)
		}
		all, rated, unknown = all+whole.links, rated+whole.rated*whole.links, unknown+whole.unresolved*whole.links
		misleads += bad * whole.rated * whole.links
		lines = append(lines, line)
		chart = append(chart, bar{lang, 100 * bad, percent(bad) + " %"})
	}
	answer := fmt.Sprintf("%s per cent of %s links lead to rated sources, %s per cent to an unknown target.\n  Of the rated %s per cent are unreliable, conspiracy, imposter or state-controlled;\n  most in %s, %s per cent.",
		percent(rated/max(all, 1)), count(uint64(all)), percent(unknown/max(all, 1)), percent(misleads/max(rated, 1)), where, percent(top))
	out := append(table(head, lines, "lr"), "", "Unreliable, conspiracy, imposter and state-controlled, of the rated:", "")
	return answer, append(out, bars(chart, chartWidth-margin)...), nil
}

// fraction is a number of a row; nothing is 0.
func fraction(row []string, column int) (float64, error) {
	if column >= len(row) {
		return 0, fmt.Errorf("demo: a row of %d columns where more were asked for", len(row))
	}
	if row[column] == `\N` {
		return 0, nil
	}
	n, err := strconv.ParseFloat(row[column], 64)
	if err != nil {
		return 0, fmt.Errorf("demo: %q where a number was asked for", row[column])
	}
	return n, nil
}

// nameOf is a language in English.
func nameOf(code string) string {
	for _, t := range tongues() {
		if t.code == code {
			return t.name
		}
	}
	return code
}
