package store

import (
	"context"
	"fmt"
	"time"

	"github.com/election-observatory/observatory/schema"
)

// Counts are the visible posts of the store by the collector whose delivery
// counts.
type Counts map[string]uint64

// Counts counts the visible posts. What a run has added is After(before): it
// looks at the run's own collectors alone, so that others may work meanwhile.
func (s *Store) Counts(ctx context.Context) (Counts, error) {
	found, err := s.db.Query(ctx, "SELECT collector, count() FROM "+schema.Database+".posts GROUP BY collector SETTINGS do_not_merge_across_partitions_select_final = 1")
	if err != nil {
		return nil, fmt.Errorf("store: count posts: %w", err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	counts := Counts{}
	for found.Next() {
		var collector string
		var n uint64
		if err := found.Scan(&collector, &n); err != nil {
			return nil, fmt.Errorf("store: count posts: %w", err)
		}
		counts[collector] = n
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("store: count posts: %w", err)
	}
	return counts, nil
}

// After is how many posts a collector has more than before. Posts that another
// collector had already, and that now count under this one's delivery, are not
// told apart from new ones.
func (c Counts) After(before Counts, collector string) uint64 {
	if c[collector] < before[collector] {
		return 0
	}
	return c[collector] - before[collector]
}

// Status is what the store holds, and how far behind it is.
type Status struct {
	Version   uint32           // The newest migration.
	Tables    []TableStatus    // Every table of rows.
	Platforms []PlatformStatus // What there is of each platform.
	Gaps      []Gap            // The newest declared gaps.
	Sources   []SourceStatus   // What each source delivered, the newest first.
	Stored    Offsets          // How far the log is stored.
	Assessed  Offsets          // How far hourly is computed.
}

// TableStatus is the size of a table.
type TableStatus struct {
	Name  string
	Rows  uint64 // With replaced rows that are not merged away yet.
	Bytes uint64 // On disk.
}

// PlatformStatus is what the store has of a platform, from hourly.
type PlatformStatus struct {
	Name       string
	Posts      uint64
	NewestHour time.Time // Of event time.
}

// Gap is a gap that coverage declares.
type Gap struct {
	Source, Reason string
	From, To       time.Time
	Expected       uint64 // Events that are missing; 0 where unknown.
}

// SourceStatus is what a source delivered since the time that was asked about.
type SourceStatus struct {
	Source, Collector           string
	Newest                      time.Time // Minute of the newest record.
	Received, Emitted, Rejected uint64
}

// Status asks the store how it is. since bounds the sources and gaps; at most 20
// of each are told.
func (s *Store) Status(ctx context.Context, since time.Time) (Status, error) {
	var st Status
	var err error
	if st.Version, err = Version(ctx, s.db); err != nil {
		return st, err
	}
	for _, ask := range []struct {
		what  string
		query string
		scan  func(scan func(...any) error) error
	}{
		{"tables", "SELECT name, coalesce(total_rows, 0), coalesce(total_bytes, 0) FROM system.tables WHERE database = " + Quote(schema.StoreDatabase) + " ORDER BY name", st.table},
		{"platforms", "SELECT platform, sum(posts), max(hour) FROM " + schema.Database + ".hourly WHERE query = '' AND source_class = '' GROUP BY platform ORDER BY platform", st.platform},
		{"gaps", "SELECT source, gap_reason, assumeNotNull(gap_from), assumeNotNull(gap_to), coalesce(expected, 0) FROM " + schema.Database +
			".coverage WHERE gap_from IS NOT NULL AND minute >= " + instant(since) + " ORDER BY minute DESC LIMIT 20", st.gap},
		{"sources", "SELECT source, any(collector), max(minute) AS newest, sum(received), sum(emitted), sum(arraySum(mapValues(rejected))) FROM " + schema.Database +
			".coverage WHERE minute >= " + instant(since) + " GROUP BY source ORDER BY newest DESC, source LIMIT 20", st.source},
	} {
		if err := s.each(ctx, ask.query, ask.scan); err != nil {
			return st, fmt.Errorf("store: status of %s: %w", ask.what, err)
		}
	}
	if st.Stored, err = s.Progress(ctx, JobStored); err != nil {
		return st, err
	}
	st.Assessed, err = s.Progress(ctx, JobHourly)
	return st, err
}

func instant(t time.Time) string { return fmt.Sprintf("fromUnixTimestamp(%d)", max(t.Unix(), 0)) }

func (s *Store) each(ctx context.Context, query string, scan func(scan func(...any) error) error) error {
	found, err := s.db.Query(ctx, query)
	if err != nil {
		return err
	}
	defer found.Close() //nolint:errcheck // Err tells.
	for found.Next() {
		if err := scan(found.Scan); err != nil {
			return err
		}
	}
	return found.Err()
}

func (st *Status) table(scan func(...any) error) error {
	var t TableStatus
	err := scan(&t.Name, &t.Rows, &t.Bytes)
	st.Tables = append(st.Tables, t)
	return err
}

func (st *Status) platform(scan func(...any) error) error {
	var p PlatformStatus
	err := scan(&p.Name, &p.Posts, &p.NewestHour)
	st.Platforms = append(st.Platforms, p)
	return err
}

func (st *Status) gap(scan func(...any) error) error {
	var g Gap
	err := scan(&g.Source, &g.Reason, &g.From, &g.To, &g.Expected)
	st.Gaps = append(st.Gaps, g)
	return err
}

func (st *Status) source(scan func(...any) error) error {
	var o SourceStatus
	err := scan(&o.Source, &o.Collector, &o.Newest, &o.Received, &o.Emitted, &o.Rejected)
	st.Sources = append(st.Sources, o)
	return err
}
