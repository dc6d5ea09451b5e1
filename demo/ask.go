package demo

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Ask asks the store, as anybody may, and returns the rows.
type Ask func(ctx context.Context, sql string) ([][]string, error)

// numbers asks for one row of whole numbers.
func (ask Ask) numbers(ctx context.Context, sql string, n int) ([]uint64, error) {
	rows, err := ask(ctx, sql)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 || len(rows[0]) != n {
		return nil, fmt.Errorf("demo: the store answers %d rows where one of %d numbers was asked for", len(rows), n)
	}
	found := make([]uint64, n)
	for i, cell := range rows[0] {
		if found[i], err = strconv.ParseUint(cell, 10, 64); err != nil {
			return nil, fmt.Errorf("demo: the store answers %q where a number was asked for", cell)
		}
	}
	return found, nil
}

// within is the condition that a time lies in a part of the week.
func within(column string, from, to time.Time) string {
	return column + " >= '" + from.Format(time.DateTime) + "' AND " + column + " < '" + to.Format(time.DateTime) + "'"
}

// count writes a number in groups of three, as 1,234,567.
func count(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
