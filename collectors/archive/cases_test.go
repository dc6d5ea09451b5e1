package archive

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/election-observatory/observatory/schema"
)

var update = flag.Bool("update", false, "write what the cases give as what is expected of them")

// TestCases reads every file in testcases and compares what reaches the log,
// line by line. The name of a case begins with its format.
func TestCases(t *testing.T) {
	t.Parallel()
	inputs, err := filepath.Glob("testcases/*/in.*")
	if err != nil || len(inputs) < 9 {
		t.Fatalf("%d cases: %v", len(inputs), err)
	}
	for _, input := range inputs {
		t.Run(filepath.Base(filepath.Dir(input)), func(t *testing.T) {
			t.Parallel()
			sum, events := read(t, caseConfig(t, input))
			got := []byte(lines(t, sum, events))
			expected := filepath.Join(filepath.Dir(input), "expected.jsonl")
			if *update {
				if err := os.WriteFile(expected, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(expected)
			if err != nil {
				t.Fatal(err)
			}
			if a, b := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n")); !bytes.Equal(got, want) {
				for n := range min(len(a), len(b)) {
					if !bytes.Equal(a[n], b[n]) {
						t.Fatalf("line %d\n got %s\nwant %s", n+1, a[n], b[n])
					}
				}
				t.Fatalf("%d lines, want %d", len(a), len(b))
			}
		})
	}
}

func caseConfig(tb testing.TB, input string) Config {
	tb.Helper()
	name := filepath.Base(filepath.Dir(input))
	for _, format := range Formats() {
		if strings.HasPrefix(name, format) {
			cfg := config(format, input)
			if format == "shares-csv" {
				cfg.Platform, cfg.Object = schema.PlatformX, "url"
			}
			return cfg
		}
	}
	tb.Fatalf("%s begins with no format", name)
	return Config{}
}

func lines(tb testing.TB, sum Summary, events []*schema.Event) string {
	tb.Helper()
	var b bytes.Buffer
	for _, e := range events {
		text, err := protojson.Marshal(e)
		if err != nil {
			tb.Fatal(err)
		}
		if err := json.Compact(&b, text); err != nil { // protojson varies its white space.
			tb.Fatal(err)
		}
		b.WriteByte('\n')
	}
	text, err := json.Marshal(sum)
	if err != nil {
		tb.Fatal(err)
	}
	return b.String() + string(text) + "\n"
}
