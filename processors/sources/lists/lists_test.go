package lists

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/election-observatory/observatory/processors/sources"
)

var update = flag.Bool("update", false, "write the golden files")

// shown is a list as people would check it.
func shown(l List) string {
	var b strings.Builder
	for _, e := range l.Entries {
		r := &e.Rating
		fmt.Fprintf(&b, "%d %s: %s", e.Line, r.Source, r.Class)
		if r.Score != nil {
			fmt.Fprintf(&b, " %g", *r.Score)
		}
		if !r.ValidFrom.IsZero() {
			fmt.Fprintf(&b, " from %s", r.ValidFrom.Format(time.DateOnly))
		}
		if !r.ValidTo.IsZero() {
			fmt.Fprintf(&b, " to %s", r.ValidTo.Format(time.DateOnly))
		}
		for _, part := range []struct{ name, text string }{{"alias of", r.AliasOf}, {"network", r.Network}, {"criteria", r.Criteria}, {"citation", r.Citation}, {"rater", r.Rater}} {
			if part.text != "" {
				fmt.Fprintf(&b, "\n    %s: %s", part.name, part.text)
			}
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "merged: %d\n", l.Merged)
	for _, r := range l.Refused {
		fmt.Fprintf(&b, "refused %d %q: %s\n", r.Line, r.Text, r.Reason)
	}
	return b.String()
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for _, f := range Formats() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			if f.Title == "" || f.Licence == "" || f.Where == "" || f.Doc == "" {
				t.Errorf("%s does not say what it is, where it is had, under which licence and how it is mapped", f.Name)
			}
			name := filepath.Join("testdata", f.Name+".csv")
			if f.Name == "yaml" {
				name = filepath.Join("testdata", "yaml.yaml")
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for form, given := range map[string][]byte{"as it is": text, "with a mark": append([]byte("\xef\xbb\xbf"), text...), "with returns": bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))} {
				list, err := f.Read(bytes.NewReader(given))
				if err != nil {
					t.Fatal(form, ": ", err)
				}
				golden := filepath.Join("testdata", f.Name+".golden")
				if *update && form == "as it is" {
					if err := os.WriteFile(golden, []byte(shown(list)), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), shown(list)); diff != "" {
					t.Errorf("%s (-golden +read):\n%s", form, diff)
				}
				checkEntries(t, list)
			}
		})
	}
}

// checkEntries says whether what was read can be rated with.
func checkEntries(t *testing.T, list List) {
	t.Helper()
	parser := sources.NewParser()
	for _, e := range list.Entries {
		r := e.Rating
		r.Rater, r.ListVersion = "list", "1"
		if r.ValidFrom.IsZero() {
			r.ValidFrom = time.Unix(0, 0)
		}
		if err := parser.Validate(&r); err != nil {
			t.Errorf("line %d: %v", e.Line, err)
		}
	}
}

func TestOtherFilesAreRefusedWhole(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ list, text, says string }{
		{"dima", "", "empty"},
		{"dima", "a,b\n1,2\n", "no column domain; it has a, b"},
		{"iffy", "domain\nx.org\n", "mbfc fact or fact"},
		{"cred1", "domain,category,credibility_score\n" + strings.Repeat("x", 2<<20), "line of more than"},
		{"yaml", "", "one document"},
		{"yaml", "list: {name: a}", "licence"},
		{"yaml", "list: {name: a, licence: b}\nentries: []", "no entries"},
		{"yaml", "list: {name: a, licence: b, version: May}\nentries: [{source: x.org}]", "no day"},
		{"yaml", "surprise: 1", "surprise"},
		{"yaml", "a: [", "["},
	} {
		f, err := Find(c.list)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Read(strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s of %.30q: says %v, want one line with %q", c.list, c.text, err, c.says)
		}
	}
	if _, err := Find("nothing"); err == nil || !strings.Contains(err.Error(), "dima, cred1") {
		t.Errorf("says %v", err)
	}
}

func realList(tb testing.TB, name string) []byte {
	tb.Helper()
	root := os.Getenv("OBSERVATORY_TESTDATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	text, err := os.ReadFile(filepath.Join(root, "sources", name))
	if err != nil {
		tb.Skipf("no real lists: set OBSERVATORY_TESTDATA to where sources/%s is", name)
	}
	return text
}

// What is read of the lists as they are published.
func TestRealLists(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		list, file               string
		entries, merged, refused int
	}{{"dima", "dima_domains.csv", 2290, 58, 5}, {"cred1", "cred1_current.csv", 2670, 0, 4}, {"asd", "state_media_matrix.csv", 1899, 395, 12}} {
		t.Run(c.list, func(t *testing.T) {
			t.Parallel()
			f, err := Find(c.list)
			if err != nil {
				t.Fatal(err)
			}
			list, err := f.Read(bytes.NewReader(realList(t, c.file)))
			if err != nil {
				t.Fatal(err)
			}
			if len(list.Entries) != c.entries || list.Merged != c.merged || len(list.Refused) != c.refused {
				t.Errorf("%d entries, %d merged, %d refused, want %d, %d, %d", len(list.Entries), list.Merged, len(list.Refused), c.entries, c.merged, c.refused)
			}
			checkEntries(t, list)
		})
	}
}

func FuzzRead(f *testing.F) {
	for _, format := range Formats() {
		name := filepath.Join("testdata", format.Name+".csv")
		if format.Name == "yaml" {
			name = filepath.Join("testdata", "yaml.yaml")
		}
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(format.Name, text)
	}
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		format, err := Find(name)
		if err != nil {
			return
		}
		list, err := format.Read(bytes.NewReader(text))
		if err == nil {
			checkEntries(t, list)
		}
	})
}

func BenchmarkReadMillion(b *testing.B) {
	var text bytes.Buffer
	text.WriteString("domain,category,credibility_score\n")
	for i := range 1_000_000 {
		fmt.Fprintf(&text, "site-%d.example.com,unreliable,0.1\n", i)
	}
	format, err := Find("cred1")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		list, err := format.Read(bytes.NewReader(text.Bytes()))
		if err != nil || len(list.Entries) != 1_000_000 {
			b.Fatal(err, len(list.Entries))
		}
	}
}
