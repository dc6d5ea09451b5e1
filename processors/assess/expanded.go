package assess

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

const (
	// expandedBack is how far back posts are looked for whose links were expanded:
	// short links are followed soon after they are posted. Older hours are counted
	// again by Recompute.
	expandedBack = 35 * 24 * time.Hour
	// expandedFirst is how far back expansions are looked for when a runner starts.
	expandedFirst = 48 * time.Hour
)

// expanded counts the hours again in which links were posted whose targets have
// become known since it last looked.
func (r *Runner) expanded(ctx context.Context, now time.Time) error {
	seen, err := r.expansions(ctx)
	if err != nil || maps.Equal(seen, r.expansionsSeen) {
		return err
	}
	fresh := fmt.Sprintf("imported_at >= fromUnixTimestamp64Milli(%d)", now.Add(-expandedFirst).UnixMilli())
	if r.expansionsSeen != nil {
		var parts []string
		for partition, offset := range seen {
			if before, known := r.expansionsSeen[partition]; known && before <= offset {
				parts = append(parts, fmt.Sprintf("(_partition = %d AND _offset > %d)", partition, before))
			} else { // Another partition, or another log.
				parts = append(parts, fmt.Sprintf("_partition = %d", partition))
			}
		}
		fresh = "(" + strings.Join(parts, " OR ") + ")"
	}
	posted := fmt.Sprintf("created_at >= fromUnixTimestamp64Milli(%d)", now.Add(-expandedBack).UnixMilli())
	if err := r.countExpanded(ctx, posted, fresh); err != nil {
		return err
	}
	r.expansionsSeen = seen
	return nil
}

// Expanded counts all hours again in which links were posted whose targets have
// become known since a time.
func (r *Runner) Expanded(ctx context.Context, since time.Time) error {
	return r.countExpanded(ctx, "1", fmt.Sprintf("expanded_at >= fromUnixTimestamp64Milli(%d)", since.UnixMilli()))
}

func (r *Runner) countExpanded(ctx context.Context, posted, fresh string) error {
	where := fmt.Sprintf("%s AND url_unresolved AND if(other = '', url, other) IN (SELECT url FROM %s.%s FINAL WHERE status = '%s' AND %s)",
		posted, schema.StoreDatabase, schema.TableExpansions, schema.ExpansionResolved, fresh)
	hours, err := r.scan(ctx, "SELECT DISTINCT toUInt32(toStartOfHour(created_at)) FROM ("+schema.LinkRows(where)+")")
	if err != nil || len(hours) == 0 {
		return err
	}
	stored, err := r.store.Progress(ctx, store.JobStored)
	if err != nil {
		return err
	}
	return r.compute(ctx, r.methods, hours, versionOf(posts(stored)))
}

// expansions are the last offsets of expansions, by partition.
func (r *Runner) expansions(ctx context.Context) (map[uint32]uint64, error) {
	found, err := r.store.DB().Query(ctx, fmt.Sprintf("SELECT _partition, max(_offset) FROM %s.%s WHERE status = '%s' GROUP BY _partition", schema.StoreDatabase, schema.TableExpansions, schema.ExpansionResolved))
	if err != nil {
		return nil, fmt.Errorf("assess: look for expansions: %w", err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	last := map[uint32]uint64{}
	for found.Next() {
		var partition uint32
		var offset uint64
		if err := found.Scan(&partition, &offset); err != nil {
			return nil, fmt.Errorf("assess: look for expansions: %w", err)
		}
		last[partition] = offset
	}
	return last, found.Err()
}
