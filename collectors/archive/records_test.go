package archive

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// piece is a record as a test sees it, and where the splitter stood after it.
type piece struct {
	text  string
	size  uint64
	after place
}

func (s *splitter) all(tb testing.TB) ([]piece, error) {
	tb.Helper()
	var list []piece
	for {
		arena, rec, err := s.next(nil, 8)
		if err != nil {
			if len(arena) != 0 {
				tb.Fatalf("bytes that no record holds: %q", arena)
			}
			if errors.Is(err, io.EOF) {
				return list, nil
			}
			return list, err
		}
		list = append(list, piece{string(arena[rec.from:rec.to]), rec.size, s.place})
	}
}

func texts(list []piece) []string {
	all := make([]string, 0, len(list))
	for _, p := range list {
		all = append(all, p.text)
	}
	return all
}

func splitText(s string, columns, limit, buffer int) *splitter {
	return &splitter{in: bufio.NewReaderSize(strings.NewReader(s), buffer), csv: columns > 0, columns: columns, limit: limit}
}

func TestRecords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in      string
		columns int
		want    []string
	}{
		"nothing":                       {"", 0, nil},
		"empty lines":                   {"\n\r\n\n", 0, nil},
		"lines":                         {"a\r\nb\n\n\nc", 0, []string{"a", "b", "c"}},
		"quotes mean nothing in lines":  {"\"a\nb\"\n", 0, []string{"\"a", "b\""}},
		"rows":                          {"a,b\nc,d\n", 2, []string{"a,b", "c,d"}},
		"a row of two lines":            {"1,\"a\nb\"\n2,c\n", 2, []string{"1,\"a\nb\"", "2,c"}},
		"with an empty line inside":     {"1,\"a\r\n\r\nb\"\r\n2,c\r\n", 2, []string{"1,\"a\r\n\r\nb\"", "2,c"}},
		"a doubled quote at a break":    {"1,\"a\"\"\nb\"\n2,c\n", 2, []string{"1,\"a\"\"\nb\"", "2,c"}},
		"a quote inside a field":        {"1,3\" wide\n2,c\n", 2, []string{"1,3\" wide", "2,c"}},
		"a quote that is never closed":  {"1,\"a\n2,c\n3,d", 2, []string{"1,\"a", "2,c", "3,d"}},
		"one closed by a later row":     {"1,\"a\n2,\"c\"\n3,d\n", 2, []string{"1,\"a", "2,\"c\"", "3,d"}},
		"rows after it may have breaks": {"1,\"a\n2,x\",y\n3,\"d\ne\"\n", 2, []string{"1,\"a", "2,x\",y", "3,\"d\ne\""}},
		"an open quote at the end":      {"1,\"a", 2, []string{"1,\"a"}},
		"a closed one at the end":       {"1,\"a\nb\"", 2, []string{"1,\"a\nb\""}},
		"longer than the limit":         {strings.Repeat("x", 100) + "\ny\n", 0, []string{"xxxxxxxx", "y"}},
		"a quote open for too long":     {"1,\"a\n" + strings.Repeat("2,c\n", 30) + "3,\"d\"\n", 2, append(append([]string{"1,\"a"}, slices.Repeat([]string{"2,c"}, 30)...), "3,\"d\"")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, buffer := range []int{16, 1 << 16} {
				got, err := splitText(c.in, c.columns, 50, buffer).all(t)
				if err != nil || !slices.Equal(texts(got), c.want) {
					t.Errorf("buffer of %d: %q, %v; want %q", buffer, texts(got), err, c.want)
				}
			}
		})
	}
}

func TestWhatIsTooLongSaysItsSize(t *testing.T) {
	t.Parallel()
	got, err := splitText(strings.Repeat("x", 1000)+"\n"+strings.Repeat("y", 50)+"\n", 0, 50, 16).all(t)
	if err != nil || len(got) != 2 || got[0].size != 1001 || len(got[0].text) != 8 || got[1].size != 0 || len(got[1].text) != 50 {
		t.Errorf("%v, %v", got, err)
	}
}

// TestAFaultOfTheFileKeepsWhatStandsBefore cuts a file inside its last row,
// where a quote of an earlier row is open too.
func TestAFaultOfTheFileKeepsWhatStandsBefore(t *testing.T) {
	t.Parallel()
	fault := errors.New("cut short")
	for in, want := range map[string][]string{
		"1,a\n2,b\n3,":        {"1,a", "2,b"},
		"1,\"a\n2,b\n3,c\n4,": {"1,\"a", "2,b", "3,c"},
	} {
		s := splitText("", 2, 1000, 16)
		s.in = bufio.NewReaderSize(io.MultiReader(strings.NewReader(in), iotest.ErrReader(fault)), 16)
		got, err := s.all(t)
		if !errors.Is(err, fault) || !slices.Equal(texts(got), want) {
			t.Errorf("%q: %q, %v", in, texts(got), err)
		}
	}
}

// TestStrayQuotesCostLittle reads files in which quotes stay open: neither time
// nor memory may grow with what follows them.
func TestStrayQuotesCostLittle(t *testing.T) {
	t.Parallel()
	const limit = 1 << 16
	for name, in := range map[string]string{
		"on every line": strings.Repeat("\"a\n", 200_000),
		"once":          "\"a\n" + strings.Repeat("b\n", 300_000),
	} {
		s := splitText(in, 5, limit, 1<<12)
		var arena []byte
		rows := 0
		for {
			var err error
			if arena, _, err = s.next(arena[:0], 8); err != nil {
				break
			}
			rows++
		}
		if rows != strings.Count(in, "\n") || cap(arena) > 4*limit {
			t.Errorf("%s: %d rows in %d bytes of memory", name, rows, cap(arena))
		}
	}
}

// TestRowsThatAreWrittenWellAreReadWell writes rows with the standard library.
func TestRowsThatAreWrittenWellAreReadWell(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(2, 5).Draw(t, "columns")
		cell := rapid.StringOf(rapid.RuneFrom([]rune("a,\"\n\r ü😀")))
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, columns, columns), 1, 20).Draw(t, "rows")
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.UseCRLF = rapid.Bool().Draw(t, "crlf")
		if err := w.WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		s := splitText(b.String(), columns, 1<<20, 16)
		h := header{make([]string, columns)}
		for n := range rows {
			arena, rec, err := s.next(nil, 0)
			if err != nil {
				t.Fatalf("row %d of %q: %v", n, b.String(), err)
			}
			got, err := h.row(nil, arena[rec.from:rec.to])
			if err != nil {
				t.Fatalf("row %d of %q: %v", n, b.String(), err)
			}
			for i := range got {
				want := rows[n][i]
				if w.UseCRLF {
					want = strings.ReplaceAll(strings.ReplaceAll(want, "\r", ""), "\n", "\r\n") // As the writer documents.
				}
				if got[i] != want {
					t.Fatalf("row %d, column %d: %q, want %q", n, i, got[i], want)
				}
			}
		}
		if _, _, err := s.next(nil, 0); !errors.Is(err, io.EOF) {
			t.Fatalf("after the last row of %q: %v", b.String(), err)
		}
	})
}

// FuzzSplit holds that no byte is lost, that buffers make no difference, and
// that the splitter goes on from any of its places as if it had never stopped.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{"", "a\nb", "1,\"a\nb\"\n2,c\n", "\"a\n\"b\n\"c,d\n", "1,\"a\"\"\n\",\n\r\n,", strings.Repeat("\"x\n", 40), "\r\r\n\"\r\n,\"", "\"\n\"0\n0\"\n\"0\n0" + strings.Repeat("z", 64), strings.Repeat("y", 300) + "\n\"" + strings.Repeat("z\n", 200)} {
		f.Add(s, byte(0))
		f.Add(s, byte(2))
	}
	f.Fuzz(func(t *testing.T, in string, columns byte) {
		const limit = 64
		c := int(columns % 4)
		list, err := splitText(in, c, limit, 16).all(t)
		if err != nil {
			t.Fatal(err)
		}
		again, err := splitText(in, c, limit, 1<<16).all(t)
		if err != nil || !slices.Equal(list, again) {
			t.Fatalf("the size of a buffer changes what is read: %v and %v, %v", list, again, err)
		}
		var joined strings.Builder
		for n, p := range list {
			joined.WriteString(p.text)
			if p.size > 0 {
				fmt.Fprintf(&joined, "…%d", p.size)
			}
			if n%3 != 0 {
				continue
			}
			s := splitText(in, c, limit, 16)
			if err := s.skip(p.after); err != nil {
				t.Fatal(err)
			}
			rest, err := s.all(t)
			if err != nil || !slices.Equal(rest, list[n+1:]) {
				t.Fatalf("from %+v: %v, %v; want %v", p.after, rest, err, list[n+1:])
			}
		}
		breaks := strings.NewReplacer("\n", "", "\r", "")
		if whole := breaks.Replace(in); !strings.Contains(joined.String(), "…") && breaks.Replace(joined.String()) != whole {
			t.Fatalf("lost or invented: %q of %q", joined.String(), whole)
		}
	})
}
