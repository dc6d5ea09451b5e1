package demo

import (
	"strings"
	"unicode/utf8"
)

// chartWidth is as wide as a chart may be, in columns of a terminal.
const chartWidth = 80

// bar is a line of a chart of bars.
type bar struct {
	label string
	value float64
	text  string // The value as it is written behind the bar.
}

// bars draws a line for each value, the longest as long as the width allows.
func bars(of []bar, width int) []string {
	labels, texts, top := 0, 0, 0.0
	for _, b := range of {
		labels, texts = max(labels, utf8.RuneCountInString(b.label)), max(texts, utf8.RuneCountInString(b.text))
		top = max(top, b.value)
	}
	room := max(width-labels-texts-2, 1)
	lines := make([]string, len(of))
	for i, b := range of {
		lines[i] = strings.TrimRight(pad(b.label, labels)+" "+stroke(b.value, top, room)+" "+b.text, " ")
	}
	return lines
}

// stroke is a bar of a value where the largest is so many columns long, to an
// eighth of a column. What is above nothing is seen.
func stroke(value, top float64, room int) string {
	if value <= 0 || top <= 0 {
		return ""
	}
	eighths := max(int(value/top*float64(room)*8+0.5), 1)
	line := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		line += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return line
}

// strip is a line of a chart of states, a sign for each.
type strip struct {
	label string
	cells []rune
}

// strips draws a line for each strip under a scale: names that each stand above
// so many cells.
func strips(of []strip, names []string, each int) []string {
	labels := 0
	for _, s := range of {
		labels = max(labels, utf8.RuneCountInString(s.label))
	}
	var line strings.Builder
	line.WriteString(pad("", labels+1))
	for _, name := range names {
		line.WriteString(pad(name, each+1))
	}
	lines := []string{strings.TrimRight(line.String(), " ")}
	for _, s := range of {
		line.Reset()
		line.WriteString(pad(s.label, labels))
		for i, cell := range s.cells {
			if i%each == 0 {
				line.WriteByte(' ')
			}
			line.WriteRune(cell)
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return lines
}

// pad fills a text up with blanks on the right.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 0))
}

// padLeft fills a text up with blanks on the left.
func padLeft(s string, width int) string {
	return strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 0)) + s
}

// table aligns rows under a head, each column to the left (l) or the right (r);
// the last of these holds for all that follow.
func table(head []string, rows [][]string, align string) []string {
	widths := make([]int, len(head))
	all := append([][]string{head}, rows...)
	for _, row := range all {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	lines := make([]string, len(all))
	for n, row := range all {
		cells := make([]string, len(row))
		for i, cell := range row {
			if align[min(i, len(align)-1)] == 'l' {
				cells[i] = pad(cell, widths[i])
			} else {
				cells[i] = padLeft(cell, widths[i])
			}
		}
		lines[n] = strings.TrimRight(strings.Join(cells, "  "), " ")
	}
	return lines
}
