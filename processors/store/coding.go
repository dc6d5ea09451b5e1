package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/election-observatory/observatory/processors/sources"
	"github.com/election-observatory/observatory/processors/sources/coding"
	"github.com/election-observatory/observatory/schema"
)

// Uncoded says which sources wait to be coded.
type Uncoded struct {
	From, To time.Time // When they were linked to; zero for no bound.
	Lang     string    // In posts of this language; empty for all.
	Least    uint64    // At least so many links.
	Coder    string    // Not coded by this coder; empty: not coded by two.
	Limit    int
}

// Uncoded are the domains that posts link to and nobody rates, those with most
// links first.
func (s *Store) Uncoded(ctx context.Context, want Uncoded) ([]coding.Candidate, error) {
	where := []string{"source_class = ''", "NOT unresolved", "domain != ''"}
	if !want.From.IsZero() {
		where = append(where, fmt.Sprintf("created_at >= fromUnixTimestamp64Milli(%d)", want.From.UnixMilli()))
	}
	if !want.To.IsZero() {
		where = append(where, fmt.Sprintf("created_at < fromUnixTimestamp64Milli(%d)", want.To.UnixMilli()))
	}
	if want.Lang != "" {
		where = append(where, "lang = "+Quote(want.Lang))
	}
	coded := "SELECT source FROM " + table(schema.TableCodings) + " GROUP BY source HAVING uniqExact(coder) >= 2"
	if want.Coder != "" {
		coded = "SELECT source FROM " + table(schema.TableCodings) + " WHERE coder = " + Quote(want.Coder)
	}
	found, err := s.db.Query(ctx, fmt.Sprintf(`SELECT toString(domain), toString(topK(1)(lang)[1]), count() AS links, uniqExact(account_id), min(created_at), any(if(expanded = '', canonical, expanded))
FROM %s.links WHERE %s AND domain NOT IN (%s)
GROUP BY domain HAVING links >= %d ORDER BY links DESC, domain`, schema.Database, strings.Join(where, " AND "), coded, want.Least))
	if err != nil {
		return nil, fmt.Errorf("store: find sources to code: %w", err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	parser := sources.NewParser()
	var list []coding.Candidate
	for found.Next() && len(list) < want.Limit {
		var c coding.Candidate
		if err := found.Scan(&c.Source, &c.Language, &c.Links, &c.Accounts, &c.FirstSeen, &c.Example); err != nil {
			return nil, fmt.Errorf("store: find sources to code: %w", err)
		}
		if _, err := parser.Parse(c.Source); err == nil { // Platforms are no sources.
			list = append(list, c)
		}
	}
	return list, found.Err()
}

// Unexpanded are up to limit short links, posted most first, that nobody has
// followed yet.
func (s *Store) Unexpanded(ctx context.Context, limit int) ([]string, error) {
	var links []string
	query := fmt.Sprintf("SELECT groupArray(given) FROM (SELECT any(url) AS given FROM %[1]s.links WHERE unresolved AND canonical NOT IN (SELECT url FROM %[1]s.url_expansions) GROUP BY canonical ORDER BY count() DESC, canonical LIMIT %[2]d)", schema.Database, limit)
	if err := s.db.QueryRow(ctx, query).Scan(&links); err != nil {
		return nil, fmt.Errorf("store: find short links: %w", err)
	}
	return links, nil
}

const codingColumns = "source, coder, coded_at, professionalism, style, credibility, bias, counterfeit, class, evidence, notes"

// AddCodings adds what coders found.
func (s *Store) AddCodings(ctx context.Context, list []coding.Coding) error {
	err := s.fill(ctx, "INSERT INTO "+table(schema.TableCodings)+" ("+codingColumns+")", func(row func(...any) error) error {
		for _, c := range list {
			a := c.Applies
			if err := row(c.Source, c.Coder, c.CodedAt.UTC(), a[0], a[1], a[2], a[3], a[4], string(c.Class), c.Evidence, c.Notes); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store: add codings: %w", err)
	}
	return nil
}

// Codings are all codings, earlier ones included.
func (s *Store) Codings(ctx context.Context) ([]coding.Coding, error) {
	found, err := s.db.Query(ctx, "SELECT "+codingColumns+" FROM "+table(schema.TableCodings)+" FINAL ORDER BY source, coder, coded_at")
	if err != nil {
		return nil, fmt.Errorf("store: read codings: %w", err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	var list []coding.Coding
	for found.Next() {
		var c coding.Coding
		var class string
		a := &c.Applies
		if err := found.Scan(&c.Source, &c.Coder, &c.CodedAt, &a[0], &a[1], &a[2], &a[3], &a[4], &class, &c.Evidence, &c.Notes); err != nil {
			return nil, fmt.Errorf("store: read codings: %w", err)
		}
		c.Class = sources.Class(class)
		list = append(list, c)
	}
	return list, found.Err()
}

// NoteAgreement notes how far coders agreed.
func (s *Store) NoteAgreement(ctx context.Context, agreement coding.Agreement) error {
	now := time.Now().UTC()
	err := s.fill(ctx, "INSERT INTO "+table(schema.TableAgreement)+" (computed_at, criterion, alpha, low, high, agreement, sources, coders, method_version)", func(row func(...any) error) error {
		for i := range agreement {
			m := &agreement[i]
			if err := row(now, m.Criterion, scoreOf(m.Alpha), scoreOf(m.Low), scoreOf(m.High), scoreOf(m.Agree), uint64(m.Sources), uint64(m.Coders), coding.Version); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store: note the agreement: %w", err)
	}
	return nil
}
