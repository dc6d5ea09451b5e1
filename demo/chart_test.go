package demo

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestBars(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		of    []bar
		width int
		want  []string
	}{
		"the longest fills the width": {[]bar{{"a", 8, "8"}, {"bb", 4, "4"}}, 13, []string{"a  ████████ 8", "bb ████ 4"}},
		"to an eighth of a column":    {[]bar{{"a", 16, "16"}, {"b", 5, "5"}}, 7, []string{"a ██ 16", "b ▋ 5"}},
		"a little is seen":            {[]bar{{"a", 1e6, ""}, {"b", 1, ""}}, 10, []string{"a ███████", "b ▏"}},
		"nothing is not":              {[]bar{{"a", 2, "2"}, {"b", 0, "0"}}, 6, []string{"a ██ 2", "b  0"}},
		"of nothing but nothing":      {[]bar{{"a", 0, "0"}}, 20, []string{"a  0"}},
		"no room":                     {[]bar{{"label", 3, "3"}}, 2, []string{"label █ 3"}},
		"no bars":                     {nil, 20, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := bars(c.of, c.width); strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("%q, not %q", got, c.want)
			}
		})
	}
}

func TestBarsKeepToTheWidth(t *testing.T) {
	t.Parallel()
	for value := range 2_000 {
		for _, line := range bars([]bar{{"12:00", float64(value), count(uint64(value))}, {"13:00", 1_999, "1,999"}}, 78) {
			if n := utf8.RuneCountInString(line); n > 78 {
				t.Fatalf("%d columns: %s", n, line)
			}
		}
	}
}

func TestStrips(t *testing.T) {
	t.Parallel()
	got := strips([]strip{{"a", []rune("█▄█_")}, {"long", []rune("!███")}}, []string{"Mo", "Tu"}, 2)
	want := "     Mo Tu\na    █▄ █_\nlong !█ ██"
	if strings.Join(got, "\n") != want {
		t.Errorf("%q, not %q", strings.Join(got, "\n"), want)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	got := table([]string{"é", "n", "m"}, [][]string{{"a", "10", "1"}, {"bcd", "9", "1,000"}}, "lr")
	want := "é     n      m\na    10      1\nbcd   9  1,000"
	if strings.Join(got, "\n") != want {
		t.Errorf("%q, not %q", strings.Join(got, "\n"), want)
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	for n, want := range map[uint64]string{0: "0", 999: "999", 1_000: "1,000", 12_345: "12,345", 1_234_567: "1,234,567"} {
		if got := count(n); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

// What the store answers is shown or refused, and never worse.
func TestAnswersOfAnotherForm(t *testing.T) {
	t.Parallel()
	for name, rows := range map[string][][]string{
		"short": {{"a"}}, "no number": {{"demo/x", "2024-06-03 00:00:00", "?", "1", "1", ""}}, "no time": {{"demo/x", "Monday", "1", "1", "1", ""}},
		"another week": {{"demo/x", "2025-06-03 00:00:00", "1", "1", "1", ""}},
	} {
		refused := 0
		for _, q := range Questions() {
			if _, _, err := q.show(rows); err != nil {
				refused++
			}
		}
		if refused == 0 {
			t.Errorf("%s: nothing refuses it", name)
		}
	}
	for _, q := range Questions() {
		if _, lines, err := q.show(nil); err != nil || len(lines) == 0 {
			t.Errorf("%s: no rows: %q, %v", q.Title, lines, err)
		}
	}
}
