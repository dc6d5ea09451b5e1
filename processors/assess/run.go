package assess

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

// run is one computation of a method. Its rows count once counts has said so of
// their hours, and no longer when another run has.
type run struct {
	method, methodVersion string
	id                    uint64
	version               uint64
}

// newRun begins a run; version is that of Compute.
func newRun(method, methodVersion string, version uint64) run {
	return run{method, methodVersion, uint64(time.Now().UnixNano()), version}
}

// counts makes the run the one that counts for the hours.
func (r run) counts(ctx context.Context, db driver.Conn, hours []Hour) error {
	rows := newInserter(ctx, db, schema.TableRuns, "method, hour, run, method_version, version")
	for _, hour := range hours {
		rows.add(r.method, hour.Time(), r.id, r.methodVersion, r.version)
	}
	if err := rows.end(); err != nil {
		return fmt.Errorf("note a run of %s over %d hours: %w", r.method, len(hours), err)
	}
	return nil
}

// Cleaner is a method that leaves rows behind which no longer count.
type Cleaner interface {
	Clean(ctx context.Context) error
}

// settledRun is how long ago a run began that is not in the middle of anything.
const settledRun = time.Hour

// cleanRuns removes the rows of tables that are of runs that no longer count.
func cleanRuns(ctx context.Context, db driver.Conn, method string, tables ...string) error {
	for _, table := range tables {
		left := fmt.Sprintf("run < %d AND (hour, run) NOT IN (SELECT hour, run FROM %s.%s FINAL WHERE method = %s)",
			time.Now().Add(-settledRun).UnixNano(), schema.StoreDatabase, schema.TableRuns, store.Quote(method))
		var n uint64
		if err := db.QueryRow(ctx, "SELECT count() FROM "+schema.StoreDatabase+"."+table+" WHERE "+left).Scan(&n); err != nil {
			return fmt.Errorf("count rows of old runs in %s: %w", table, err)
		}
		if n == 0 {
			continue
		}
		if err := db.Exec(ctx, "ALTER TABLE "+schema.StoreDatabase+"."+table+" DELETE WHERE "+left); err != nil {
			return fmt.Errorf("remove rows of old runs from %s: %w", table, err)
		}
	}
	return nil
}
