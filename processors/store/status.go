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
	Version    uint32            // The newest migration.
	Tables     []TableStatus     // Every table of rows.
	Platforms  []PlatformStatus  // What there is of each platform.
	Collectors []CollectorStatus // What each collector delivered.
	Down       []SourceStatus    // Live sources that are not connected, those longest so first.
	Alarms     []Alarm           // That last, the newest first.
	Gaps       []Gap             // The newest declared gaps.
	Stored     Offsets           // How far the log is stored.
	Assessed   Offsets           // How far hourly is computed.
}

// TableStatus is the size of a table.
type TableStatus struct {
	Name  string `json:"name"`
	Rows  uint64 `json:"rows"`  // With replaced rows that are not merged away yet.
	Bytes uint64 `json:"bytes"` // On disk.
}

// PlatformStatus is what the store has of a platform, from hourly.
type PlatformStatus struct {
	Name       string    `json:"name"`
	Posts      uint64    `json:"posts"`
	NewestHour time.Time `json:"newest_hour"` // Of event time.
}

// CollectorStatus is what the sources of a collector delivered: of a live one
// since the time that was asked about, of an archive in all.
type CollectorStatus struct {
	Name     string    `json:"name"`
	Archive  bool      `json:"archive"`
	Sources  uint64    `json:"sources"`
	Up       uint64    `json:"up"`      // Sources that were connected when they were asked last.
	Retired  uint64    `json:"retired"` // Sources that are gone for good.
	Received uint64    `json:"received"`
	Emitted  uint64    `json:"emitted"`
	Rejected uint64    `json:"rejected"`
	Late     uint64    `json:"late"`
	LagS     float64   `json:"lag_s"` // Median of the minutes' medians.
	Newest   time.Time `json:"newest"`
}

// SourceStatus is a live source that is not connected.
type SourceStatus struct {
	Source string    `json:"source"`
	Reason string    `json:"reason"` // One of schema.Outages.
	Since  time.Time `json:"since"`  // When it was first asked in vain after it was connected last.
}

// Gap is a gap that coverage declares.
type Gap struct {
	Source   string    `json:"source"`
	Reason   string    `json:"reason"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Expected uint64    `json:"expected"` // Events that are missing; 0 where unknown.
}

// Alarm is an alert that lasts.
type Alarm struct {
	Method   string    `json:"method"`
	Subject  string    `json:"subject"`
	From     time.Time `json:"from"`
	Expected float64   `json:"expected"`
	Reason   string    `json:"reason"`
	Evidence string    `json:"evidence"`
}

// mostTold is how many sources, alarms and gaps are told.
const mostTold = 20

// Status asks the store how it is. since bounds what live sources are asked about.
func (s *Store) Status(ctx context.Context, since time.Time) (Status, error) {
	st := Status{Platforms: []PlatformStatus{}, Collectors: []CollectorStatus{}, Down: []SourceStatus{}, Alarms: []Alarm{}, Gaps: []Gap{}, Tables: []TableStatus{}}
	var err error
	if st.Version, err = Version(ctx, s.db); err != nil {
		return st, err
	}
	for _, ask := range []struct {
		what  string
		query string
		scan  func(scan func(...any) error) error
	}{
		{"tables", s.cfg.Layout.tables(), st.table},
		{"platforms", "SELECT platform, sum(posts), max(hour) FROM " + schema.Database + ".hourly WHERE query = '' AND source_class = '' GROUP BY platform ORDER BY platform", st.platform},
		{"collectors", collectorsQuery(since), st.collector},
		{"sources", fmt.Sprintf(`SELECT source, argMax(gap_reason, minute) AS reason, minIf(minute, minute > connected_at) AS since
FROM (SELECT source, minute, connected, gap_reason, maxIf(minute, connected) OVER (PARTITION BY source) AS connected_at
    FROM %s.coverage WHERE minute >= %s AND %s)
GROUP BY source HAVING NOT argMax(connected, minute) AND reason != %s ORDER BY since, source LIMIT %d`, schema.Database, instant(since), live, Quote(string(schema.OutageGone)), mostTold), st.down},
		{"alarms", fmt.Sprintf("SELECT method, subject, `from`, expected, reason, evidence FROM %s.alerts WHERE `to` IS NULL ORDER BY `from` DESC LIMIT %d", schema.Database, mostTold), st.alarm},
		{"gaps", fmt.Sprintf("SELECT source, gap_reason, assumeNotNull(gap_from), assumeNotNull(gap_to), if(collector = 'log', coalesce(expected, 0), 0) FROM %s.coverage WHERE gap_from IS NOT NULL ORDER BY minute DESC, source LIMIT %d",
			schema.Database, mostTold), st.gap},
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

// live is the condition for coverage of sources that are collected as they come.
const live = "collector NOT LIKE 'import/%' AND collector != 'log'"

func collectorsQuery(since time.Time) string {
	const of = `SELECT collector, %[1]v, count(), countIf(up), countIf(gone), sum(received), sum(emitted), sum(rejected), sum(late), ifNotFinite(quantileIf(0.5)(lag, lag > 0), 0), max(newest)
FROM (SELECT collector, source, argMax(c.connected, minute) AS up, argMax(c.gap_reason, minute) = %[2]s AS gone, sum(c.received) AS received, sum(c.emitted) AS emitted,
        sum(arraySum(mapValues(c.rejected))) AS rejected, sum(c.late) AS late, quantile(0.5)(c.lag_s) AS lag, max(minute) AS newest
    FROM %[3]s.coverage AS c WHERE %[4]s GROUP BY collector, source)
GROUP BY collector`
	gone := Quote(string(schema.OutageGone))
	return fmt.Sprintf(of, false, gone, schema.Database, live+" AND minute >= "+instant(since)) + " UNION ALL " +
		fmt.Sprintf(of, true, gone, schema.Database, "collector LIKE 'import/%'") + " ORDER BY 2, 1"
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

func (st *Status) collector(scan func(...any) error) error {
	var c CollectorStatus
	err := scan(&c.Name, &c.Archive, &c.Sources, &c.Up, &c.Retired, &c.Received, &c.Emitted, &c.Rejected, &c.Late, &c.LagS, &c.Newest)
	st.Collectors = append(st.Collectors, c)
	return err
}

func (st *Status) down(scan func(...any) error) error {
	var o SourceStatus
	err := scan(&o.Source, &o.Reason, &o.Since)
	st.Down = append(st.Down, o)
	return err
}

func (st *Status) alarm(scan func(...any) error) error {
	var a Alarm
	err := scan(&a.Method, &a.Subject, &a.From, &a.Expected, &a.Reason, &a.Evidence)
	st.Alarms = append(st.Alarms, a)
	return err
}
