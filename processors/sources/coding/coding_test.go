package coding

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func at(day int) time.Time { return time.Date(2024, 6, day, 0, 0, 0, 0, time.UTC) }

// coded writes codings as "source coder 10110", one a line.
func coded(text string) []Coding {
	var list []Coding
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		words := strings.Fields(line)
		c := Coding{Source: words[0], Coder: words[1], CodedAt: at(1)}
		for i, bit := range words[2] {
			c.Applies[i] = bit == '1'
		}
		list = append(list, c)
	}
	return list
}

// binary makes codings of one criterion, from what each coder said of each unit.
func binary(said ...string) []Coding {
	var list []Coding
	for coder, values := range said {
		for source, value := range strings.Fields(values) {
			if value != "." {
				list = append(list, Coding{Source: fmt.Sprint("unit-", source), Coder: fmt.Sprint("coder-", coder), CodedAt: at(1), Applies: [5]bool{value == "1"}})
			}
		}
	}
	return list
}

// brute is alpha as its definition says, by all pairs of values.
func brute(codings []Coding) float64 {
	units := map[string][]bool{}
	for _, c := range codings {
		units[c.Source] = append(units[c.Source], c.Applies[0])
	}
	var all []bool
	observed, n := 0.0, 0.0
	for _, values := range units {
		if len(values) < 2 {
			continue
		}
		all = append(all, values...)
		n += float64(len(values))
		for i := range values {
			for j := range values {
				if i != j && values[i] != values[j] {
					observed += 1 / float64(len(values)-1)
				}
			}
		}
	}
	expected := 0.0
	for i := range all {
		for j := range all {
			if i != j && all[i] != all[j] {
				expected += 1 / (n - 1)
			}
		}
	}
	return 1 - observed/expected
}

// The binary example of Krippendorff 2011 (two observers, ten units) has an alpha
// of 0.095.
func TestAlphaOfThePublishedExample(t *testing.T) {
	t.Parallel()
	list := binary("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0")
	got := Agree(list)[0]
	if got.Alpha == nil || math.Abs(*got.Alpha-0.095) > 0.0005 {
		t.Errorf("alpha is %v, want 0.095", number(got.Alpha))
	}
	if *got.Agree != 0.6 || got.Sources != 10 || got.Coders != 2 {
		t.Errorf("%v agree, %d sources, %d coders", *got.Agree, got.Sources, got.Coders)
	}
}

func TestAlphaIsWhatItsDefinitionSays(t *testing.T) {
	t.Parallel()
	draw := rand.New(rand.NewPCG(7, 7))
	for range 200 {
		said := make([]string, draw.IntN(4)+2)
		for coder := range said {
			for range 12 {
				said[coder] += []string{"0 ", "1 ", ". "}[draw.IntN(3)]
			}
		}
		list := binary(said...)
		want := brute(list)
		got := Agree(list)[0]
		if (got.Alpha == nil) != math.IsNaN(want) || (got.Alpha != nil && math.Abs(*got.Alpha-want) > 1e-9) {
			t.Fatalf("alpha is %v, want %v: %v", number(got.Alpha), want, said)
		}
		other := slices.Clone(list)
		rand.Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
		for i := range other {
			other[i].Coder = "x" + other[i].Coder
		}
		if diff := cmp.Diff(Agree(list), Agree(other)); diff != "" {
			t.Fatalf("the order of codings or the names of coders count: %s", diff)
		}
	}
}

func TestAlphaIsUndefinedWithoutVariation(t *testing.T) {
	t.Parallel()
	if m := Agree(binary("1 1 1", "1 1 1"))[0]; m.Alpha != nil || *m.Agree != 1 || m.reading() != "undefined: all gave the same" {
		t.Errorf("%+v", m)
	}
	if m := Agree(binary("1 . 1", ". 1 ."))[0]; m.Alpha != nil || m.Agree != nil || m.reading() != "no source has two coders" {
		t.Errorf("%+v", m)
	}
	if m := Agree(binary("1 0 1 0 1 0", "1 0 1 0 1 0"))[0]; m.Alpha == nil || *m.Alpha != 1 || *m.Low != 1 || *m.High != 1 {
		t.Errorf("%+v", m)
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	list := coded(`
junk.org a 11100
junk.org b 11101
fake.org a 10111
fake.org b 11011
fake.org c 00000
tie.org a 11100
tie.org b 00000
fine.org a 10000
fine.org b 00000
late.org a 11111
half.org a 11100
half.org b 00111
`)
	list[7].Class, list[8].Class = "mainstream", "mainstream"
	later := coded("late.org a 00000")[0]
	later.CodedAt = at(2)
	list = append(list, later)
	list[0].Evidence, list[1].Evidence, list[4].Evidence = "no authors", "no imprint", "seen nothing"
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	var got []string
	for _, d := range Decide(list) {
		got = append(got, fmt.Sprintf("%s %v %s %v %v %v %s", d.Source, d.Junk, d.Class, d.Coders, d.Dissent, d.Disputed, d.Evidence))
	}
	want := []string{
		"fake.org true imposter [a b c] [c] false ", "fine.org false mainstream [a b] [] false ", "half.org true unreliable [a b] [] false ",
		"junk.org true unreliable [a b] [] false a: no authors ; b: no imprint", "late.org false  [a] [] false ", "tie.org false  [a b] [a] true ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSheets(t *testing.T) {
	t.Parallel()
	const head = "source,language,links,professionalism,style,credibility,bias,counterfeit,class,evidence,notes\n"
	for name, c := range map[string]struct{ text, want string }{
		"as written":    {head + "x.org,de,7,yes,YES,1,no,0,,no imprint,\n", "x.org [true true true false false]  no imprint"},
		"not filled in": {head + "x.org,de,7,,,,,,,,\n", "skipped 1"},
		"semicolons":    {strings.ReplaceAll(head, ",", ";") + "x.org;de;7;n;n;n;n;n;mainstream;;\r\n", "x.org [false false false false false] mainstream "},
		"tabs":          {"\ufeff" + strings.ReplaceAll(head, ",", "\t") + "x.org\tde\t7\tx\tx\tx\t-\t-\t\t\"a \"\"quote\"\"\"\t\n", `x.org [true true true false false]  a "quote"`},
		"another order": {"evidence,bias,counterfeit,source,more,credibility,style,professionalism\nseen,1,0,https://www.X.org/,z,0,0,0\n", "x.org [false false false true false]  seen"},
		"a formula":     {head + "x.org,de,7,0,0,0,0,0,,'=1+1,'-\n", "x.org [false false false false false]  =1+1"},
		"some of five":  {head + "x.org,de,7,1,,,,,,e,\n", `refused 2 "x.org": 1 of the 5 criteria are filled in: judge all of them, or none to leave the source for later`},
		"no evidence":   {head + "\nx.org,de,7,1,0,0,0,0,,,\n", `refused 3 "x.org": a criterion applies: say under evidence what was seen`},
		"maybe":         {head + "x.org,de,7,maybe,0,0,0,0,,e,\n", `refused 2 "x.org": professionalism is "maybe": write yes or no`},
		"no such class": {head + "x.org,de,7,0,0,0,0,0,nice,e,\n", `refused 2 "x.org": there is no class "nice"`},
		"junk and more": {head + "x.org,de,7,1,1,1,0,0,satire,e,\n", `refused 2 "x.org": three of the five criteria apply, which makes it junk: leave the class empty`},
		"no source":     {head + "youtube.com,de,7,0,0,0,0,0,,e,\n", `refused 2 "youtube.com": youtube.com is a platform, on which anybody publishes: name an account, as youtube.com/NAME`},
		"twice":         {head + "x.org,,,0,0,0,0,0,,,\nx.org,,,0,0,0,0,0,,,\nx.org,,,1,0,0,0,0,,e,\n", "x.org [false false false false false]  \n" + `refused 4 "x.org": it is in the sheet twice, and judged in two ways`},
		"a quote":       {head + "x.org,de,7,0,0,0,0,0,,a\"b,\ny.org,,,0,0,0,0,0,,,\n", "y.org [false false false false false]  \n" + `refused 2 "": a quote is not closed, or stands within a cell that is not quoted`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sheet, err := ReadSheet(strings.NewReader(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := shown(sheet); got != c.want {
				t.Errorf("is\n%s\nwant\n%s", got, c.want)
			}
		})
	}
	for _, text := range []string{"", "a,b\n", "source,style\n"} {
		if _, err := ReadSheet(strings.NewReader(text)); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func shown(s Sheet) string {
	var lines []string
	for _, c := range s.Codings {
		lines = append(lines, fmt.Sprintf("%s %v %s %s", c.Source, c.Applies, c.Class, c.Evidence))
	}
	if s.Skipped > 0 {
		lines = append(lines, fmt.Sprint("skipped ", s.Skipped))
	}
	for _, r := range s.Refused {
		lines = append(lines, fmt.Sprintf("refused %d %q: %s", r.Line, r.Source, r.Reason))
	}
	return strings.Join(lines, "\n")
}

func TestWriteSheet(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	err := WriteSheet(&b, []Candidate{{Source: "x.org", Language: "de", Links: 1234, Accounts: 5, FirstSeen: at(3), Example: "https://x.org/a,b"}, {Source: "y.org", Example: "=HYPERLINK(1)"}})
	if err != nil {
		t.Fatal(err)
	}
	want := "source,language,links,accounts,first_seen,example,professionalism,style,credibility,bias,counterfeit,class,evidence,notes\n" +
		"x.org,de,1234,5,2024-06-03,\"https://x.org/a,b\",,,,,,,,\ny.org,,0,0,,'=HYPERLINK(1),,,,,,,,\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	sheet, err := ReadSheet(&b)
	if err != nil || shown(sheet) != "skipped 2" {
		t.Errorf("%s, %v", shown(sheet), err)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := WriteTable(&b, Agree(coded("a.org x 11100\na.org y 11100\nb.org x 00000\nb.org y 10000\nc.org x 11111\nc.org y 11011\nd.org x 00000\nd.org y 00000"))); err != nil {
		t.Fatal(err)
	}
	want := `criterion        alpha  95 % interval  pairs that agree  sources  coders  reading
professionalism  0.533  -0.40 to 1.00  0.750             4        2       do not rely on it
style            1.000  1.00 to 1.00   1.000             4        2       reliable
credibility      0.533  -0.40 to 1.00  0.750             4        2       do not rely on it
bias             1.000  1.00 to 1.00   1.000             4        2       reliable
counterfeit      1.000  1.00 to 1.00   1.000             4        2       reliable
label            1.000  1.00 to 1.00   1.000             4        2       reliable
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func FuzzReadSheet(f *testing.F) {
	f.Add("source;professionalism;style;credibility;bias;counterfeit;evidence\nx.org;1;1;1;0;0;\"a\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		sheet, err := ReadSheet(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, c := range sheet.Codings {
			if c.Source == "" || (c.Junk() && c.Evidence == "") {
				t.Fatalf("%+v", c)
			}
		}
	})
}
