package store_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/processors/store"
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
