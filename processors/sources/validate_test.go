package sources

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func good() Rating {
	return Rating{
		Source: "news.example.org", Rater: "a rater", Class: ClassSatire, ListVersion: "3", Citation: "page 7",
		ValidFrom: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	score := func(v float64) func(*Rating) { return func(r *Rating) { r.Score = &v } }
	domain := func(d string) func(*Rating) { return func(r *Rating) { r.Source = d } }
	for name, c := range map[string]struct {
		change func(*Rating)
		says   string // Empty where it is right.
	}{
		"as it is":             {func(*Rating) {}, ""},
		"best score":           {score(1), ""},
		"worst score":          {score(0), ""},
		"an end":               {func(r *Rating) { r.ValidTo = r.ValidFrom.Add(time.Millisecond) }, ""},
		"a registrable domain": {domain("example.org"), ""},
		"below two labels":     {domain("example.co.uk"), ""},
		"a private suffix":     {domain("someone.blogspot.com"), ""},
		"another script":       {domain("xn--80aaxitdbjk.xn--p1ai"), ""},
		"digits":               {domain("1tv.ru"), ""},

		"a path":          {domain("example.org/a"), ""},
		"an account":      {domain("t.me/example"), ""},
		"an underscore":   {domain("a_b.example.org"), ""},
		"an IPv4 address": {domain("192.0.2.7"), ""},
		"another address": {func(r *Rating) { r.Class, r.AliasOf = "", "example.org" }, ""},

		"no source":                {domain(""), "empty"},
		"a scheme":                 {domain("https://news.example.org"), `"news.example.org"`},
		"a www":                    {domain("www.example.org"), `"example.org"`},
		"a port":                   {domain("example.org:80"), `"example.org"`},
		"a mail address":           {domain("a@example.org"), `"example.org"`},
		"a space":                  {domain("example .org"), "blanks"},
		"capitals":                 {domain("Example.org"), `"example.org"`},
		"not in ASCII":             {domain("bücher.example"), "xn--"},
		"an empty label":           {domain("a..example.org"), `""`},
		"a dot at the end":         {domain("example.org."), `"example.org"`},
		"a slash at the end":       {domain("example.org/a/"), `"example.org/a"`},
		"a hyphen at the edge":     {domain("-a.example.org"), `"-a"`},
		"a long label":             {domain(strings.Repeat("a", 64) + ".org"), "no part"},
		"a long host":              {domain(strings.Repeat("a.", 126) + "org"), "at most"},
		"a deep path":              {domain("example.org/1/2/3/4/5/6/7"), "6 parts"},
		"a new line":               {domain("example.org\nevil.org"), "blanks"},
		"a pattern":                {domain(`(^|\\.)example\\.org$`), "pattern"},
		"one word":                 {domain("org"), "one word"},
		"a public suffix":          {domain("co.uk"), "anyone"},
		"a private registry":       {domain("blogspot.com"), "anyone"},
		"a platform":               {domain("youtube.com"), "platform"},
		"a platform's mobile host": {domain("m.youtube.com"), "platform"},
		"a platform's other host":  {domain("twitter.com"), "platform"},
		"a query on a platform":    {domain("facebook.com/profile.php?id=1"), "?"},
		"a private address":        {domain("10.0.0.1"), "public"},
		"an alias with a class":    {func(r *Rating) { r.AliasOf = "example.org" }, "leave out"},
		"an alias of itself":       {func(r *Rating) { r.Class, r.AliasOf = "", r.Source }, "itself"},

		"no rater":       {func(r *Rating) { r.Rater = " " }, "rater"},
		"no class":       {func(r *Rating) { r.Class = "" }, "unreliable, conspiracy"},
		"no such class":  {func(r *Rating) { r.Class = "bot" }, `no class "bot"`},
		"no citation":    {func(r *Rating) { r.Citation = "\t" }, "citation"},
		"no version":     {func(r *Rating) { r.ListVersion = "" }, "version"},
		"no first day":   {func(r *Rating) { r.ValidFrom = time.Time{} }, "valid_from"},
		"no duration":    {func(r *Rating) { r.ValidTo = r.ValidFrom }, "2024-01-01"},
		"a negative one": {func(r *Rating) { r.ValidTo = r.ValidFrom.Add(-time.Hour) }, "2023-12-31"},
		"a low score":    {score(-0.01), "-0.01"},
		"a high score":   {score(1.01), "1.01"},
		"no number":      {score(math.NaN()), "NaN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := good()
			c.change(&r)
			err := NewParser().Validate(&r)
			if c.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("says %v, want one line with %q", err, c.says)
			}
		})
	}
}

func TestValidateNamesEachEntry(t *testing.T) {
	t.Parallel()
	a, b, c := good(), good(), good()
	a.Source, b.Class = "a.example.org/x/", "none"
	b.Source, c.Source = "b.example.org", "c.example.org"
	err := Validate([]Rating{a, b, c})
	if err == nil {
		t.Fatal("two faults pass")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], `"a.example.org/x/" of "a rater"`) || !strings.Contains(lines[1], `"b.example.org" of "a rater"`) {
		t.Errorf("says %q", lines)
	}
}

func TestOneRaterSaysOneThingAtATime(t *testing.T) {
	t.Parallel()
	at := func(rater, domain string, from, to int) Rating {
		r := good()
		r.Rater, r.Source = rater, domain
		r.ValidFrom = time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC)
		if to != 0 {
			r.ValidTo = time.Date(to, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		return r
	}
	for name, c := range map[string]struct {
		ratings []Rating
		faults  int
	}{
		"none":                   {nil, 0},
		"two raters":             {[]Rating{at("a", "x.org", 2020, 0), at("b", "x.org", 2020, 0)}, 0},
		"two domains":            {[]Rating{at("a", "x.org", 2020, 0), at("a", "y.org", 2020, 0)}, 0},
		"a host below":           {[]Rating{at("a", "x.org", 2020, 0), at("a", "b.x.org", 2021, 0)}, 0},
		"one after the other":    {[]Rating{at("a", "x.org", 2020, 2021), at("a", "x.org", 2021, 0)}, 0},
		"one after, other order": {[]Rating{at("a", "x.org", 2021, 0), at("a", "x.org", 2020, 2021)}, 0},
		"the same twice":         {[]Rating{at("a", "x.org", 2020, 2021), at("a", "x.org", 2020, 2021)}, 1},
		"an open one before":     {[]Rating{at("a", "x.org", 2020, 0), at("a", "x.org", 2021, 2022)}, 1},
		"ends too late":          {[]Rating{at("a", "x.org", 2020, 2022), at("a", "x.org", 2021, 2023)}, 1},
		"within, then after":     {[]Rating{at("a", "x.org", 2020, 2030), at("a", "x.org", 2021, 2022), at("a", "x.org", 2025, 2026)}, 2},
		"apart in the list":      {[]Rating{at("a", "x.org", 2020, 0), at("b", "x.org", 2020, 0), at("a", "x.org", 2021, 0)}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := slices.Clone(c.ratings)
			faults := 0
			if err := Validate(c.ratings); err != nil {
				lines := strings.Split(err.Error(), "\n")
				faults = len(lines)
				if !strings.Contains(lines[0], `"x.org" of "a"`) {
					t.Errorf("does not name the entry: %s", lines[0])
				}
			}
			if faults != c.faults {
				t.Errorf("%d faults, want %d", faults, c.faults)
			}
			if !slices.Equal(before, c.ratings) {
				t.Error("the list was put in another order")
			}
		})
	}
}

func TestClassesAreClosedAndSayWhatTheyMean(t *testing.T) {
	t.Parallel()
	classes := Classes()
	if len(classes) != 10 || len(slices.Compact(slices.Sorted(slices.Values(classes)))) != 10 {
		t.Errorf("classes: %v", classes)
	}
	for _, c := range classes {
		if c.Doc() == "" || strings.ToLower(string(c)) != string(c) {
			t.Errorf("%q: %q", c, c.Doc())
		}
	}
	if Class("bot").Doc() != "" {
		t.Error("a class that is none is described")
	}
}
