package datasets

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/message"

	"github.com/election-observatory/observatory/charts"
	"github.com/election-observatory/observatory/internal/words"
)

//go:embed templates
var templates embed.FS

//go:embed messages/*.yaml
var messages embed.FS

// memo is the page that says what the week's numbers are, in one language.
type memo struct {
	*release
	lang  string
	words words.Texts
	print *message.Printer
	names display.Namer // Of languages.
}

// memos are the memo in the study's languages, those that there are texts for; English
// is always among them, and first.
func (r *release) memos(data []file) ([]file, error) {
	all, languages, err := words.Read(messages)
	if err != nil {
		return nil, err
	}
	languages = slices.DeleteFunc(languages, func(lang string) bool {
		return lang != words.First && len(r.cfg.Languages) > 0 && !slices.Contains(r.cfg.Languages, lang)
	})
	page, err := template.New("").Funcs(template.FuncMap{"number": isNumber}).ParseFS(templates, "templates/memo.html", "templates/style.html")
	if err != nil {
		return nil, err
	}
	var files []file
	for _, lang := range languages {
		tag := language.Make(lang)
		m := &memo{r, lang, all[lang], message.NewPrinter(tag), display.Languages(tag)}
		text, err := m.page(page, data, languages, all)
		if err != nil {
			return nil, err
		}
		files = append(files, file{memoFile(lang), text})
	}
	return files, nil
}

// memoFile is the memo in a language.
func memoFile(lang string) string {
	if lang == words.First {
		return "memo.html"
	}
	return "memo." + lang + ".html"
}

// say is a text with what is put into it.
func (m *memo) say(key string, values ...any) string {
	if len(values) == 0 {
		return m.words[key]
	}
	return m.print.Sprintf(m.words[key], values...)
}

// section is a table as the memo shows it.
type section struct {
	Name, Title, Doc, More string
	Columns                []Column
	Rows                   [][]string
}

func (m *memo) page(page *template.Template, data []file, languages []string, all map[string]words.Texts) ([]byte, error) {
	drawn, err := m.charts()
	if err != nil {
		return nil, err
	}
	type link struct{ Name, Href, Lang string }
	var others []link
	for _, lang := range languages {
		if lang != m.lang {
			others = append(others, link{all[lang]["language"], memoFile(lang), lang})
		}
	}
	cfg := &m.cfg
	var how []string
	how = append(how, m.say("how.base"))
	if cfg.Tier == Public {
		how = append(how, m.say("how.public", LeastAccounts))
	}
	if len(m.leftOut) > 0 {
		how = append(how, m.say("how.left", strings.Join(m.leftOut, ", ")))
	}
	if withheld := sorted(cfg.withheld()); len(withheld) > 0 {
		how = append(how, m.say("how.withheld", strings.Join(withheld, ", ")))
	}
	how = append(how, m.say("how.intervals"))
	missing, tell, for_ := "", "", m.say("for."+cfg.Tier)
	if cfg.Tier == Public {
		for_ = m.say("for.public", cfg.Licence)
	}
	if m.covered.share() < cfg.LeastCoverage {
		missing = m.say("missing", 100*m.covered.share())
	}
	if cfg.Contact != "" {
		tell = m.say("tell", cfg.Contact)
	}
	var b bytes.Buffer
	err = page.ExecuteTemplate(&b, "memo.html", map[string]any{
		"Lang": m.lang, "Words": m.words, "Others": others, "Title": m.title(), "Head": m.say("title", cfg.Study, cfg.Week.String()),
		"When": m.say("when", cfg.Week.From().Format(time.DateOnly), cfg.Week.To().AddDate(0, 0, -1).Format(time.DateOnly)), "For": for_,
		"Findings": m.findings(), "Missing": missing, "Caveat": m.say("caveat."+cfg.Tier) + " " + m.say("caveat.all"), "Charts": drawn, "Tables": m.sections(), "How": strings.Join(how, " "),
		"Files": data, "Described": m.schemaOrg(data), "Foot": m.say("foot", cfg.Program), "Tell": tell,
	})
	return b.Bytes(), err
}

// mostRows is how many rows of a table the memo shows.
const mostRows = 60

// shownOf are the tables that the memo of a tier shows.
func shownOf(tier string) []string {
	if tier == Vetted { // No pseudonyms: the page stays when what it describes is withdrawn.
		return []string{"reviewed", "coverage", "gaps"}
	}
	return []string{"shares_by_sphere", "links_by_sphere", "indicators", "domains", "posts_by_platform", "posts_by_day"}
}

// sections are the tables that the memo shows, in its order.
func (m *memo) sections() []section {
	var list []section
	for _, name := range shownOf(m.cfg.Tier) {
		t := m.table(name)
		if t.Name == "" {
			continue
		}
		s := section{Name: name, Title: t.Title, Doc: t.Doc, Columns: t.Columns}
		if title := m.words["table."+name]; title != "" {
			s.Title, s.Doc = title, m.words["about."+name]
		}
		for _, row := range t.Rows[:min(len(t.Rows), mostRows)] {
			cells := make([]string, len(row))
			for i, value := range row {
				cells[i] = m.cell(t.Columns[i].Type, value)
			}
			s.Rows = append(s.Rows, cells)
		}
		if len(t.Rows) > mostRows {
			s.More = m.say("rows", mostRows, len(t.Rows), name+".csv.gz")
		}
		list = append(list, s)
	}
	return list
}

// cell is a value as the memo shows it.
func (m *memo) cell(of Type, value any) string {
	switch value := value.(type) {
	case float64:
		return m.print.Sprintf("%.3f", value)
	case int64:
		return m.print.Sprintf("%d", value)
	}
	return of.text(value)
}

// figure is a chart of the memo.
type figure struct {
	Title, Alt string
	SVG        template.HTML
}

// unreliable is the class of sources that the memo is about.
const unreliable = "unreliable"

// charts are those of the memo; one without rows is left out.
func (m *memo) charts() ([]figure, error) {
	shares := charts.Table{Columns: []string{"sphere", "percent", "low", "high"}}
	for _, row := range m.table("shares_by_sphere").Rows {
		if row[1] == unreliable {
			shares.Rows = append(shares.Rows, []string{row[0].(string), percent(row[4]), percent(row[5]), percent(row[6])}) //nolint:forcetypeassert // By its column.
		}
	}
	posts := charts.Table{Columns: []string{"day", "sphere", "posts", "coverage"}}
	days := m.table("posts_by_day")
	for _, row := range days.Rows {
		text := make([]string, len(row))
		for i, value := range row {
			text[i] = days.Columns[i].Type.text(value)
		}
		posts.Rows = append(posts.Rows, []string{text[0] + " 00:00:00", text[1], text[2], text[4]})
	}
	const secondsPerDay = 24 * 3600
	var list []figure
	for _, of := range []struct {
		title, axis string
		table       *charts.Table
		chart       charts.Chart
	}{
		{"chart.shares", "axis.percent", &shares, charts.Chart{Kind: charts.Bars, X: "sphere", Y: "percent", Low: "low", High: "high"}},
		{"chart.posts", "axis.posts", &posts, charts.Chart{Kind: charts.Lines, X: "day", By: "sphere", Y: "posts", Coverage: "coverage", Step: secondsPerDay}},
	} {
		if len(of.table.Rows) == 0 {
			continue
		}
		svg, err := of.chart.Draw(of.table, m.words[of.axis])
		if err != nil {
			return nil, fmt.Errorf("the chart of %s: %w", of.title, err)
		}
		_, svg, _ = bytes.Cut(svg, []byte("<svg"))
		list = append(list, figure{m.say(of.title), m.say("chart.alt", m.say(of.title)), template.HTML("<svg" + string(svg))}) //nolint:gosec // It was drawn just now; texts in it are escaped.
	}
	return list, nil
}

func percent(share any) string {
	of, _ := share.(float64)
	return strconv.FormatFloat(100*of, 'f', 2, 64)
}

// findings are the sentences at the head of the memo, made of numbers of its tables.
func (m *memo) findings() []string {
	if m.cfg.Tier == Vetted {
		return []string{m.say("finding.vetted", len(m.table("reviewed").Rows), len(m.table("network_pairs").Rows), 100*m.covered.share())}
	}
	posts, spheres := int64(0), map[string]bool{}
	for _, row := range m.table("posts_by_day").Rows {
		posts += row[2].(int64) //nolint:forcetypeassert // By its column.
		spheres[row[1].(string)] = true
	}
	list := []string{m.say("finding.posts", posts, len(spheres), 100*m.covered.share())}
	rated, all := map[string]int64{}, map[string]int64{}
	for _, row := range m.table("links_by_sphere").Rows {
		sphere, n := row[0].(string), row[2].(int64)
		all[sphere] += n
		if row[1] == "rated" {
			rated[sphere] += n
		}
	}
	for _, row := range m.table("shares_by_sphere").Rows {
		sphere := row[0].(string)
		if row[1] != unreliable || all[sphere] == 0 {
			continue
		}
		list = append(list, m.say("finding.share", m.sphere(sphere), 100*row[4].(float64), 100*row[5].(float64), 100*row[6].(float64), 100*float64(rated[sphere])/float64(all[sphere]))) //nolint:forcetypeassert // By its column.
	}
	if len(list) == 1 {
		list = append(list, m.say("finding.none"))
	}
	for _, row := range m.table("domains").Rows {
		if row[1] == unreliable { // They come by the number of links.
			list = append(list, m.say("finding.domain", row[0], row[2], row[3]))
			break
		}
	}
	return list
}

// sphere is the name of a language sphere, with what the tables call it.
func (m *memo) sphere(code string) string {
	tag, err := language.Parse(code)
	if name := m.names.Name(tag); err == nil && code != "und" && name != "" && name != code {
		return name + " (" + code + ")"
	}
	return code
}

func (r *release) table(name string) *Table {
	for _, t := range r.tables {
		if t.Name == name {
			return t
		}
	}
	return &Table{}
}

func isNumber(of Type) bool { return of == Integer || of == Number }

func sizeOf(f file) string { return strconv.Itoa(len(f.data)) + " B" }
