package page

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/charts"
	"github.com/election-observatory/observatory/internal/words"
)

//go:embed templates
var files embed.FS

//go:embed messages/*.yaml
var messages embed.FS

// table is an answer of the store; null is empty.
type table = charts.Table

// Config is what the page is about.
type Config struct {
	Title   string
	Contact string // Whom to tell of a mistake; may be empty.
	// Ask answers a statement as a researcher, with columns and rows as text.
	Ask func(ctx context.Context, sql string) (columns []string, rows [][]string, err error)
	// Check says what is known of a link now.
	Check  func(ctx context.Context, link string) (Found, error)
	Review Review
	Log    *zap.Logger
}

// Page is the site.
type Page struct {
	cfg      Config
	words    map[string]words.Texts
	layout   *template.Template
	language []string
	byName   map[string]*view
}

// New prepares the site.
func New(cfg Config) (*Page, error) {
	p := &Page{cfg: cfg, byName: map[string]*view{}}
	var err error
	if p.words, p.language, err = words.Read(messages); err != nil {
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
	mux.HandleFunc("GET /judge", p.judgePage)
	mux.HandleFunc("POST /judge", p.judge)
	for _, v := range views() {
		mux.HandleFunc("GET /"+v.name, func(w http.ResponseWriter, r *http.Request) { p.view(w, r, v) })
		mux.HandleFunc("GET /"+v.name+".csv", func(w http.ResponseWriter, r *http.Request) { p.csv(w, r, v) })
		if v.chart.Kind != charts.None {
			mux.HandleFunc("GET /"+v.name+".svg", func(w http.ResponseWriter, r *http.Request) { p.svg(w, r, v) })
		}
	}
	return mux
}

func (p *Page) ask(ctx context.Context, sql string) (*table, error) {
	columns, rows, err := p.cfg.Ask(ctx, sql)
	return &table{Columns: columns, Rows: rows}, err
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
	s := &shownView{Name: v.name, Title: q.Words["title."+v.name], Intro: q.Words["intro."+v.name], Caveat: q.Words["caveat."+v.name], Chart: v.chart.Kind != charts.None && len(t.Rows) > 0, Table: t, SQL: sql, CSV: p.byName[v.name] == v}
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

func (p *Page) style(w http.ResponseWriter, _ *http.Request) {
	text, err := files.ReadFile("templates/style.css")
	if err != nil {
		p.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(text)
}

func (p *Page) write(w http.ResponseWriter, name string, s *site) {
	p.writeAs(w, name, s, http.StatusOK)
}

func (p *Page) writeAs(w http.ResponseWriter, name string, what any, status int) {
	var b bytes.Buffer
	if err := p.layout.ExecuteTemplate(&b, name, what); err != nil {
		p.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
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
