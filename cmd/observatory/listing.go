package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// listing is a table whose rows have lines of text below them.
type listing struct {
	head    string // Columns and cells are parted by tabs.
	rows    []string
	details [][]string
}

// add adds a row, and what is said below it; what is empty is left out.
func (l *listing) add(row string, details ...string) {
	l.rows, l.details = append(l.rows, row), append(l.details, details)
}

func (l *listing) write(out io.Writer) error {
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, l.head)
	for _, row := range l.rows {
		fmt.Fprintln(w, row)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	var text strings.Builder
	for i, line := range strings.Split(strings.TrimSuffix(table.String(), "\n"), "\n") {
		fmt.Fprintln(&text, strings.TrimRight(line, " "))
		if i == 0 {
			continue
		}
		for _, detail := range l.details[i-1] {
			if detail != "" {
				fmt.Fprintf(&text, "  %s\n", plainText(detail))
			}
		}
	}
	_, err := io.WriteString(out, text.String())
	return err
}
