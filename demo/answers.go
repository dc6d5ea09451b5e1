package demo

import (
	"fmt"
	"slices"
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

// showShares shows the share of links to rated sources by language and day.
func showShares(rows [][]string) (string, []string, error) {
	toRated, err := sumUp(rows, 0, 1, 2)
	if err != nil {
		return "", nil, err
	}
	toAny, err := sumUp(rows, 0, 1, 3)
	if err != nil {
		return "", nil, err
	}
	share := func(lang, day string) float64 {
		key := [2]string{lang, day}
		return 100 * float64(toRated[key]) / float64(max(toAny[key], 1))
	}
	langs, days := names(rows, 0), names(rows, 1)
	slices.Sort(days)
	head := []string{"per cent"}
	for _, day := range days {
		head = append(head, weekday(day))
	}
	var lines [][]string
	var chart []bar
	top, where := 0.0, ""
	for _, lang := range append(slices.Clone(langs), "") {
		line := []string{lang}
		if lang == "" {
			line[0] = "all"
		}
		for _, day := range append(slices.Clone(days), "") {
			line = append(line, fmt.Sprintf("%.1f", share(lang, day)))
			if day != "" && lang != "" && share(lang, day) > top {
				top, where = share(lang, day), nameOf(lang)+" on "+weekday(day)
			}
		}
		lines = append(lines, line)
		chart = append(chart, bar{line[0], share(lang, ""), line[len(line)-1] + " %"})
	}
	answer := fmt.Sprintf("%.1f per cent of %s links; most in %s, %.1f per cent.", share("", ""), count(toAny[[2]string{}]), where, top)
	out := append(table(append(head, "week"), lines, "lr"), "")
	return answer, append(out, bars(chart, chartWidth-margin)...), nil
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

func weekday(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return t.Format("Mon 2")
}
