package datasets

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
)

// writeParquet writes the canonical form of a table: its bytes follow from its rows.
// Files do not name the version of the library that wrote them.
func writeParquet(out io.Writer, t *Table) error {
	w := parquet.NewWriter(out, schemaOf(t), parquet.Compression(&parquet.Zstd), parquet.CreatedBy("election-observatory", "1.0", "0"))
	row := make(parquet.Row, len(t.Columns))
	for n, values := range t.Rows {
		for i, value := range values {
			row[i] = parquetValue(t.Columns[i].Type, value, i)
		}
		if _, err := w.WriteRows([]parquet.Row{row}); err != nil {
			return fmt.Errorf("%s: row %d: %w", t.Name, n, err)
		}
	}
	return w.Close()
}

// schemaOf is the schema of a table: a struct made of its columns, in their order,
// all of which may be null.
func schemaOf(t *Table) *parquet.Schema {
	types := map[Type]struct {
		of  reflect.Type
		tag string
	}{
		String: {reflect.TypeFor[string](), ",dict"}, Integer: {reflect.TypeFor[int64](), ""}, Number: {reflect.TypeFor[float64](), ""}, Boolean: {reflect.TypeFor[bool](), ""},
		Date: {reflect.TypeFor[int32](), ",date"}, DateTime: {reflect.TypeFor[int64](), ",timestamp(millisecond)"},
	}
	fields := make([]reflect.StructField, len(t.Columns))
	for i, c := range t.Columns {
		of := types[c.Type]
		fields[i] = reflect.StructField{Name: fmt.Sprintf("C%d", i), Type: of.of, Tag: reflect.StructTag(fmt.Sprintf("parquet:%q", c.Name+",optional"+of.tag))}
	}
	return parquet.SchemaOf(reflect.New(reflect.StructOf(fields)).Elem().Interface())
}

func parquetValue(of Type, value any, column int) parquet.Value {
	const secondsPerDay = 24 * 3600
	switch v := value.(type) {
	case nil:
		return parquet.NullValue().Level(0, 0, column)
	case time.Time:
		if of == Date {
			return parquet.Int32Value(int32(v.Unix()/secondsPerDay)).Level(0, 1, column)
		}
		return parquet.Int64Value(v.UnixMilli()).Level(0, 1, column)
	default:
		return parquet.ValueOf(v).Level(0, 1, column)
	}
}

// writeCSV writes the copy for spreadsheets: RFC 4180, UTF-8, empty where there is
// nothing. A text that a spreadsheet would execute has ' before it.
func writeCSV(out io.Writer, t *Table) error {
	zipped, err := gzip.NewWriterLevel(out, gzip.BestCompression) // Its head names no file and no time.
	if err != nil {
		return err
	}
	w := csv.NewWriter(zipped)
	cells := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		cells[i] = c.Name
	}
	if err := w.Write(cells); err != nil {
		return err
	}
	for _, row := range t.Rows {
		for i, value := range row {
			cells[i] = t.Columns[i].Type.text(value)
			if t.Columns[i].Type == String {
				cells[i] = harmless(cells[i])
			}
		}
		if err := w.Write(cells); err != nil {
			return err
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	return zipped.Close()
}

// executes are the characters that make a spreadsheet take a cell for a formula, full-
// width ones among them (OWASP, CSV Injection).
const executes = "=+-@\t\r\n＝＋－＠|"

// harmless puts ' before what a spreadsheet would execute.
func harmless(text string) string {
	if trimmed := strings.TrimLeft(text, " \u00a0\ufeff"); trimmed != "" && strings.ContainsRune(executes, []rune(trimmed)[0]) {
		return "'" + text
	}
	return text
}
