package assess

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

// Settle computes the hours of notes whose batches never ended: of a log that was
// replaced or cut off, nobody will deliver them again. A batch that does end
// later is due as usual.
func (r *Runner) Settle(ctx context.Context) error {
	stored, err := r.store.Progress(ctx, store.JobStored)
	if err != nil {
		return err
	}
	stored = posts(stored)
	hours, err := r.hours(ctx, openNotes(stored))
	if err != nil || len(hours) == 0 {
		return err
	}
	return r.compute(ctx, r.all(), hours, versionOf(stored))
}

// Recompute runs every method on all hours of [from, to) that hold posts or
// results, and every watcher on that time.
func (r *Runner) Recompute(ctx context.Context, from, to time.Time) error {
	stored, err := r.store.Progress(ctx, store.JobStored)
	if err != nil {
		return err
	}
	hours, err := r.scan(ctx, fmt.Sprintf(`SELECT DISTINCT h FROM (
    SELECT toUInt32(toStartOfHour(created_at)) AS h FROM %[1]s.%[2]s WHERE created_at >= fromUnixTimestamp64Milli(%[4]d) AND created_at < fromUnixTimestamp64Milli(%[5]d)
    UNION ALL SELECT toUInt32(hour) AS h FROM %[1]s.%[3]s WHERE hour >= fromUnixTimestamp64Milli(%[4]d) AND hour < fromUnixTimestamp64Milli(%[5]d))`,
		schema.StoreDatabase, schema.TablePosts, schema.TableHourly, from.UnixMilli(), to.UnixMilli()))
	if err != nil {
		return err
	}
	if err := r.compute(ctx, r.all(), hours, versionOf(posts(stored))); err != nil {
		return err
	}
	return r.watch(ctx, from, to)
}

// Rerate runs the methods that count on all hours that hold posts with links to sources
// that are or were rated, and notes that it has.
func (r *Runner) Rerate(ctx context.Context) error {
	job, err := r.store.RatedJob(ctx)
	if err != nil {
		return err
	}
	stored, err := r.store.Progress(ctx, store.JobStored)
	if err != nil {
		return err
	}
	hours, err := r.scan(ctx, "SELECT DISTINCT toUInt32(toStartOfHour(created_at)) FROM ("+schema.LinkRows(mayBeRated)+") WHERE "+linksToRated)
	if err != nil {
		return err
	}
	if len(hours) > 0 {
		r.log.Info("ratings have changed: counting again", zap.Int("hours", len(hours)))
		if err := r.compute(ctx, r.methods, hours, versionOf(posts(stored))); err != nil {
			return err
		}
	}
	return r.store.Rated(ctx, job)
}

func (r *Runner) compute(ctx context.Context, methods []Method, hours []Hour, version uint64) error {
	for _, m := range methods {
		start := time.Now()
		if err := m.Compute(ctx, hours, version); err != nil {
			return fmt.Errorf("assess: %s: %w", m.Name(), err)
		}
		r.log.Debug("computed again", zap.String("method", m.Name()), zap.Int("hours", len(hours)), zap.Float64("seconds", time.Since(start).Seconds()))
	}
	return nil
}

// CatchUp returns when what lies before the offsets is stored and, as far as it
// is in the topic of posts, assessed by the methods, and by those that cost more if
// they are wanted. It only waits: a runner must be running, here or in another
// process.
func (r *Runner) CatchUp(ctx context.Context, ends store.Offsets, later bool) error {
	if err := r.store.Wait(ctx, store.JobStored, ends); err != nil {
		return err
	}
	methods := r.methods
	if later {
		methods = r.all()
		r.wanted.Store(true)
		defer r.wanted.Store(false)
	}
	for _, m := range methods {
		if err := r.store.Wait(ctx, m.Name(), posts(ends)); err != nil {
			return err
		}
	}
	return nil
}
