package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

// show is how the store itself states a relation.
func show(t *testing.T, s *store.Store, name string) string {
	t.Helper()
	var statement string
	if err := s.DB().QueryRow(t.Context(), "SHOW CREATE TABLE "+name).Scan(&statement); err != nil {
		t.Fatal(err)
	}
	return statement
}

// The migrations and the schema say the same: applied from nothing, they leave
// the very tables that the schema declares, with keys, indexes, codecs, expiry,
// settings and descriptions.
func TestMigrationsMakeWhatTheSchemaDeclares(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	for _, table := range schema.Tables() {
		name := schema.StoreDatabase + "." + table.Name
		migrated := show(t, s, name)
		for _, statement := range []string{"DROP TABLE " + name + " SYNC", table.Create()} {
			if err := s.DB().Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(show(t, s, name), migrated); diff != "" {
			t.Errorf("%s: the migrations differ from the schema (-schema +migrations):\n%s", table.Name, diff)
		}
	}
	var known []string
	for _, table := range schema.Tables() {
		known = append(known, table.Name)
	}
	for _, name := range names(t, s, schema.StoreDatabase) {
		if !slices.Contains(known, name) {
			t.Errorf("the migrations make %s, of which the schema knows nothing", name)
		}
	}
}

func names(t *testing.T, s *store.Store, database string) []string {
	t.Helper()
	var names []string
	if err := s.DB().QueryRow(t.Context(), "SELECT groupArray(name) FROM system.tables WHERE database = "+store.Quote(database)).Scan(&names); err != nil {
		t.Fatal(err)
	}
	return names
}

type column struct{ Name, Type, Comment string }

func columnsOf(t *testing.T, s *store.Store, database, relation string) []column {
	t.Helper()
	found, err := s.DB().Query(t.Context(), "SELECT name, type, comment FROM system.columns WHERE database = "+store.Quote(database)+" AND table = "+store.Quote(relation)+" ORDER BY position")
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	var columns []column
	for found.Next() {
		var c column
		if err := found.Scan(&c.Name, &c.Type, &c.Comment); err != nil {
			t.Fatal(err)
		}
		columns = append(columns, c)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return columns
}

// The views say what the schema says of them, and give the types that they
// announce.
func TestViewsAreWhatTheSchemaDeclares(t *testing.T) {
	t.Parallel()
	s, e := open(t)
	for _, view := range schema.Views() {
		want := make([]column, len(view.Columns))
		for i, c := range view.Columns {
			want[i] = column{Name: c.Name, Type: c.Type, Comment: c.Doc}
		}
		call := view.Name
		if len(view.Params) > 0 { // The engine keeps no columns of these.
			call += arguments(view)
		} else if diff := cmp.Diff(want, columnsOf(t, s, schema.Database, view.Name)); diff != "" {
			t.Errorf("%s (-schema +store):\n%s", view.Name, diff)
		}
		got, err := e.Ask(engine.RoleOwner, "SELECT * FROM "+schema.Database+"."+call+" LIMIT 0 FORMAT TabSeparatedRawWithNamesAndTypes")
		if err != nil {
			t.Fatal(err)
		}
		types := make([]string, len(view.Columns))
		for i, c := range view.Columns {
			types[i] = c.Type
		}
		names, given, _ := strings.Cut(strings.TrimSpace(got), "\n")
		for i, name := range strings.Split(names, "\t") {
			if i >= len(want) || want[i].Name != name {
				t.Errorf("%s gives the columns %s", view.Name, names)
				break
			}
		}
		if diff := cmp.Diff(types, strings.Split(given, "\t")); diff != "" {
			t.Errorf("%s gives other types than it announces (-schema +given):\n%s", view.Name, diff)
		}
	}
}

// arguments are some for each parameter of a view.
func arguments(view schema.View) string {
	given := make([]string, len(view.Params))
	for i, p := range view.Params {
		value := "1"
		switch {
		case p.Name == "by":
			value = "'all'"
		case p.Type == "String":
			value = "'url'"
		case strings.HasPrefix(p.Type, "DateTime64"):
			value = "'2024-06-03'"
		}
		given[i] = p.Name + " = " + value
	}
	return "(" + strings.Join(given, ", ") + ")"
}

// Views follow from the program: migrating makes those of an older one anew.
func TestMigrateMakesTheViewsAnew(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	before := show(t, s, "observatory.posts")
	for _, statement := range []string{"CREATE OR REPLACE VIEW observatory.posts AS SELECT 1 AS old", "DROP VIEW observatory.hourly"} {
		if err := s.DB().Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.Migrate(t.Context(), s.DB(), zap.NewNop()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, show(t, s, "observatory.posts")); diff != "" {
		t.Error(diff)
	}
	if got := names(t, s, schema.Database); len(got) != len(schema.Views()) {
		t.Errorf("views %v", got)
	}
}

func TestMigrateCanBeRepeatedAndRaced(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	applied, err := store.Migrate(t.Context(), s.DB(), zap.NewNop())
	if err != nil || len(applied) != 0 {
		t.Fatalf("again: %v, %v", applied, err)
	}
	if err := s.DB().Exec(t.Context(), "DROP DATABASE "+schema.StoreDatabase); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := store.Migrate(t.Context(), s.DB(), zap.NewNop()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	known, err := store.Migrations()
	if err != nil {
		t.Fatal(err)
	}
	if version, err := store.Version(t.Context(), s.DB()); err != nil || int(version) != len(known) {
		t.Errorf("version %d, %v", version, err)
	}
}

func TestANewerStoreIsRefused(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	if err := s.DB().Exec(t.Context(), "INSERT INTO observatory_store.migrations VALUES (9000, 'tomorrow', now())"); err != nil {
		t.Fatal(err)
	}
	_, err := store.Migrate(t.Context(), s.DB(), zap.NewNop())
	if !errors.Is(err, store.ErrNewer) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}

// A store of each earlier version, with posts in it, becomes what this version makes, and
// shows them.
func TestStoresOfEarlierVersionsAreUpgraded(t *testing.T) {
	t.Parallel()
	s, e := open(t)
	known, err := store.Migrations()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, name := range names(t, s, schema.StoreDatabase) {
		want[name] = show(t, s, schema.StoreDatabase+"."+name)
	}
	for from := 1; from < len(known); from++ {
		for _, name := range names(t, s, schema.Database) {
			ask(t, e, "DROP VIEW "+schema.Database+"."+name)
		}
		ask(t, e, "DROP DATABASE "+schema.StoreDatabase+" SYNC")
		ask(t, e, "CREATE DATABASE "+schema.StoreDatabase)
		for _, m := range known[:from] {
			for _, statement := range m.Statements {
				ask(t, e, statement)
			}
			ask(t, e, fmt.Sprintf("INSERT INTO observatory_store.migrations VALUES (%d, '%s', now())", m.Number, m.Name))
		}
		// As that version wrote them: the first post stays, the second is deleted.
		for n, deleted := range []bool{false, true} {
			ask(t, e, fmt.Sprintf("INSERT INTO observatory_store.post_rows (platform, post_id, account_id, version, deleted, kind, created_at, text, `links.url`, `links.canonical`, `links.domain`, `links.unresolved`, `links.account`) VALUES ('x', '%s', '%s', 1, %t, 'post', '2023-11-14 22:13:20', 't', ['u', 'v'], ['', ''], ['d', 'd'], [false, false], [toUUID('%[4]s'), toUUID('%[4]s')])",
				numbered(n+1), numbered(n+1001), deleted, uuid.UUID{}))
		}
		ask(t, e, fmt.Sprintf("INSERT INTO observatory_store.tombstone_rows (platform, post_id, account_id, version) VALUES ('x', '%s', '%s', 1)", numbered(2), numbered(1002)))
		applied, err := store.Migrate(t.Context(), s.DB(), zap.NewNop())
		if err != nil || len(applied) != len(known)-from {
			t.Fatalf("from version %d: %d migrations, %v", from, len(applied), err)
		}
		for name, statement := range want {
			if diff := cmp.Diff(statement, show(t, s, schema.StoreDatabase+"."+name)); diff != "" {
				t.Errorf("from version %d: %s is another (-new +upgraded):\n%s", from, name, diff)
			}
		}
		write(t, s.NewWriter(), 3, tag.Event{Post: sharing(3)})
		if got := ask(t, e, "SELECT (SELECT count() FROM observatory.posts), (SELECT count() FROM observatory.links), (SELECT count() FROM observatory.tombstones), (SELECT count() FROM observatory.posts WHERE post_id = '"+numbered(1).String()+"')"); got != "2\t4\t1\t1" {
			t.Errorf("from version %d: %s", from, got)
		}
	}
}
