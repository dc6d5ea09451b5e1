package store

import (
	"context"
	"fmt"
	"time"

	"github.com/election-observatory/observatory/schema"
)

// Erased is what was taken from a table.
type Erased struct {
	schema.Erasure
	Rows uint64
}

// Erase takes from the files what the views hide for good: deleted posts, and what
// is left of forgotten accounts. It returns when the files are written anew; the
// store removes the old ones within minutes. A second call finds nothing.
func (s *Store) Erase(ctx context.Context) ([]Erased, error) {
	var all []Erased
	for _, e := range schema.Erasures() {
		rows, err := s.eraseOne(ctx, e.Table, e.Where, e.Statement(s.cfg.Layout.holds(e.Table)))
		if err != nil {
			return all, err
		}
		if rows > 0 {
			all = append(all, Erased{e, rows})
		}
	}
	return all, nil
}

// eraseOne carries out a mutation where rows are meant by it, and waits for it.
func (s *Store) eraseOne(ctx context.Context, name, where, statement string) (rows uint64, err error) {
	if err := s.db.QueryRow(ctx, "SELECT count() FROM "+table(name)+" WHERE "+where).Scan(&rows); err != nil {
		return 0, fmt.Errorf("store: count what is to be erased from %s: %w", name, err)
	}
	if rows == 0 {
		return 0, nil
	}
	if err := s.db.Exec(ctx, statement); err != nil {
		return 0, fmt.Errorf("store: erase from %s: %w", name, err)
	}
	if err := s.mutated(ctx, name); err != nil {
		return 0, fmt.Errorf("store: erase from %s: %w", name, err)
	}
	return rows, nil
}

// mutated waits until no mutation of a table is under way.
func (s *Store) mutated(ctx context.Context, name string) error {
	const longest = 5 * time.Second
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, longest) {
		var left uint64
		var why string
		err := s.db.QueryRow(ctx, fmt.Sprintf("SELECT count(), max(latest_fail_reason) FROM %s WHERE database = '%s' AND table = '%s' AND NOT is_done AND NOT is_killed",
			s.cfg.Layout.system("mutations"), s.cfg.Layout.holds(name), name)).Scan(&left, &why)
		switch {
		case err != nil:
			return err
		case left == 0:
			return nil
		case why != "":
			return fmt.Errorf("it goes on by itself: %s", why)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
