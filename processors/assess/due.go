package assess

import (
	"context"
	"fmt"
	"slices"

	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

// posts are the offsets in the topic that has notes.
func posts(offsets store.Offsets) store.Offsets {
	of := store.Offsets{}
	for p, next := range offsets {
		if p.Topic == schema.TopicPosts {
			of[p] = next
		}
	}
	return of
}

// versionOf never falls, since progress never does. Whoever saw more of the log
// stored has the larger version.
func versionOf(stored store.Offsets) uint64 {
	var sum uint64
	for _, next := range stored {
		sum += next
	}
	return sum
}

func (r *Runner) hours(ctx context.Context, notes string) ([]Hour, error) {
	return r.scan(ctx, "SELECT DISTINCT toUInt32(hour) FROM "+schema.StoreDatabase+"."+schema.TableChanged+" WHERE "+notes)
}

func (r *Runner) scan(ctx context.Context, query string) ([]Hour, error) {
	found, err := r.store.DB().Query(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("assess: find changed hours: %w", err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	var hours []Hour
	for found.Next() {
		var hour uint32
		if err := found.Scan(&hour); err != nil {
			return nil, fmt.Errorf("assess: find changed hours: %w", err)
		}
		hours = append(hours, Hour(hour))
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("assess: find changed hours: %w", err)
	}
	slices.Sort(hours)
	return hours, nil
}
