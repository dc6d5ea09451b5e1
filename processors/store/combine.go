package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/election-observatory/observatory/processors/sources"
	"github.com/election-observatory/observatory/schema"
)

const (
	// jobRated begins the jobs of counting with ratings: each state of them is one.
	jobRated = "rated/"
	// jobCombined begins the jobs of combining ratings, in the same way.
	jobCombined = "combined/"
)

// Rated notes that hours were counted with the ratings that the store has.
func (s *Store) Rated(ctx context.Context, job string) error { return s.done(ctx, job) }

// RatedJob names the combined ratings that the store has.
func (s *Store) RatedJob(ctx context.Context) (string, error) {
	return s.stateOf(ctx, jobRated, schema.TableCombined)
}

func (s *Store) done(ctx context.Context, job string) error {
	return s.SetProgress(ctx, job, Offsets{Partition{}: 1})
}

func (s *Store) stateOf(ctx context.Context, job, of string) (string, error) {
	var hash uint64
	if err := s.db.QueryRow(ctx, "SELECT sum(cityHash64(toString(tuple(* EXCEPT loaded_at)))) FROM "+table(of)+" FINAL").Scan(&hash); err != nil {
		return "", fmt.Errorf("store: read the ratings: %w", err)
	}
	return fmt.Sprintf("%s%016x", job, hash), nil
}

type combinedKey struct {
	key    string
	fromMS int64
}

const combinedColumns = "key, valid_from, valid_to, domain, source, rated_as, class, classes, score, spread, raters, network, backdated"

// Combine computes what all raters together say of each source, from the
// ratings that the store has. What has not changed is not written.
func (s *Store) Combine(ctx context.Context, naming Naming) error {
	job, err := s.stateOf(ctx, jobCombined, schema.TableSources)
	if err != nil {
		return err
	}
	job += "/" + naming.Version
	if done, err := s.Progress(ctx, job); err != nil || len(done) > 0 {
		return err
	}
	ratings, err := s.Ratings(ctx, "")
	if err != nil {
		return err
	}
	if err := s.writeCombined(ctx, sources.NewRegistry(ratings), naming); err != nil {
		return fmt.Errorf("store: combine the ratings: %w", err)
	}
	return s.done(ctx, job)
}

func (s *Store) writeCombined(ctx context.Context, registry *sources.Registry, naming Naming) error {
	have, err := s.combined(ctx)
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	return s.fill(ctx, "INSERT INTO "+table(schema.TableCombined)+" ("+combinedColumns+", gone, loaded_at)", func(row func(...any) error) error {
		for _, source := range registry.Sources() {
			intervals := registry.Intervals(source)
			for _, key := range naming.Keys(source) {
				for i := range intervals {
					of := &intervals[i]
					values := combinedRow(key, of, naming)
					at := combinedKey{key.Key, of.From.UnixMilli()}
					if have[at] != hashOf(values) {
						if err := row(append(values, false, now)...); err != nil {
							return err
						}
					}
					delete(have, at)
				}
			}
		}
		for at := range have {
			none := &sources.Interval{From: time.UnixMilli(at.fromMS).UTC()}
			if err := row(append(combinedRow(Key{Key: at.key}, none, naming), true, now)...); err != nil {
				return err
			}
		}
		return nil
	})
}

func combinedRow(key Key, of *sources.Interval, naming Naming) []any {
	classes := make([]string, len(of.Classes))
	for i, class := range of.Classes {
		classes[i] = string(class)
	}
	matched, source := "", ""
	if of.Matched != "" {
		matched, source = nameOf(naming, of.Matched), nameOf(naming, of.Source)
	}
	return []any{
		key.Key, of.From.UTC(), orNull(of.To), key.Domain, matched, source, string(of.Class), classes, scoreOf(of.Score), scoreOf(of.Spread), of.Raters(), of.Network(), of.Backdated(),
	}
}

// combined are hashes of the rows that hold.
func (s *Store) combined(ctx context.Context) (map[combinedKey]string, error) {
	found, err := s.db.Query(ctx, "SELECT "+combinedColumns+" FROM "+table(schema.TableCombined)+" FINAL WHERE NOT gone")
	if err != nil {
		return nil, err
	}
	defer found.Close() //nolint:errcheck // Err tells.
	have := map[combinedKey]string{}
	for found.Next() {
		var key Key
		var from time.Time
		var to *time.Time
		var source, as, class, network string
		var classes, raters []string
		var score, spread *float64
		var backdated bool
		if err := found.Scan(&key.Key, &from, &to, &key.Domain, &source, &as, &class, &classes, &score, &spread, &raters, &network, &backdated); err != nil {
			return nil, err
		}
		until := time.Time{}
		if to != nil {
			until = *to
		}
		have[combinedKey{key.Key, from.UnixMilli()}] = hashOf([]any{
			key.Key, from.UTC(), orNull(until), key.Domain, source, as, class, classes, scoreOf(score), scoreOf(spread), raters, network, backdated,
		})
	}
	return have, found.Err()
}

func hashOf(values []any) string {
	h := fnv.New128a()
	_, _ = fmt.Fprintf(h, "%q", values)
	return hex.EncodeToString(h.Sum(nil))
}
