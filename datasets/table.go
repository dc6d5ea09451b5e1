package datasets

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Type is what a column holds, as a Data Package names it.
type Type string

// The types. A value is nil where there is none, else of the Go type named here.
const (
	String   Type = "string"   // string
	Integer  Type = "integer"  // int64
	Number   Type = "number"   // float64
	Boolean  Type = "boolean"  // bool
	Date     Type = "date"     // time.Time at midnight, UTC
	DateTime Type = "datetime" // time.Time, UTC, to the second
)

// Column is a column of a published table.
type Column struct {
	Name string
	Type Type
	Doc  string
}

// Table is a table as it is published, its rows in a fixed order.
type Table struct {
	Name    string // Of its files, without their endings.
	Title   string
	Doc     string
	Columns []Column
	Rows    [][]any
}

// check says where a row does not fit the columns.
func (t *Table) check() error {
	for n, row := range t.Rows {
		if len(row) != len(t.Columns) {
			return fmt.Errorf("%s: row %d has %d values, not %d", t.Name, n, len(row), len(t.Columns))
		}
		for i, value := range row {
			if !t.Columns[i].Type.takes(value) {
				return fmt.Errorf("%s: row %d: %s is a %s, not %T", t.Name, n, t.Columns[i].Name, t.Columns[i].Type, value)
			}
		}
	}
	return nil
}

func (t Type) takes(value any) bool {
	switch value.(type) {
	case nil:
		return true
	case string:
		return t == String
	case int64:
		return t == Integer
	case float64:
		return t == Number
	case bool:
		return t == Boolean
	case time.Time:
		return t == Date || t == DateTime
	}
	return false
}

// text is a value as CSV has it.
func (t Type) text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		if t == Date {
			return v.UTC().Format(time.DateOnly)
		}
		return v.UTC().Format(time.RFC3339)
	}
	return ""
}

// sortRows puts rows in the order of what they say, column by column.
func sortRows(rows [][]any) {
	slices.SortFunc(rows, func(a, b []any) int {
		for i := range a {
			if c := compare(a[i], b[i]); c != 0 {
				return c
			}
		}
		return 0
	})
}

// compare compares values of one column; nothing comes first.
func compare(a, b any) int {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return cmp.Compare(x, y)
		}
	case int64:
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y)
		}
	case float64:
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y)
		}
	case time.Time:
		if y, ok := b.(time.Time); ok {
			return x.Compare(y)
		}
	}
	return cmp.Compare(present(a), present(b))
}

func present(v any) int {
	if v == nil {
		return 0
	}
	return 1
}
