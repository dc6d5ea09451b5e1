package demo

import (
	"fmt"
	"strings"
	"time"
)

const (
	cellHours   = 3
	cellsPerDay = 24 / cellHours
	// enough is from how many expected events on it says something that none came:
	// were they independent, that would be one case in a thousand.
	enough = 7
)

// showMissing shows when each source delivered, was down, or said nothing.
func showMissing(rows [][]string) (string, []string, error) {
	of := map[string][]rune{}
	var lines [][]string
	for _, row := range rows {
		if len(row) < 6 {
			return "", nil, fmt.Errorf("demo: a row of %d columns where 6 were asked for", len(row))
		}
		since, err := time.Parse(time.DateTime, row[1])
		if err != nil {
			return "", nil, fmt.Errorf("demo: %q where a time was asked for", row[1])
		}
		var n [3]uint64
		for i := range n {
			if n[i], err = cell(row, 2+i); err != nil {
				return "", nil, err
			}
		}
		sign, told := state(n[0], n[1], n[2], row[5])
		at := int(since.Sub(Start()) / (cellHours * time.Hour))
		if of[row[0]] == nil {
			of[row[0]] = []rune(strings.Repeat("?", hours/cellHours))
		}
		if at < 0 || at >= hours/cellHours {
			return "", nil, fmt.Errorf("demo: %s lies outside the week", row[1])
		}
		of[row[0]][at] = sign
		if told != "" {
			lines = append(lines, []string{row[0], since.Format("Mon 15:04"), told, count(n[0]), count(n[1]), count(n[2])})
		}
	}
	out := table([]string{"source", "3 hours from", "state", "minutes down", "came", "expected"}, lines, "lllr")
	out = append(out, "")
	var days []string
	for day := range hours / 24 {
		days = append(days, Start().AddDate(0, 0, day).Format("Mon 2"))
	}
	var chart []strip
	for _, source := range names(rows, 0) {
		chart = append(chart, strip{source, of[source]})
	}
	out = append(out, strips(chart, days, cellsPerDay)...)
	answer := fmt.Sprintf("Something in %d of %d stretches of three hours, which are these:", len(lines), len(rows))
	return answer, append(out, "", "█ delivered   ▄ down for a part   _ down   ! connected, and nothing came"), nil
}

// state is how a source was in some hours: the sign for it, and words where
// something is missing.
func state(down, came, due uint64, why string) (rune, string) {
	why = strings.ReplaceAll(why, "_", " ")
	switch {
	case down >= cellHours*60:
		return '_', why
	case down > 0:
		return '▄', why
	case came == 0 && due >= enough:
		return '!', "silent"
	}
	return '█', ""
}
