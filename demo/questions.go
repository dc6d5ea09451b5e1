package demo

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Question is something to ask of a week, and how its answer is shown.
type Question struct {
	Title string
	SQL   string
	show  func(rows [][]string) ([]string, error)
}

// Questions are three about time: when people wrote, what they linked to, and
// what is missing.
func Questions() []Question {
	evening := Start().Add(6*24*time.Hour + 12*time.Hour)
	return []Question{
		{
			Title: "When did people write, around the night of the results?",
			SQL: `SELECT hour, lang, sum(posts) AS total
FROM hourly
WHERE query = '' AND source_class = ''
  AND ` + seven + `
  AND ` + within("hour", evening, End()) + `
GROUP BY hour, lang
ORDER BY hour, lang`,
			show: showNight,
		},
		{
			Title: "How much of what they link to is on a list of rated sources?",
			SQL: `SELECT lang, toDate(hour) AS day,
    sumIf(links, source_class != '') AS to_rated, sumIf(links, source_class = '') AS to_any
FROM hourly
WHERE query = ''
  AND ` + seven + `
  AND ` + within("hour", Start(), End()) + `
GROUP BY lang, day
ORDER BY lang, day`,
			show: showShares,
		},
		{
			Title: "What is missing?",
			SQL: `SELECT source, toStartOfInterval(minute, INTERVAL 3 HOUR) AS since,
    countIf(NOT connected) AS minutes_down, sum(received) AS came, sum(expected) AS due,
    max(gap_reason) AS why
FROM coverage
WHERE startsWith(source, 'demo/')
  AND ` + within("minute", Start(), End()) + `
GROUP BY source, since
ORDER BY source, since`,
			show: showMissing,
		},
	}
}

// seven is the condition that a post is in one of the languages of the demo.
const seven = "lang IN ('de', 'en', 'es', 'fr', 'it', 'nl', 'pl')"

// cell is a number in a row.
func cell(row []string, i int) (uint64, error) {
	if i >= len(row) {
		return 0, fmt.Errorf("demo: a row of %d columns where more were asked for", len(row))
	}
	n, err := strconv.ParseUint(row[i], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("demo: %q where a number was asked for", row[i])
	}
	return n, nil
}

// names are the distinct values of a column, in order.
func names(rows [][]string, column int) []string {
	var all []string
	for _, row := range rows {
		if !slices.Contains(all, row[column]) {
			all = append(all, row[column])
		}
	}
	return all
}

// showNight shows posts by hour and language.
func showNight(rows [][]string) ([]string, error) {
	langs, times := names(rows, 1), names(rows, 0)
	slices.Sort(langs)
	sums := map[[2]string]uint64{}
	for _, row := range rows {
		n, err := cell(row, 2)
		if err != nil {
			return nil, err
		}
		sums[[2]string{row[0], row[1]}] += n
		sums[[2]string{row[0], ""}] += n
	}
	head := append(append([]string{"9 June, UTC"}, langs...), "all")
	var lines [][]string
	var chart []bar
	for _, at := range times {
		clock := at[min(len(at), len("2024-06-09 ")):min(len(at), len("2024-06-09 18:00"))]
		line := []string{clock}
		for _, lang := range append(slices.Clone(langs), "") {
			line = append(line, count(sums[[2]string{at, lang}]))
		}
		lines = append(lines, line)
		all := sums[[2]string{at, ""}]
		chart = append(chart, bar{clock, float64(all), count(all)})
	}
	out := append(table(head, lines, "lr"), "")
	return append(out, bars(chart, chartWidth-margin)...), nil
}

// showShares shows the share of links to rated sources by language and day.
func showShares(rows [][]string) ([]string, error) {
	langs, days := names(rows, 0), names(rows, 1)
	slices.Sort(days)
	type sum struct{ rated, any uint64 }
	sums := map[[2]string]sum{}
	for _, row := range rows {
		toRated, err := cell(row, 2)
		if err != nil {
			return nil, err
		}
		toAny, err := cell(row, 3)
		if err != nil {
			return nil, err
		}
		for _, key := range [][2]string{{row[0], row[1]}, {row[0], ""}, {"", row[1]}, {"", ""}} {
			sums[key] = sum{sums[key].rated + toRated, sums[key].any + toAny}
		}
	}
	share := func(lang, day string) float64 {
		s := sums[[2]string{lang, day}]
		return 100 * float64(s.rated) / float64(max(s.any, 1))
	}
	head := []string{"per cent"}
	for _, day := range days {
		head = append(head, weekday(day))
	}
	head = append(head, "week")
	var lines [][]string
	var chart []bar
	for _, lang := range append(langs, "") {
		line := []string{lang}
		if lang == "" {
			line[0] = "all"
		}
		for _, day := range append(slices.Clone(days), "") {
			line = append(line, fmt.Sprintf("%.1f", share(lang, day)))
		}
		lines = append(lines, line)
		chart = append(chart, bar{line[0], share(lang, ""), line[len(line)-1] + " %"})
	}
	out := append(table(head, lines, "lr"), "")
	return append(out, bars(chart, chartWidth-margin)...), nil
}

func weekday(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return t.Format("Mon 2")
}
