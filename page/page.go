package page

import (
	"bytes"
	"context"
	"embed"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"
)

//go:embed templates
var files embed.FS

// table is an answer of the store; null is empty.
type table struct {
	Columns []string
	Rows    [][]string
}

func (t *table) column(name string) int { return slices.Index(t.Columns, name) }

// Rating is what a rater says of the source of a link.
type Rating struct {
	Source    string `json:"source"`
	Rater     string `json:"rater"`
	Class     string `json:"class"`
	Score     string `json:"score"` // Empty where there is none.
	Criteria  string `json:"criteria"`
	From      string `json:"from"`
	To        string `json:"to"` // Empty while it holds.
	Version   string `json:"list_version"`
	Citation  string `json:"citation"`
	Backdated bool   `json:"backdated"` // It counts for posts before it was made.
}

// Found is what is known of a link.
type Found struct {
	URL       string   `json:"url"`
	Canonical string   `json:"canonical"`
	Domain    string   `json:"domain"`
	Shortener bool     `json:"shortener"` // Where it leads is not known.
	Resembles string   `json:"resembles"` // A protected name that its host looks like; empty for none.
	Rule      string   `json:"rule"`      // By which rule.
	Ratings   []Rating `json:"ratings"`
}

// Config is what the page is about.
type Config struct {
	Title   string
	Contact string // Whom to tell of a mistake; may be empty.
	// Ask answers a statement as a researcher, with columns and rows as text.
	Ask func(ctx context.Context, sql string) (columns []string, rows [][]string, err error)
	// Check says what is known of a link now.
	Check func(ctx context.Context, link string) (Found, error)
	Log   *zap.Logger
}

// Page is the site.
type Page struct {
	cfg      Config
	words    map[string]words
	layout   *template.Template
	language []string
	byName   map[string]*view
}

// New prepares the site.
func New(cfg Config) (*Page, error) {
	p := &Page{cfg: cfg, byName: map[string]*view{}}
	var err error
	if p.words, p.language, err = readMessages(); err != nil {
		return nil, err
	}
	if p.layout, err = template.New("").Funcs(template.FuncMap{"path": url.QueryEscape}).ParseFS(files, "templates/*.html"); err != nil {
		return nil, fmt.Errorf("the page's templates: %w", err)
	}
	for _, v := range views() {
		p.byName[v.name] = v
	}
	return p, nil
}

// Handler serves the site.
func (p *Page) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.home)
	mux.HandleFunc("GET /style.css", p.style)
	mux.HandleFunc("GET /check", p.check)
	mux.HandleFunc("GET /check.json", p.checkJSON)
	mux.HandleFunc("GET /network", p.network)
	for _, v := range views() {
		mux.HandleFunc("GET /"+v.name, func(w http.ResponseWriter, r *http.Request) { p.view(w, r, v) })
		mux.HandleFunc("GET /"+v.name+".csv", func(w http.ResponseWriter, r *http.Request) { p.csv(w, r, v) })
		if v.chart.kind != none {
			mux.HandleFunc("GET /"+v.name+".svg", func(w http.ResponseWriter, r *http.Request) { p.svg(w, r, v) })
		}
	}
	return mux
}

// span is the seven days before a time.
type span struct{ from, to time.Time }

const shown = 7 * 24 * time.Hour

func (s span) sqlFrom() string { return "'" + s.from.Format(time.DateTime) + "'" }
func (s span) sqlTo() string   { return "'" + s.to.Format(time.DateTime) + "'" }

// request is what was asked for.
type request struct {
	Lang  string
	Words words
	span  span
	AsOf  string
	Fixed bool // The address names the time.
}

// errAsked is a mistake in what was asked for.
type errAsked struct{ what string }

func (e errAsked) Error() string { return e.what }

func (p *Page) request(r *http.Request) (*request, error) {
	q := &request{Lang: p.languageOf(r)}
	q.Words = p.words[q.Lang]
	text := r.URL.Query().Get("as_of")
	if text == "" {
		var err error
		if q.span.to, err = p.newest(r.Context()); err != nil {
			return nil, err
		}
	} else {
		q.Fixed = true
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			if at, err = time.Parse(time.DateOnly, text); err != nil {
				return nil, errAsked{fmt.Sprintf("as_of: %.40q is no time, as 2024-06-10 or 2024-06-10T00:00:00Z", text)}
			}
		}
		if at.Year() < 1990 || at.Year() > 2100 {
			return nil, errAsked{"as_of: it must lie between 1990 and 2100"}
		}
		q.span.to = at.UTC().Truncate(time.Second)
	}
	q.span.from = q.span.to.Add(-shown)
	q.AsOf = q.span.to.Format(time.RFC3339)
	return q, nil
}

// newest is the end of the newest hour that has posts.
func (p *Page) newest(ctx context.Context) (time.Time, error) {
	_, rows, err := p.cfg.Ask(ctx, "SELECT toUnixTimestamp(max(hour)) + 3600 FROM hourly")
	if err != nil {
		return time.Time{}, err
	}
	seconds := int64(3600)
	if len(rows) == 1 {
		if seconds, err = strconv.ParseInt(rows[0][0], 10, 64); err != nil {
			return time.Time{}, fmt.Errorf("the newest hour is %q: %w", rows[0][0], err)
		}
	}
	if seconds <= 3600 { // There are none.
		return time.Now().UTC().Truncate(time.Hour), nil
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// languageOf is what the address says, else what the browser prefers.
func (p *Page) languageOf(r *http.Request) string {
	if lang := r.URL.Query().Get("lang"); slices.Contains(p.language, lang) {
		return lang
	}
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		base, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if slices.Contains(p.language, base) {
			return base
		}
	}
	return p.language[0]
}

func (p *Page) ask(ctx context.Context, sql string) (*table, error) {
	columns, rows, err := p.cfg.Ask(ctx, sql)
	return &table{columns, rows}, err
}

// shownView is a view with its answer, for the template.
type shownView struct {
	Name, Title, Intro, Caveat string
	Chart                      bool
	Alt                        string
	Table                      *table
	SQL                        string
	Cells                      [][]cell
	CSV                        bool
}

type cell struct{ Text, Href string }

func (p *Page) answer(ctx context.Context, q *request, v *view) (*shownView, error) {
	sql := v.statement(q.span)
	t, err := p.ask(ctx, sql)
	if err != nil {
		return nil, err
	}
	s := &shownView{Name: v.name, Title: q.Words["title."+v.name], Intro: q.Words["intro."+v.name], Caveat: q.Words["caveat."+v.name], Chart: v.chart.kind != none && len(t.Rows) > 0, Table: t, SQL: sql, CSV: p.byName[v.name] == v}
	s.Alt = fmt.Sprintf(q.Words["alt"], s.Title)
	for _, row := range t.Rows {
		cells := make([]cell, len(row))
		for i, text := range row {
			cells[i].Text = short(text)
			if to, ok := v.leads[t.Columns[i]]; ok && text != "" {
				cells[i].Href = q.link(strings.Replace(to, "{}", url.QueryEscape(text), 1))
			}
		}
		s.Cells = append(s.Cells, cells)
	}
	return s, nil
}

// short leaves out of a time what is nothing, and of a number what nobody reads.
func short(text string) string {
	if at, err := time.Parse(time.DateTime+".000", text); err == nil {
		text = at.Format(time.DateTime)
	}
	if minute, ok := strings.CutSuffix(text, ":00"); ok && len(text) == len(time.DateTime) {
		return minute
	}
	if v, err := strconv.ParseFloat(text, 64); err == nil && (strings.Contains(text, "e-") || strings.Contains(text, ".") && len(text) > 10) {
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
	return text
}

// Short says whether a cell is not to be broken.
func (c cell) Short() bool { return len(c.Text) <= 24 }

// Number says whether a cell is a number, which stands at the right.
func (c cell) Number() bool {
	_, err := strconv.ParseFloat(c.Text, 64)
	return err == nil
}

// link keeps language and time in an address.
func (q *request) link(path string) string {
	of := url.Values{"lang": {q.Lang}, "as_of": {q.AsOf}}.Encode()
	if strings.Contains(path, "?") {
		return path + "&" + of
	}
	return path + "?" + of
}

// site is what every page shows.
type site struct {
	*request
	Site, Contact string
	Title         string
	Path          string // With what it is about, without language and time.
	Nav           []navigation
	Languages     []navigation
	From, To      string
	Views         []*shownView
	Asked         string // The link that was asked about.
	Found         *Found
	Home          bool
}

type navigation struct {
	Name, Href, Lang string
	Here             bool
}

func (p *Page) site(q *request, path, title string) *site {
	s := &site{request: q, Site: p.cfg.Title, Contact: p.cfg.Contact, Title: title, Path: path, From: q.span.from.Format("2006-01-02 15:04"), To: q.span.to.Format("2006-01-02 15:04")}
	for _, v := range views() {
		s.Nav = append(s.Nav, navigation{Name: q.Words["title."+v.name], Href: q.link("/" + v.name), Here: path == "/"+v.name})
	}
	s.Nav = append(s.Nav, navigation{Name: q.Words["title.check"], Href: q.link("/check"), Here: strings.HasPrefix(path, "/check")})
	for _, lang := range p.language {
		other := *q
		other.Lang = lang
		s.Languages = append(s.Languages, navigation{Name: p.words[lang]["language"], Href: other.link(path), Lang: lang, Here: lang == q.Lang})
	}
	return s
}

// Permalink is the address of the page with its time.
func (s *site) Permalink() string { return s.link(s.Path) }

// Link keeps language and time, for templates.
func (s *site) Link(path string) string { return s.link(path) }

func (p *Page) home(w http.ResponseWriter, r *http.Request) {
	p.page(w, r, "/", "title.home", "posts", "missing", "sources", "networks", "alerts")
}

func (p *Page) view(w http.ResponseWriter, r *http.Request, v *view) {
	p.page(w, r, "/"+v.name, "title."+v.name, v.name)
}

// most is how many rows of each view the first page shows.
const most = 8

func (p *Page) page(w http.ResponseWriter, r *http.Request, path, title string, names ...string) {
	q, err := p.request(r)
	if err != nil {
		p.fail(w, err)
		return
	}
	s := p.site(q, path, q.Words[title])
	s.Home = path == "/"
	for _, name := range names {
		shown, err := p.answer(r.Context(), q, p.byName[name])
		if err != nil {
			p.fail(w, err)
			return
		}
		if s.Home {
			shown.Cells = shown.Cells[:min(len(shown.Cells), most)]
			if shown.Chart {
				shown.Cells = nil
			}
		}
		s.Views = append(s.Views, shown)
	}
	p.write(w, "page.html", s)
}

var networkID = regexp.MustCompile(`^[0-9a-f]{16}$`)

func (p *Page) network(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("id")
	if !networkID.MatchString(id) {
		p.fail(w, errAsked{"id: it is no id of a network, of 16 hexadecimal digits"})
		return
	}
	q, err := p.request(r)
	if err != nil {
		p.fail(w, err)
		return
	}
	s := p.site(q, "/network?id="+id, fmt.Sprintf(q.Words["title.network"], id))
	for _, v := range network(id) {
		shown, err := p.answer(r.Context(), q, v)
		if err != nil {
			p.fail(w, err)
			return
		}
		if v.name == "network" {
			shown.Title = q.Words["title.network-days"]
			if len(shown.Cells) == 0 {
				http.Error(w, "there is no network "+id, http.StatusNotFound)
				return
			}
		}
		s.Views = append(s.Views, shown)
	}
	p.write(w, "page.html", s)
}

func (p *Page) csv(w http.ResponseWriter, r *http.Request, v *view) {
	q, err := p.request(r)
	if err != nil {
		p.fail(w, err)
		return
	}
	t, err := p.ask(r.Context(), v.statement(q.span))
	if err != nil {
		p.fail(w, err)
		return
	}
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	_ = out.Write(t.Columns) // A buffer takes everything.
	for _, row := range t.Rows {
		for i := range row {
			row[i] = harmless(row[i])
		}
		_ = out.Write(row)
	}
	out.Flush()
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", v.name+"-"+q.span.to.Format("20060102T150405Z")+".csv"))
	_, _ = w.Write(b.Bytes())
}

// harmless keeps spreadsheets from taking a text of a stranger for a formula.
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return "'" + text
		}
	}
	return text
}

func (p *Page) svg(w http.ResponseWriter, r *http.Request, v *view) {
	q, err := p.request(r)
	if err != nil {
		p.fail(w, err)
		return
	}
	t, err := p.ask(r.Context(), v.statement(q.span))
	if err == nil {
		var drawn []byte
		if drawn, err = v.chart.draw(t, q.Words["axis."+v.chart.y]); err == nil {
			w.Header().Set("Content-Type", "image/svg+xml")
			_, _ = w.Write(drawn)
			return
		}
	}
	p.fail(w, err)
}

func (p *Page) style(w http.ResponseWriter, _ *http.Request) {
	text, err := files.ReadFile("templates/style.css")
	if err != nil {
		p.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(text)
}

// longestLink is how long a link may be that is asked about.
const longestLink = 4096

// found is what is known of the link that was asked about; nil where none was.
func (p *Page) found(r *http.Request) (*Found, string, error) {
	link := strings.TrimSpace(r.URL.Query().Get("url"))
	if link == "" {
		return nil, "", nil
	}
	if len(link) > longestLink {
		return nil, "", errAsked{"url: it is too long"}
	}
	found, err := p.cfg.Check(r.Context(), link)
	return &found, link, err
}

func (p *Page) check(w http.ResponseWriter, r *http.Request) {
	q, err := p.request(r)
	if err != nil {
		p.fail(w, err)
		return
	}
	found, link, err := p.found(r)
	if err != nil {
		p.fail(w, err)
		return
	}
	path := "/check"
	if link != "" {
		path += "?url=" + url.QueryEscape(link)
	}
	s := p.site(q, path, q.Words["title.check"])
	s.Asked, s.Found = link, found
	p.write(w, "check.html", s)
}

func (p *Page) checkJSON(w http.ResponseWriter, r *http.Request) {
	found, _, err := p.found(r)
	if err == nil && found == nil {
		err = errAsked{"url: give the link that it is about, as /check.json?url=https://news.example/"}
	}
	if err != nil {
		p.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(struct {
		*Found
		Caveat string `json:"caveat"`
	}{found, p.words[p.language[0]]["caveat.check"]})
}

func (p *Page) write(w http.ResponseWriter, name string, s *site) {
	var b bytes.Buffer
	if err := p.layout.ExecuteTemplate(&b, name, s); err != nil {
		p.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes())
}

// fail answers with what went wrong: of a mistake what it is, of anything else only
// that there is something.
func (p *Page) fail(w http.ResponseWriter, err error) {
	if asked, ok := err.(errAsked); ok { //nolint:errorlint // It is never wrapped.
		http.Error(w, asked.what, http.StatusBadRequest)
		return
	}
	p.cfg.Log.Warn("a page could not be made", zap.Error(err))
	http.Error(w, "the store does not answer: try again in a minute", http.StatusServiceUnavailable)
}

// RatingColumns are the keys of the columns of ratings.
func (s *site) RatingColumns() []string {
	return []string{"rating.source", "rating.rater", "rating.class", "rating.score", "rating.criteria", "rating.from", "rating.to", "rating.version", "rating.citation"}
}
