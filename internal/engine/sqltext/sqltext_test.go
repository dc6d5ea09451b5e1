package sqltext_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/election-observatory/observatory/internal/engine/sqltext"
)

func texts(tokens []sqltext.Token) []string {
	out := make([]string, 0, len(tokens))
	for _, t := range tokens {
		out = append(out, t.Text)
	}
	return out
}

func TestScan(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"SELECT 1":                       {"SELECT", "1"},
		"a/* b /* c */ d */e":            {"a", "e"},
		"a // '\nb":                      {"a", "b"},
		"$$ a":                           {"$", "$", "a"},
		"a -- b\nc # d\ne #! f":          {"a", "c", "e"},
		`'it''s \' one' "a""b" ` + "`c`": {`'it''s \' one'`, `"a""b"`, "`c`"},
		"‘a'b’ “c d”":                    {"‘a'b’", "“c d”"},
		"$t$ it's $ $t$ $x $":            {"$t$ it's $ $t$", "$x", "$"},
		"1.5e+3 0x1F x.1 a-1":            {"1.5e+3", "0x1F", "x", ".", "1", "a", "-", "1"},
		"a\u00a0b\ufeffc":                {"a", "b", "c"},
		"'open":                          {"'open"},
		"/* open":                        {},
		"{a:Identifier}":                 {"{", "a", ":", "Identifier", "}"},
		"$$a$$":                          {"$$a$$"},
		"'a\\":                           {"'a\\"},
	} {
		if got := texts(sqltext.Scan(text)); !slices.Equal(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestParseInsert(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text, statement, format, data string
		ok, open                      bool
	}{
		{text: "INSERT INTO t FORMAT TSV\n1\n", statement: "INSERT INTO t ", format: "TSV", data: "1\n", ok: true},
		{text: "INSERT INTO t FORMAT TSV 1", statement: "INSERT INTO t ", format: "TSV", data: "1", ok: true},
		{text: "INSERT INTO t FORMAT Native\n\n\x01", statement: "INSERT INTO t ", format: "Native", data: "\n\x01", ok: true},
		{text: "INSERT INTO t FORMAT CSV;", statement: "INSERT INTO t ", format: "CSV", data: "", ok: true},
		{text: "insert into t (a, `format`) values (1)", statement: "insert into t (a, `format`) ", format: "Values", data: " (1)", ok: true},
		{text: "-- INSERT\n INSERT INTO t SETTINGS a = 'FORMAT' FORMAT JSONEachRow {}", statement: "INSERT INTO t SETTINGS a = 'FORMAT' ", format: "JSONEachRow", data: "{}", ok: true},
		{text: "INSERT INTO FUNCTION file('a', 'CSV', 'b String') VALUES ('c')", statement: "INSERT INTO FUNCTION file('a', 'CSV', 'b String') ", format: "Values", data: " ('c')", ok: true},
		{text: "INSERT INTO t SELECT 1 FORMAT CSV"},
		{text: "INSERT INTO t (a) WITH 1 AS b SELECT b"},
		{text: "INSERT INTO t FROM INFILE 'x' FORMAT CSV"},
		{text: "SELECT 1 FORMAT CSV"},
		{text: "INSERT INTO t (a, b", open: true},
		{text: "INSERT INTO t FORMAT", open: true},
		{text: "", open: true},
	} {
		insert, ok, open := sqltext.ParseInsert(test.text)
		if ok != test.ok || open != test.open {
			t.Errorf("%q: %v, %v", test.text, ok, open)
		}
		if ok && (insert.Statement != test.statement || insert.Format != test.format || test.text[insert.Data:] != test.data) {
			t.Errorf("%q: %+v", test.text, insert)
		}
	}
}

func TestParseQuery(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text, want, format string
		settings           []sqltext.Setting
	}{
		{text: "SELECT 1;;", want: "SELECT 1"},
		{text: "SELECT 1 FORMAT JSON -- yes\n;", want: "SELECT 1", format: "JSON"},
		{text: "SELECT 1 SETTINGS a = 1, b='x' FORMAT CSV", want: "SELECT 1", format: "CSV", settings: []sqltext.Setting{{Name: "a", Value: "1"}, {Name: "b", Value: "x"}}},
		{text: "SELECT 1 FORMAT CSV SETTINGS a = -1", want: "SELECT 1", format: "CSV", settings: []sqltext.Setting{{Name: "a", Value: "-1"}}},
		{text: "SELECT 1 SETTINGS a = {}", want: "SELECT 1 SETTINGS a = {}"},
		{text: "SELECT 1 SETTINGS a = (SELECT 2)", want: "SELECT 1 SETTINGS a = (SELECT 2)"},
		{text: "SELECT (SELECT 1 SETTINGS a = 1)", want: "SELECT (SELECT 1 SETTINGS a = 1)"},
		{text: "SELECT x FROM format", want: "SELECT x FROM format"},
		{text: "FORMAT CSV", want: "FORMAT CSV"},
	} {
		q := sqltext.ParseQuery(test.text, true)
		if q.Text != test.want || q.Format != test.format || cmp.Diff(test.settings, q.Settings) != "" {
			t.Errorf("%q: %q, %q, %v", test.text, q.Text, q.Format, q.Settings)
		}
	}
}

// FuzzScan holds that tokens are pieces of the text, in order, and that nothing
// makes the scanner stand still.
func FuzzScan(f *testing.F) {
	for _, s := range []string{"SELECT 1", "'", "/*/*", "$a$", "“", "--", "INSERT INTO t VALUES (", "1e+", "\xc2\xa0", "{x:y}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at := 0
		for _, token := range sqltext.Scan(text) {
			if token.At < at || token.Text == "" || !strings.HasPrefix(text[token.At:], token.Text) {
				t.Fatalf("%+v after %d", token, at)
			}
			at = token.End()
		}
		if insert, ok, _ := sqltext.ParseInsert(text); ok && (insert.Data > len(text) || insert.Format == "") {
			t.Fatalf("%+v", insert)
		}
		if q := sqltext.ParseQuery(text, true); !strings.HasPrefix(text, q.Text) {
			t.Fatalf("%+v", q)
		}
	})
}
