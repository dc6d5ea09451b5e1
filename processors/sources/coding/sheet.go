package coding

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/election-observatory/observatory/processors/sources"
)

// Candidate is a source that waits to be coded.
type Candidate struct {
	Source    string
	Language  string // That of most posts that link to it.
	Links     uint64
	Accounts  uint64
	FirstSeen time.Time
	Example   string // A URL.
}

// columns are those of a sheet, in order.
func columns() []string {
	criteria := Criteria()
	return slices.Concat([]string{"source", "language", "links", "accounts", "first_seen", "example"}, criteria[:], []string{"class", "evidence", "notes"})
}

// WriteSheet writes a sheet to fill in, a source a row, as CSV.
func WriteSheet(w io.Writer, list []Candidate) error {
	out := csv.NewWriter(w)
	if err := out.Write(columns()); err != nil {
		return err
	}
	for _, c := range list {
		seen := ""
		if !c.FirstSeen.IsZero() {
			seen = c.FirstSeen.UTC().Format(time.DateOnly)
		}
		row := make([]string, len(columns()))
		for i, cell := range []string{c.Source, c.Language, strconv.FormatUint(c.Links, 10), strconv.FormatUint(c.Accounts, 10), seen, c.Example} {
			row[i] = harmless(cell)
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// harmless keeps a spreadsheet from taking a text from outside for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// Sheet is what a filled-in sheet holds.
type Sheet struct {
	Codings []Coding
	Skipped int // Rows that are not filled in.
	Refused []Refusal
}

// Refusal is a row that cannot be used.
type Refusal struct {
	Line   int
	Source string
	Reason string
}

const (
	largestSheet = 64 << 20
	mostRows     = 1_000_000
)

// ReadSheet reads a filled-in sheet. Columns may be in any order and more than
// those of a sheet; commas, semicolons or tabs separate them, as spreadsheets of
// different countries write. It is an error only if the file is no sheet.
func ReadSheet(r io.Reader) (Sheet, error) {
	from := bufio.NewReader(io.LimitReader(r, largestSheet+1))
	if mark, _ := from.Peek(3); string(mark) == "\ufeff" {
		_, _ = from.Discard(len(mark))
	}
	reader := csv.NewReader(from)
	reader.FieldsPerRecord, reader.Comma = -1, separator(from)
	header, err := reader.Read()
	if err != nil {
		return Sheet{}, fmt.Errorf("it is no sheet: its header cannot be read: %w", err)
	}
	at := map[string]int{}
	for i, name := range header {
		at[strings.ToLower(strings.TrimSpace(name))] = i
	}
	criteria := Criteria()
	for _, need := range slices.Concat([]string{"source"}, criteria[:], []string{"evidence"}) {
		if _, ok := at[need]; !ok {
			return Sheet{}, fmt.Errorf("it is no sheet: it has no column %s; it has %s", need, strings.Join(header, ", "))
		}
	}
	s := &reading{at: at, parser: sources.NewParser(), seen: map[string]int{}}
	return s.sheet, s.rows(reader)
}

// separator is what separates the cells of the first line.
func separator(from *bufio.Reader) rune {
	const enough = 4096
	start, _ := from.Peek(enough)
	line, _, _ := strings.Cut(string(start), "\n")
	best, most := ',', strings.Count(line, ",")
	for _, other := range ";\t" {
		if n := strings.Count(line, string(other)); n > most {
			best, most = other, n
		}
	}
	return best
}

type reading struct {
	sheet  Sheet
	at     map[string]int
	parser *sources.Parser
	seen   map[string]int
}

func (s *reading) rows(reader *csv.Reader) error {
	for n := 0; ; n++ {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if parse, ok := errors.AsType[*csv.ParseError](err); ok {
			s.refuse(parse.StartLine, "", "a quote is not closed, or stands within a cell that is not quoted")
			continue
		}
		if err != nil {
			return err
		}
		if reader.InputOffset() > largestSheet || n > mostRows {
			return fmt.Errorf("the sheet is larger than %d MB or %d rows", largestSheet>>20, mostRows)
		}
		line, _ := reader.FieldPos(0)
		s.row(line, cells)
	}
	return nil
}

func (s *reading) refuse(line int, source, format string, args ...any) {
	s.sheet.Refused = append(s.sheet.Refused, Refusal{line, source, fmt.Sprintf(format, args...)})
}

// cell is the cell of a column, as it was before WriteSheet made it harmless.
func (s *reading) cell(cells []string, column string) string {
	i, ok := s.at[column]
	if !ok || i >= len(cells) {
		return ""
	}
	text := strings.TrimSpace(cells[i])
	if len(text) > 1 && text[0] == '\'' && harmless(text[1:]) == text {
		return text[1:]
	}
	return text
}

func (s *reading) row(line int, cells []string) {
	cell := func(name string) string { return s.cell(cells, name) }
	c := Coding{Class: sources.Class(strings.ToLower(cell("class"))), Evidence: cell("evidence"), Notes: cell("notes")}
	filled, err := c.judge(cell)
	written := cell("source")
	switch {
	case err != nil:
		s.refuse(line, written, "%v", err)
		return
	case filled == 0 && c.Class == "" && c.Evidence == "":
		s.sheet.Skipped++
		return
	}
	if c.Source, err = s.parser.Parse(written); err == nil {
		err = c.validate(filled)
	}
	if err != nil {
		s.refuse(line, written, "%v", err)
		return
	}
	if i, ok := s.seen[c.Source]; ok {
		if s.sheet.Codings[i] != c {
			s.refuse(line, written, "it is in the sheet twice, and judged in two ways")
		}
		return
	}
	s.seen[c.Source] = len(s.sheet.Codings)
	s.sheet.Codings = append(s.sheet.Codings, c)
}

// judge reads the criteria and counts those that are filled in.
func (c *Coding) judge(cell func(string) string) (filled int, err error) {
	for i, name := range Criteria() {
		switch text := strings.ToLower(cell(name)); text {
		case "":
			continue
		case "1", "yes", "y", "true", "x", "ja", "oui", "si", "sí", "tak":
			c.Applies[i] = true
		case "0", "no", "n", "false", "-", "nein", "non", "nie":
		default:
			return 0, fmt.Errorf("%s is %q: write yes or no", name, text)
		}
		filled++
	}
	return filled, nil
}

func (c *Coding) validate(filled int) error {
	const all = 5
	switch {
	case filled != all:
		return fmt.Errorf("%d of the 5 criteria are filled in: judge all of them, or none to leave the source for later", filled)
	case c.Evidence == "" && c.Applies != [5]bool{}:
		return errors.New("a criterion applies: say under evidence what was seen")
	case c.Class != "" && c.Class.Doc() == "":
		return fmt.Errorf("there is no class %q", c.Class)
	case c.Class != "" && c.Junk():
		return errors.New("three of the five criteria apply, which makes it junk: leave the class empty")
	}
	return nil
}
