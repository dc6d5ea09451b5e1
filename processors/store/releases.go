package store

import (
	"context"
	"fmt"
	"time"

	"github.com/election-observatory/observatory/schema"
)

// Release is a dataset that was published.
type Release struct {
	Week, Tier           string
	Number               uint32 // Of the version, from 1.
	From, To, ReleasedAt time.Time
	Folder               string
	Files                uint32
	Rows                 uint64
	Checksum             string
	Coverage             float64
	Note                 string
}

// NoteRelease notes a release, which is shown in releases.
func (s *Store) NoteRelease(ctx context.Context, r *Release) error {
	err := s.fill(ctx, "INSERT INTO "+table(schema.TableReleases)+" (week, tier, release_version, `from`, `to`, released_at, folder, files, rows, checksum, coverage_share, note, version)", func(row func(...any) error) error {
		return row(r.Week, r.Tier, r.Number, r.From, r.To, r.ReleasedAt.UTC(), r.Folder, r.Files, r.Rows, r.Checksum, r.Coverage, r.Note, uint64(r.ReleasedAt.UnixMilli()))
	})
	if err != nil {
		return fmt.Errorf("store: note a release: %w", err)
	}
	return nil
}

// SupersedeRelease notes that a later version took a release's place.
func (s *Store) SupersedeRelease(ctx context.Context, week, tier string, number uint32, at time.Time) error {
	rows := table(schema.TableReleases)
	err := s.db.Exec(ctx, fmt.Sprintf("INSERT INTO %[1]s SELECT * REPLACE (fromUnixTimestamp64Milli(toInt64(%[2]d)) AS superseded_at, toUInt64(%[2]d) AS version) FROM %[1]s FINAL WHERE week = %[3]s AND tier = %[4]s AND release_version = %[5]d SETTINGS async_insert = 0",
		rows, at.UnixMilli(), Quote(week), Quote(tier), number))
	if err != nil {
		return fmt.Errorf("store: note that a release is superseded: %w", err)
	}
	return nil
}

// Released is when the first and when the newest version of a release was published.
func (s *Store) Released(ctx context.Context, week, tier string) (first, last time.Time, err error) {
	err = s.db.QueryRow(ctx, "SELECT min(released_at), max(released_at) FROM "+table(schema.TableReleases)+" FINAL WHERE week = "+Quote(week)+" AND tier = "+Quote(tier)).Scan(&first, &last)
	if err != nil {
		return first, last, fmt.Errorf("store: when a release was published: %w", err)
	}
	return first, last, nil
}
