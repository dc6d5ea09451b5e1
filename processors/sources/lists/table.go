package lists

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

const (
	longestLine = 1 << 20
	longestFile = 1 << 30
)

// lines reads no more than can be a list: an error in place of a line that would
// fill the memory.
type lines struct {
	from *bufio.Reader
	line int // Bytes since the last new line.
	read int64
}

func newLines(r io.Reader) *lines {
	from := bufio.NewReader(r)
	if mark, _ := from.Peek(3); string(mark) == "\ufeff" {
		_, _ = from.Discard(len(mark))
	}
	return &lines{from: from}
}

func (l *lines) Read(p []byte) (int, error) {
	n, err := l.from.Read(p)
	for _, c := range p[:n] {
		if l.line++; c == '\n' {
			l.line = 0
		}
		if l.line > longestLine {
			return 0, fmt.Errorf("it has a line of more than %d MB", longestLine>>20)
		}
	}
	if l.read += int64(n); l.read > longestFile {
		return 0, fmt.Errorf("it has more than %d GB", longestFile>>30)
	}
	return n, err
}

// row is a row of a table. Columns that the table does not have are empty.
type row struct {
	line  int
	cells []string
	at    map[string]int
}

// get is the first of these columns that is not empty.
func (r row) get(columns ...string) string {
	for _, name := range columns {
		if i, ok := r.at[name]; ok {
			if text := strings.TrimSpace(r.cells[i]); text != "" {
				return text
			}
		}
	}
	return ""
}

// table reads a CSV with a header. Each of needed is a column that it must have,
// under any of the names that are separated by |; the case of names does not count.
func (b *builder) table(r io.Reader, needed []string, use func(row)) error {
	reader := csv.NewReader(r)
	reader.FieldsPerRecord, reader.ReuseRecord = -1, true
	read, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return errors.New("it is empty")
	}
	if err != nil {
		return fmt.Errorf("its header cannot be read: %w", err)
	}
	header := slices.Clone(read)
	at, err := columns(header, needed)
	if err != nil {
		return err
	}
	for {
		line, cells, err := next(reader)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, new(*csv.ParseError)):
			b.refuse(line, "", "a quote is not closed, or stands within a cell that is not quoted")
		case err != nil:
			return err
		case len(cells) == 1 && strings.TrimSpace(cells[0]) == "": // An empty line.
		case len(cells) != len(header):
			b.refuse(line, cells[0], "the row has %d cells, the header has %d", len(cells), len(header))
		default:
			use(row{line, cells, at})
		}
	}
}

// next is the next row and the line that it begins in.
func next(reader *csv.Reader) (line int, cells []string, err error) {
	cells, err = reader.Read()
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		return parse.StartLine, nil, err
	}
	if err != nil {
		return 0, nil, err
	}
	line, _ = reader.FieldPos(0)
	return line, cells, nil
}

// columns is where the columns of a header are; those that are needed must be there.
func columns(header, needed []string) (map[string]int, error) {
	at := map[string]int{}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, known := at[name]; !known {
			at[name] = i
		}
	}
	for _, need := range needed {
		if !slices.ContainsFunc(strings.Split(need, "|"), func(name string) bool { _, ok := at[name]; return ok }) {
			return nil, fmt.Errorf("it has no column %s; it has %s", strings.ReplaceAll(need, "|", " or "), strings.Join(header, ", "))
		}
	}
	return at, nil
}

// score reads a number from 0 to most and maps it to 0 to 1.
func score(text string, most float64) (*float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= 0 && v <= most) {
		return nil, fmt.Errorf("the score %q is no number from 0 to %g", text, most)
	}
	v /= most
	return &v, nil
}
