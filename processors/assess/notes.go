package assess

import (
	"context"
	"fmt"
	"strings"

	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

// dueNotes is the condition for notes that a method has not acted on and whose
// batches are stored; it is empty where there can be none.
func dueNotes(stored, done store.Offsets) string {
	var terms []string
	for _, p := range stored.Sorted() {
		if done[p] < stored[p] {
			terms = append(terms, fmt.Sprintf("(%s AND next_offset > %d AND next_offset <= %d)", ofPartition(p), done[p], stored[p]))
		}
	}
	return strings.Join(terms, " OR ")
}

// openNotes is the condition for notes whose batches are not stored.
func openNotes(stored store.Offsets) string {
	terms := []string{"1"}
	for _, p := range stored.Sorted() {
		terms = append(terms, fmt.Sprintf("NOT (%s AND next_offset <= %d)", ofPartition(p), stored[p]))
	}
	return strings.Join(terms, " AND ")
}

func ofPartition(p store.Partition) string {
	return fmt.Sprintf("log_id = %s AND partition = %d", store.Quote(p.Log), p.Partition)
}

// clean removes notes that every method has acted on.
func (r *Runner) clean(ctx context.Context, stored store.Offsets) error {
	least := store.Offsets{}
	for i, m := range r.all() {
		done, err := r.store.Progress(ctx, m.Name())
		if err != nil {
			return err
		}
		for p := range stored {
			if i == 0 || done[p] < least[p] {
				least[p] = done[p]
			}
		}
	}
	var terms []string
	for _, p := range least.Sorted() {
		if least[p] > 0 {
			terms = append(terms, fmt.Sprintf("(%s AND next_offset <= %d)", ofPartition(p), least[p]))
		}
	}
	if len(terms) == 0 {
		return nil
	}
	where := strings.Join(terms, " OR ")
	table := schema.StoreDatabase + "." + schema.TableChanged
	var n uint64
	if err := r.store.DB().QueryRow(ctx, "SELECT count() FROM "+table+" WHERE "+where).Scan(&n); err != nil {
		return fmt.Errorf("assess: count old notes: %w", err)
	}
	if n == 0 {
		return nil
	}
	if err := r.store.DB().Exec(ctx, "ALTER TABLE "+table+" DELETE WHERE "+where); err != nil {
		return fmt.Errorf("assess: remove old notes: %w", err)
	}
	return nil
}
