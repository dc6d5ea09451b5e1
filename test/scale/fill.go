package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/election-observatory/observatory/schema"
)

// week is how far a copy lies back, in seconds.
const week = 7 * 24 * 3600

// copied are the tables that are copied: whether the copies of one week each have rows
// of their own, and which texts then tell them apart.
func copied() []struct {
	table string
	each  bool
	texts []string
} {
	return []struct {
		table string
		each  bool
		texts []string
	}{
		{schema.TablePosts, true, []string{"links.url", "links.canonical", "native_id", "permalink"}},
		{schema.TableShares, true, nil},
		{schema.TableAccounts, true, nil},
		{schema.TableIdentities, true, []string{"native_id", "handle"}},
		{schema.TableTombstones, true, nil},
		{schema.TableLinks, true, nil},
		{schema.TableCoverage, false, nil},
		{schema.TableRuns, false, nil},
		{schema.TableAlerts, true, []string{"subject"}},
		{schema.TablePairs, true, []string{"object_id"}},
		{schema.TableMass, true, []string{"object_id"}},
		{schema.TableNetworks, true, []string{"network_id"}},
		{schema.TableMembers, true, []string{"network_id"}},
		{schema.TableNetworkEdges, true, []string{"network_id"}},
		{schema.TableClusters, true, []string{"cluster_id"}},
		{schema.TableClusterMembers, true, []string{"cluster_id"}},
		{schema.TableScores, true, nil},
		{schema.TableTopics, true, []string{"topic"}},
		{schema.TableBursts, true, []string{"topic", "burst_id"}},
	}
}

// fill copies what is in the store once. It notes that it has in a table of its own.
func fill(ctx context.Context, db driver.Conn, c *config) error {
	var done uint64
	if err := db.QueryRow(ctx, "SELECT count() FROM system.tables WHERE database = 'scale'").Scan(&done); err != nil || done > 0 {
		return err
	}
	started := time.Now()
	base, err := keep(ctx, db)
	if err != nil {
		return err
	}
	for w := range c.weeks {
		for k := range c.copies {
			if err := copyOnce(ctx, db, base, w, k); err != nil {
				return err
			}
			fmt.Printf("week %d, copy %d: %s\n", w+1, k+1, time.Since(started).Round(time.Second))
		}
		// Counts add up; accounts of the copies are different ones.
		if err := db.Exec(ctx, fmt.Sprintf(`INSERT INTO observatory_store.hourly_rows SELECT hour - %d, platform, lang, query, source_class, kind, posts * %[2]d, accounts * %[2]d, links * %[2]d, unresolved * %[2]d, version + 1
FROM scale_base.hourly_rows`, w*week, c.copies)); err != nil {
			return fmt.Errorf("hourly_rows, week %d: %w", w, err)
		}
	}
	if err := db.Exec(ctx, "DROP DATABASE scale_base SYNC"); err != nil {
		return err
	}
	if err := settle(ctx, db); err != nil {
		return err
	}
	if err := db.Exec(ctx, "CREATE DATABASE scale ENGINE = Atomic"); err != nil {
		return err
	}
	return db.Exec(ctx, "CREATE TABLE scale.done (x UInt8) ENGINE = MergeTree ORDER BY x")
}

// keep takes what is copied aside, so that it does not grow while it is, and returns its
// columns.
func keep(ctx context.Context, db driver.Conn) (map[string][]column, error) {
	if err := db.Exec(ctx, "CREATE DATABASE scale_base ENGINE = Atomic"); err != nil {
		return nil, err
	}
	names := []string{schema.TableHourly}
	for _, t := range copied() {
		names = append(names, t.table)
	}
	base := map[string][]column{}
	for _, name := range names {
		columns, err := columnsOf(ctx, db, name)
		if err != nil {
			return nil, err
		}
		base[name] = columns
		if err := db.Exec(ctx, fmt.Sprintf("CREATE TABLE scale_base.%[1]s ENGINE = MergeTree ORDER BY tuple() AS SELECT * FROM observatory_store.%[1]s %[2]s", name, final(name))); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return base, nil
}

func final(table string) string {
	for _, t := range schema.Tables() {
		if t.Name == table && strings.HasPrefix(t.Engine, "Replacing") {
			return "FINAL"
		}
	}
	return ""
}

// copyOnce makes one copy of what was kept; the first is there.
func copyOnce(ctx context.Context, db driver.Conn, base map[string][]column, w, k int) error {
	for _, t := range copied() {
		if w == 0 && k == 0 || !t.each && k > 0 {
			continue
		}
		if err := db.Exec(ctx, fmt.Sprintf("INSERT INTO observatory_store.%[1]s SELECT %[2]s FROM scale_base.%[1]s", t.table, selected(base[t.table], t.texts, w, k))); err != nil {
			return fmt.Errorf("%s, week %d, copy %d: %w", t.table, w, k, err)
		}
	}
	return nil
}

// settle waits until no merge is under way.
func settle(ctx context.Context, db driver.Conn) error {
	started := time.Now()
	for quiet := 0; quiet < 5; {
		var n uint64
		if err := db.QueryRow(ctx, "SELECT count() FROM system.merges").Scan(&n); err != nil {
			return err
		}
		if quiet++; n > 0 {
			quiet = 0
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	fmt.Printf("merges: %s\n", time.Since(started).Round(time.Second))
	return nil
}

type column struct{ name, kind string }

func columnsOf(ctx context.Context, db driver.Conn, table string) ([]column, error) {
	rows, err := db.Query(ctx, "SELECT name, type FROM system.columns WHERE database = 'observatory_store' AND table = '"+table+"' ORDER BY position")
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells.
	var list []column
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.name, &c.kind); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// selected are the columns of a copy: other ids, other times, other texts.
func selected(columns []column, texts []string, w, k int) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = changed(c, slices.Contains(texts, c.name) && k > 0, w, k)
	}
	return strings.Join(list, ", ")
}

func changed(c column, text bool, w, k int) string {
	name := "`" + c.name + "`"
	switch {
	case slices.Contains([]string{"imported_at", "computed_at", "loaded_at"}, c.name): // Retention counts from these.
	case c.kind == "UUID":
		return other(name, c.name, w, k)
	case c.kind == "Array(UUID)":
		return "arrayMap(x -> " + other("x", c.name, w, k) + ", " + name + ")"
	case c.kind == "Date":
		return fmt.Sprintf("if(%[1]s > '1970-12-31', %[1]s - %[2]d, %[1]s)", name, w*7)
	case strings.Contains(c.kind, "Date"):
		return fmt.Sprintf("%s - INTERVAL %d SECOND", name, w*week)
	case c.name == "text_hash":
		return fmt.Sprintf("if(text_hash = 0, 0, bitXor(text_hash, %d))", w<<8|k)
	case text && c.kind == "String":
		return fmt.Sprintf("if(%[1]s = '', '', concat(%[1]s, '_%[2]d'))", name, k)
	case text && c.kind == "Array(String)":
		return fmt.Sprintf("arrayMap(x -> if(x = '', '', concat(x, '_%d')), %s)", k, name)
	}
	return name
}

// other is the pseudonym of a copy, the same wherever the first stands. Accounts write
// in all weeks, posts are others in each.
func other(value, column string, w, k int) string {
	salt := k
	if !strings.Contains(column, "account") && column != "mentions" {
		salt += 100 * w
	}
	if salt == 0 {
		return value
	}
	return fmt.Sprintf("if(%[1]s = toUUID('00000000-0000-0000-0000-000000000000'), %[1]s, reinterpretAsUUID(sipHash128(%[1]s, %[2]d)))", value, salt)
}
