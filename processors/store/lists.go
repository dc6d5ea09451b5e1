package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/election-observatory/observatory/processors/match"
	"github.com/election-observatory/observatory/processors/sources"
	"github.com/election-observatory/observatory/schema"
)

type ratingKey struct {
	subject, rater string
	fromMS         int64
}

// LoadSources brings what the store has of the raters of a list to what the list
// says now; what is no longer in it is withdrawn, other raters are left alone. It
// says whether Rated is still to be told that hours were counted with it.
func (s *Store) LoadSources(ctx context.Context, list []sources.Rating) (changed bool, err error) {
	byRater := map[string][]sources.Rating{}
	for _, r := range list {
		byRater[r.Rater] = append(byRater[r.Rater], r)
	}
	for _, rater := range slices.Sorted(maps.Keys(byRater)) {
		if err := s.loadRater(ctx, rater, byRater[rater]); err != nil {
			return false, err
		}
	}
	job, err := s.ratedJob(ctx)
	if err != nil {
		return false, err
	}
	done, err := s.Progress(ctx, job)
	return len(done) == 0, err
}

// Rated notes that hours were counted with the ratings that the store has.
func (s *Store) Rated(ctx context.Context, job string) error {
	return s.SetProgress(ctx, job, Offsets{Partition{}: 1})
}

// RatedJob names the ratings that the store has.
func (s *Store) RatedJob(ctx context.Context) (string, error) { return s.ratedJob(ctx) }

func (s *Store) ratedJob(ctx context.Context) (string, error) {
	var hash uint64
	if err := s.db.QueryRow(ctx, "SELECT sum(cityHash64(toString(tuple(* EXCEPT loaded_at)))) FROM "+table(schema.TableSources)+" FINAL").Scan(&hash); err != nil {
		return "", fmt.Errorf("store: read the ratings: %w", err)
	}
	return fmt.Sprintf("%s%016x", jobRated, hash), nil
}

// jobRated begins the jobs of counting with ratings: each state of them is one.
const jobRated = "rated/"

func (s *Store) loadRater(ctx context.Context, rater string, list []sources.Rating) error {
	have, err := s.ratings(ctx, rater)
	if err != nil {
		return err
	}
	now := time.Now().UnixMilli()
	var values []string
	for i := range list {
		r := &list[i]
		key := ratingKey{r.DomainOrAccount, r.Rater, r.ValidFrom.UnixMilli()}
		if row := ratingRow(r, false); have[key] != row {
			values = append(values, fmt.Sprintf("(%s, fromUnixTimestamp64Milli(%d))", row, now))
		}
		delete(have, key)
	}
	for key := range have {
		gone := sources.Rating{DomainOrAccount: key.subject, Rater: key.rater, ValidFrom: time.UnixMilli(key.fromMS)}
		values = append(values, fmt.Sprintf("(%s, fromUnixTimestamp64Milli(%d))", ratingRow(&gone, true), now))
	}
	for part := range slices.Chunk(values, 1000) {
		if err := s.db.Exec(ctx, "INSERT INTO "+table(schema.TableSources)+" (domain_or_account, rater, valid_from, valid_to, class, score, list_version, citation, found, withdrawn, loaded_at) VALUES "+strings.Join(part, ", ")); err != nil {
			return fmt.Errorf("store: load the list %s: %w", rater, err)
		}
	}
	return nil
}

// ratings are the rows of a rater that are not withdrawn, as ratingRow writes them.
func (s *Store) ratings(ctx context.Context, rater string) (map[ratingKey]string, error) {
	found, err := s.db.Query(ctx, "SELECT domain_or_account, toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(ifNull(valid_to, toDateTime64(0, 3, 'UTC'))), toString(class), score, toString(list_version), citation, found FROM "+
		table(schema.TableSources)+" FINAL WHERE NOT withdrawn AND rater = "+Quote(rater))
	if err != nil {
		return nil, fmt.Errorf("store: read the list %s: %w", rater, err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	have := map[ratingKey]string{}
	for found.Next() {
		r := sources.Rating{Rater: rater}
		var from, to int64
		var class string
		if err := found.Scan(&r.DomainOrAccount, &from, &to, &class, &r.Score, &r.ListVersion, &r.Citation, &r.Found); err != nil {
			return nil, fmt.Errorf("store: read the list %s: %w", rater, err)
		}
		r.Class, r.ValidFrom = sources.Class(class), time.UnixMilli(from)
		if to != 0 {
			r.ValidTo = time.UnixMilli(to)
		}
		have[ratingKey{r.DomainOrAccount, rater, from}] = ratingRow(&r, false)
	}
	return have, found.Err()
}

// ratingRow is a rating as the values of a row, less when it was loaded.
func ratingRow(r *sources.Rating, withdrawn bool) string {
	to, score := "NULL", "NULL"
	if !r.ValidTo.IsZero() {
		to = fmt.Sprintf("fromUnixTimestamp64Milli(%d)", r.ValidTo.UnixMilli())
	}
	if r.Score != nil {
		score = fmt.Sprintf("%g", *r.Score)
	}
	return fmt.Sprintf("%s, %s, fromUnixTimestamp64Milli(%d), %s, %s, %s, %s, %s, %s, %v",
		Quote(r.DomainOrAccount), Quote(r.Rater), r.ValidFrom.UnixMilli(), to, Quote(string(r.Class)), score, Quote(r.ListVersion), Quote(r.Citation), Quote(r.Found), withdrawn)
}

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
