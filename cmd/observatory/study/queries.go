package study

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/election-observatory/observatory/processors/match"
)

// Query is what the study looks for.
type Query struct {
	Name      string   `yaml:"name" doc:"Its name, as posts.queries and charts show it."`
	Terms     []string `yaml:"terms" doc:"Any of these: words, phrases, #hashtags, domain:example.org; a * at the beginning or end of a word opens it."`
	TermsFile string   `yaml:"terms_file" doc:"A file with more terms, one a line; # and a blank begin a comment. Relative to the configuration."`
	Without   []string `yaml:"without" doc:"None of these."`
	Languages []string `yaml:"languages" doc:"Only posts in these languages; all if left out."`
	ValidFrom string   `yaml:"valid_from" doc:"Only posts from this day or time on."`
	ValidTo   string   `yaml:"valid_to" doc:"Only posts before this day or time."`
	Alert     int      `yaml:"alert" doc:"Raise an alert of every hour with so many posts or more; none if left out."`
}

// Searches are the numbers of posts in an hour of which queries want somebody to know.
func (s *Study) Searches() map[string]uint64 {
	least := map[string]uint64{}
	for i := range s.Queries {
		if n := s.Queries[i].Alert; n > 0 {
			least[s.Queries[i].Name] = uint64(n)
		}
	}
	return least
}

// Matching prepares the queries.
func (s *Study) Matching() (*match.Set, error) {
	queries := make([]match.Query, 0, len(s.Queries))
	for i := range s.Queries {
		q, err := s.Queries[i].prepare(s.Dir)
		if err != nil {
			return nil, fmt.Errorf("queries[%d]: %w", i, err)
		}
		queries = append(queries, q)
	}
	return match.New(queries)
}

func (q *Query) prepare(dir string) (match.Query, error) {
	if q.Alert < 0 {
		return match.Query{}, fmt.Errorf("alert is a number of posts, not %d", q.Alert)
	}
	out := match.Query{Name: q.Name, Terms: q.Terms, Without: q.Without, Languages: q.Languages}
	if q.TermsFile != "" {
		path := q.TermsFile
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		text, err := readSmall(path)
		if err != nil {
			return out, fmt.Errorf("terms_file cannot be read: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); line != "" && line != "#" && !strings.HasPrefix(line, "# ") {
				out.Terms = append(out.Terms, line)
			}
		}
	}
	var err, also error
	out.From, err = moment("valid_from", q.ValidFrom)
	out.To, also = moment("valid_to", q.ValidTo)
	return out, errors.Join(err, also)
}

// moment reads a day or a time of RFC 3339; empty is no bound.
func moment(key, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := Moment(text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: %w", key, err)
	}
	return t, nil
}

// Moment reads a day, whose first moment it is in UTC, or a time of RFC 3339.
func Moment(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no day, as 2024-06-03, nor a time, as 2024-06-03T18:00:00Z", text)
}
