package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/election-observatory/observatory/processors/match"
	"github.com/election-observatory/observatory/schema"
)

// LoadQueries notes what the study's queries say, under their version. It does
// nothing where the store knows the version.
func (s *Store) LoadQueries(ctx context.Context, set *match.Set) error {
	if set.Version() == "" {
		return nil
	}
	var known uint64
	if err := s.db.QueryRow(ctx, "SELECT count() FROM "+table(schema.TableQueries)+" WHERE query_set = "+Quote(set.Version())).Scan(&known); err != nil {
		return fmt.Errorf("store: read the queries: %w", err)
	}
	if known >= uint64(len(set.Queries())) {
		return nil
	}
	now := time.Now().UnixMilli()
	for _, q := range set.Queries() {
		row := fmt.Sprintf("(%s, %s, %s, %s, %s, %s, %s, %s, fromUnixTimestamp64Milli(%d))", Quote(set.Version()), Quote(q.Name), Quote(q.Version()),
			texts(q.Terms), texts(q.Without), texts(q.Languages), maybe(q.From), maybe(q.To), now)
		if err := s.db.Exec(ctx, "INSERT INTO "+table(schema.TableQueries)+" (query_set, query, list_version, terms, without, languages, valid_from, valid_to, first_used) VALUES "+row); err != nil {
			return fmt.Errorf("store: note the query %s: %w", q.Name, err)
		}
	}
	return nil
}

// Annotation is something that happened.
type Annotation struct {
	At                    time.Time
	Until                 *time.Time // Nil for a moment.
	Title, Text, Citation string
}

// LoadAnnotations brings the annotations in the store to these.
func (s *Store) LoadAnnotations(ctx context.Context, list []Annotation, now time.Time) error {
	version := uint64(now.UnixMilli())
	into := table(schema.TableAnnotations)
	err := s.db.Exec(ctx, fmt.Sprintf("INSERT INTO %[1]s (at, until, title, text, citation, present, version) SELECT at, until, title, text, citation, false, %[2]d FROM %[1]s FINAL WHERE present AND version < %[2]d SETTINGS async_insert = 0", into, version))
	if err == nil {
		err = s.fill(ctx, "INSERT INTO "+into+" (at, until, title, text, citation, present, version)", func(row func(...any) error) error {
			for _, a := range list {
				if err := row(a.At.UTC(), a.Until, a.Title, a.Text, a.Citation, true, version+1); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("store: note the annotations: %w", err)
	}
	return nil
}

func texts(list []string) string {
	quoted := make([]string, len(list))
	for i, text := range list {
		quoted[i] = Quote(text)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func maybe(t time.Time) string {
	if t.IsZero() {
		return "NULL"
	}
	return fmt.Sprintf("fromUnixTimestamp64Milli(%d)", t.UnixMilli())
}
