package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/election-observatory/observatory/processors/sources"
	"github.com/election-observatory/observatory/schema"
)

// Naming says how links show a source.
type Naming struct {
	// Version changes whenever a source might get other keys.
	Version string
	// Keys are the keys by which links to a source are joined with its ratings. The
	// first is the name under which readers see the source.
	Keys func(source string) []Key
}

// Key is a source as links have it.
type Key struct {
	Key    string // A host, a host and the beginning of a path, or an account's pseudonym.
	Domain string // The registrable domain of links to it; empty for an IP address.
}

type ratingKey struct {
	source, rater string
	fromMS        int64
}

const ratingColumns = "source, rater, valid_from, domain_or_account, valid_to, backdated, class, score, criteria, network, alias_of, list_version, licence, citation, found"

// LoadSources brings what the store has of the raters of a list to what the list
// says now; what is no longer in it was a mistake and never held. Other raters are
// left alone. It says whether Rated is still to be told that hours were counted with it.
func (s *Store) LoadSources(ctx context.Context, list []sources.Rating, naming Naming) (changed bool, err error) {
	byRater := map[string][]sources.Rating{}
	for _, r := range list {
		byRater[r.Rater] = append(byRater[r.Rater], r)
	}
	for _, rater := range slices.Sorted(maps.Keys(byRater)) {
		if err := s.SetRatings(ctx, rater, byRater[rater], naming); err != nil {
			return false, err
		}
	}
	if err := s.Combine(ctx, naming); err != nil {
		return false, err
	}
	job, err := s.RatedJob(ctx)
	if err != nil {
		return false, err
	}
	done, err := s.Progress(ctx, job)
	return len(done) == 0, err
}

// SetRatings makes a list all that the store has of a rater. Combine is to follow.
func (s *Store) SetRatings(ctx context.Context, rater string, list []sources.Rating, naming Naming) error {
	have := map[ratingKey]string{}
	err := s.eachRating(ctx, rater, func(name string, r *sources.Rating) {
		have[ratingKey{r.Source, r.Rater, r.ValidFrom.UnixMilli()}] = content(name, r)
	})
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	err = s.fill(ctx, "INSERT INTO "+table(schema.TableSources)+" ("+ratingColumns+", withdrawn, loaded_at)", func(row func(...any) error) error {
		for i := range list {
			r := &list[i]
			key := ratingKey{r.Source, r.Rater, r.ValidFrom.UnixMilli()}
			name := nameOf(naming, r.Source)
			if have[key] != content(name, r) {
				if err := row(append(ratingRow(name, r), false, now)...); err != nil {
					return err
				}
			}
			delete(have, key)
		}
		for key := range have {
			gone := sources.Rating{Source: key.source, Rater: key.rater, ValidFrom: time.UnixMilli(key.fromMS).UTC()}
			if err := row(append(ratingRow(nameOf(naming, key.source), &gone), true, now)...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store: load the list %s: %w", rater, err)
	}
	return nil
}

func nameOf(naming Naming, source string) string {
	if keys := naming.Keys(source); len(keys) > 0 {
		return keys[0].Key
	}
	return source
}

// content tells apart rows of one key.
func content(name string, r *sources.Rating) string { return fmt.Sprint(ratingRow(name, r)...) }

func ratingRow(name string, r *sources.Rating) []any {
	return []any{
		r.Source, r.Rater, r.ValidFrom.UTC(), name, orNull(r.ValidTo), r.Backdated, string(r.Class), scoreOf(r.Score), r.Criteria, r.Network, r.AliasOf, r.ListVersion, r.Licence, r.Citation, r.Found,
	}
}

func scoreOf(score *float64) any {
	if score == nil {
		return nil
	}
	return *score
}

func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC()
}

// Ratings are the ratings of a rater that are not withdrawn, of all raters if
// that is empty, in the order of source, rater and time.
func (s *Store) Ratings(ctx context.Context, rater string) ([]sources.Rating, error) {
	var all []sources.Rating
	err := s.eachRating(ctx, rater, func(_ string, r *sources.Rating) { all = append(all, *r) })
	return all, err
}

func (s *Store) eachRating(ctx context.Context, rater string, use func(name string, r *sources.Rating)) error {
	query := "SELECT " + ratingColumns + " FROM " + table(schema.TableSources) + " FINAL WHERE NOT withdrawn"
	if rater != "" {
		query += " AND rater = " + Quote(rater)
	}
	found, err := s.db.Query(ctx, query+" ORDER BY source, rater, valid_from")
	if err != nil {
		return fmt.Errorf("store: read ratings: %w", err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	words := map[string]string{}
	same := func(text *string) {
		if known, ok := words[*text]; ok {
			*text = known
		} else {
			words[*text] = *text
		}
	}
	for found.Next() {
		var r sources.Rating
		var name, class string
		var to *time.Time
		if err := found.Scan(&r.Source, &r.Rater, &r.ValidFrom, &name, &to, &r.Backdated, &class, &r.Score, &r.Criteria, &r.Network, &r.AliasOf, &r.ListVersion, &r.Licence, &r.Citation, &r.Found); err != nil {
			return fmt.Errorf("store: read ratings: %w", err)
		}
		r.ValidFrom, r.Class = r.ValidFrom.UTC(), sources.Class(class)
		if to != nil {
			r.ValidTo = to.UTC()
		}
		for _, text := range []*string{&r.Rater, &r.Criteria, &r.Network, &r.ListVersion, &r.Licence, &r.Citation, &r.Found} {
			same(text)
		}
		use(name, &r)
	}
	return found.Err()
}

// ListVersion is the newest version of a rater's list that was imported; empty for
// none.
func (s *Store) ListVersion(ctx context.Context, rater string) (string, error) {
	var version string
	query := fmt.Sprintf("SELECT max(toString(list_version)) FROM (SELECT list_version FROM %s WHERE rater = %s UNION ALL SELECT list_version FROM %s WHERE rater = %s)",
		table(schema.TableSources), Quote(rater), table(schema.TableChanges), Quote(rater))
	if err := s.db.QueryRow(ctx, query).Scan(&version); err != nil {
		return "", fmt.Errorf("store: read the version of the list %s: %w", rater, err)
	}
	return version, nil
}

// NoteChanges logs what the import of a list changed.
func (s *Store) NoteChanges(ctx context.Context, rater, version string, changes []sources.Change, naming Naming) error {
	now := time.Now().UTC()
	err := s.fill(ctx, "INSERT INTO "+table(schema.TableChanges)+" (loaded_at, rater, list_version, change, domain_or_account, before, after)", func(row func(...any) error) error {
		for _, c := range changes {
			if err := row(now, rater, version, string(c.Kind), nameOf(naming, c.Source), c.Before, c.After); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store: log the changes of the list %s: %w", rater, err)
	}
	return nil
}

// fill inserts rows in blocks.
func (s *Store) fill(ctx context.Context, statement string, rows func(row func(...any) error) error) error {
	const block = 100_000
	var batch driver.Batch
	n := 0
	send := func() error {
		if batch == nil {
			return nil
		}
		err := batch.Send()
		batch, n = nil, 0
		return err
	}
	err := rows(func(values ...any) error {
		if batch == nil {
			var err error
			if batch, err = s.db.PrepareBatch(ctx, statement); err != nil {
				return err
			}
		}
		if err := batch.Append(values...); err != nil {
			return err
		}
		if n++; n < block {
			return nil
		}
		return send()
	})
	if err != nil {
		if batch != nil {
			err = errors.Join(err, batch.Abort())
		}
		return err
	}
	return send()
}
