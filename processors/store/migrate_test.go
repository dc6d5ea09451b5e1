package store_test

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

// deltaSize is the width that the store adds to a codec by itself.
var deltaSize = regexp.MustCompile(`Delta\([0-9]+\)`)

type column struct{ Name, Type, Comment, Codec string }

func columnsOf(t *testing.T, s *store.Store, database, relation string) []column {
	t.Helper()
	found, err := s.DB().Query(t.Context(), "SELECT name, type, comment, compression_codec FROM system.columns WHERE database = "+store.Quote(database)+" AND table = "+store.Quote(relation)+" ORDER BY position")
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	var columns []column
	for found.Next() {
		var c column
		if err := found.Scan(&c.Name, &c.Type, &c.Comment, &c.Codec); err != nil {
			t.Fatal(err)
		}
		c.Codec = deltaSize.ReplaceAllString(c.Codec, "Delta")
		columns = append(columns, c)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return columns
}

func TestMigrationsMakeWhatTheSchemaDeclares(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	for _, table := range schema.Tables() {
		if diff := cmp.Diff(declared(table.Columns), columnsOf(t, s, schema.StoreDatabase, table.Name)); diff != "" {
			t.Errorf("%s: the migrations differ from the schema (-schema +store):\n%s", table.Name, diff)
		}
		var engine, key, comment string
		row := s.DB().QueryRow(t.Context(), "SELECT engine_full, sorting_key, comment FROM system.tables WHERE database = "+store.Quote(schema.StoreDatabase)+" AND name = "+store.Quote(table.Name))
		if err := row.Scan(&engine, &key, &comment); err != nil {
			t.Fatal(err)
		}
		if got, want := key, strings.Trim(table.OrderBy, "()"); got != want {
			t.Errorf("%s is sorted by %q, not %q", table.Name, got, want)
		}
		if comment != table.Doc || !strings.HasPrefix(engine, table.Engine) {
			t.Errorf("%s: %q, %q", table.Name, engine, comment)
		}
	}
	for _, view := range schema.Views() {
		if diff := cmp.Diff(declared(view.Columns), columnsOf(t, s, schema.Database, view.Name)); diff != "" {
			t.Errorf("%s: the view differs from the schema (-schema +store):\n%s", view.Name, diff)
		}
	}
}

func declared(columns []schema.Column) []column {
	want := make([]column, len(columns))
	for i, c := range columns {
		want[i] = column{Name: c.Name, Type: c.Type, Comment: c.Doc}
		if c.Codec != "" {
			want[i].Codec = "CODEC(" + c.Codec + ")"
		}
	}
	return want
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
