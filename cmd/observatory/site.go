package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/page"
	"github.com/election-observatory/observatory/processors/sources"
	"github.com/election-observatory/observatory/processors/sources/lookalike"
	"github.com/election-observatory/observatory/processors/urls"
	"github.com/election-observatory/observatory/schema"
)

// site is what readers see of the observatory.
func (s *system) site() (http.Handler, error) {
	ask := &asker{client: &http.Client{Timeout: time.Minute}, address: s.ends.ClickHouse}
	if s.embedsEngine() { // As dashboards do, within a reader's bounds.
		ask.user, ask.password = string(engine.RoleDashboard), s.passwords[string(engine.RoleDashboard)]
	} else {
		password, err := s.study.ClickHouse.Password(s.environ)
		if err != nil {
			return nil, err
		}
		ask.user, ask.password = s.study.ClickHouse.Name(), password
	}
	protected, err := lookalike.New(s.study.ProtectedNames)
	if err != nil {
		return nil, err
	}
	rated := &checker{ratings: func(ctx context.Context) ([]sources.Rating, error) { return s.store.Ratings(ctx, "") }, protected: protected, shorteners: map[string]bool{}}
	for _, host := range append(urls.Shorteners(), s.study.Shorteners...) {
		rated.shorteners[host] = true
	}
	p, err := page.New(page.Config{Title: s.study.Name(), Contact: s.study.Contact, Ask: ask.ask, Check: rated.check, Review: s.reviewing(), Log: s.log.Named("page")})
	if err != nil {
		return nil, err
	}
	return p.Handler(), nil
}

// asker asks the store over HTTP.
type asker struct {
	client         *http.Client
	address        string
	user, password string
}

// mostOfAnswer is how large an answer may be.
const mostOfAnswer = 64 << 20

func (a *asker) ask(ctx context.Context, sql string) (columns []string, rows [][]string, err error) {
	values := url.Values{"default_format": {"JSONCompactStringsEachRowWithNames"}, "database": {schema.Database}, "max_execution_time": {"30"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.address+"/?"+values.Encode(), strings.NewReader(sql))
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("X-ClickHouse-User", a.user)
	request.Header.Set("X-ClickHouse-Key", a.password)
	response, err := a.client.Do(request)
	if err != nil {
		return nil, nil, fmt.Errorf("the store does not answer: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // It is read to its end or not trusted.
	if response.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(response.Body, 4<<10))
		return nil, nil, fmt.Errorf("the store refuses: %s", strings.TrimSpace(string(said)))
	}
	var text bytes.Buffer
	if err := copyResult(&text, &http.Response{Header: response.Header, Body: io.NopCloser(io.LimitReader(response.Body, mostOfAnswer))}); err != nil {
		return nil, nil, err
	}
	return readRows(&text)
}

// null is how the format writes what is not there.
const null = "ᴺᵁᴸᴸ"

// readRows reads an answer in JSONCompactStringsEachRowWithNames.
func readRows(text io.Reader) (columns []string, rows [][]string, err error) {
	for decoder := json.NewDecoder(text); ; {
		var row []*string
		if err := decoder.Decode(&row); errors.Is(err, io.EOF) {
			return columns, rows, nil
		} else if err != nil {
			return nil, nil, fmt.Errorf("the store answers what cannot be read: %w", err)
		}
		cells := make([]string, len(row))
		for i, cell := range row {
			if cell != nil && *cell != null {
				cells[i] = *cell
			}
		}
		if columns == nil {
			columns = cells
		} else {
			rows = append(rows, cells)
		}
	}
}

// checker says who rates the source of a link.
type checker struct {
	ratings    func(ctx context.Context) ([]sources.Rating, error)
	protected  *lookalike.Index
	shorteners map[string]bool

	mu    sync.Mutex
	known *sources.Registry
	since time.Time
}

// ratingsKept is how long ratings are known before they are read again.
const ratingsKept = 5 * time.Minute

func (c *checker) registry(ctx context.Context) (*sources.Registry, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known != nil && time.Since(c.since) < ratingsKept {
		return c.known, nil
	}
	ratings, err := c.ratings(ctx)
	if err != nil {
		return nil, err
	}
	c.known, c.since = sources.NewRegistry(ratings), time.Now()
	return c.known, nil
}

func (c *checker) check(ctx context.Context, link string) (page.Found, error) {
	registry, err := c.registry(ctx)
	if err != nil {
		return page.Found{}, err
	}
	found := sources.NewLookup(registry, time.Now()).URL(link)
	of := page.Found{URL: link, Canonical: found.Canonical, Domain: found.Domain, Shortener: c.shorteners[found.Written], Ratings: []page.Rating{}}
	if finding, ok := c.protected.Check(found.Written); ok {
		of.Resembles, of.Rule = finding.Target, finding.Rule
	}
	if found.Rating == nil {
		return of, nil
	}
	for _, r := range found.Rating.Ratings {
		one := page.Rating{Source: r.Source, Rater: r.Rater, Class: string(r.Class), Criteria: r.Criteria, From: r.ValidFrom.Format(time.DateOnly), Version: r.ListVersion, Citation: r.Citation, Backdated: r.Backdated}
		if r.Score != nil {
			one.Score = fmt.Sprintf("%.2f", *r.Score)
		}
		if !r.ValidTo.IsZero() {
			one.To = r.ValidTo.Format(time.DateOnly)
		}
		of.Ratings = append(of.Ratings, one)
	}
	return of, nil
}
