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
	show  func(rows [][]string) (answer string, lines []string, err error)
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
			Title: "What kinds of sources do they link to, and how much of that is rated at all?",
			SQL: `SELECT part AS lang, source_class, links, share, rated_share, unresolved_share
FROM source_shares(from = '` + Start().Format(time.DateOnly) + `', to = '` + End().Format(time.DateOnly) + `', by = 'lang')
ORDER BY lang, source_class`,
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
		if column < len(row) && !slices.Contains(all, row[column]) {
			all = append(all, row[column])
		}
	}
	return all
}
