package page

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/election-observatory/observatory/internal/words"
)

// span is the seven days before a time.
type span struct{ from, to time.Time }

const shown = 7 * 24 * time.Hour

func (s span) sqlFrom() string { return "'" + s.from.Format(time.DateTime) + "'" }
func (s span) sqlTo() string   { return "'" + s.to.Format(time.DateTime) + "'" }

// request is what was asked for.
type request struct {
	Lang  string
	Words words.Texts
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
