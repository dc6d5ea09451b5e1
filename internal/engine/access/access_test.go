package access_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/election-observatory/observatory/internal/engine/access"
	"github.com/election-observatory/observatory/internal/engine/chdb"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
	"github.com/election-observatory/observatory/internal/engine/sqltext"
)

// TestChecker is not parallel: it holds the one engine of the process.
func TestChecker(t *testing.T) {
	lib, err := chdb.Load(enginetest.Library(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	root, err := lib.Connect(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"CREATE DATABASE d", "CREATE DATABASE store",
		"CREATE TABLE store.rows (a String, secret String) ENGINE = MergeTree ORDER BY a", "INSERT INTO store.rows VALUES ('a', 'canary')",
		"CREATE TABLE store.ids (id String) ENGINE = MergeTree ORDER BY id", "INSERT INTO store.ids VALUES ('canary')",
		"CREATE VIEW d.posts AS SELECT a FROM store.rows", "CREATE VIEW d.over AS SELECT a FROM d.posts", "CREATE VIEW d.ids AS SELECT id FROM store.ids", "CREATE VIEW d.refs AS SELECT secret FROM store.rows",
		"CREATE VIEW d.since AS SELECT a FROM store.rows WHERE a >= {from:String}",
	} {
		if _, _, err := root.Query(statement, "Null"); err != nil {
			t.Fatal(statement, err)
		}
	}
	checker, err := access.New(root, "d")
	if err != nil {
		t.Fatal(err)
	}
	reader := checker.Reader([]string{"over", "since"})
	filters, err := reader.Filters()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := lib.Connect(dir, map[string]string{"readonly": "1", "additional_table_filters": filters})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("filters hold without the check", func(t *testing.T) { hold(t, conn) })
	t.Run("check", func(t *testing.T) { check(t, conn, reader) })
	t.Run("forget", func(t *testing.T) {
		if _, _, err := root.Query("CREATE TABLE d.later (a String) ENGINE = Memory", "Null"); err != nil {
			t.Fatal(err)
		}
		checker.Forget()
		if err := reader.Check(conn, sqltext.ParseQuery("SELECT * FROM d.later", true), nil); err == nil {
			t.Error("a new relation was permitted")
		}
		if again, err := reader.Filters(); err != nil || !strings.Contains(again, "d.later") {
			t.Error(again, err)
		}
	})
	conn.Close()
	checker.Close()
	lib.Shutdown()
}

// hold asks what the check refuses, on a connection as readers have it: the
// filters leave nothing but what permitted views read.
func hold(t *testing.T, conn *chdb.Conn) {
	t.Helper()
	for _, query := range []string{
		"SELECT * FROM d.ids", "SELECT * FROM store.ids", "SELECT * FROM d.refs", "SELECT 'canary' WHERE 'canary' IN store.ids",
		"SELECT id FROM d.over JOIN store.ids ON 1", "SELECT (SELECT any(id) FROM store.ids)", "WITH x AS (SELECT * FROM d.ids) SELECT * FROM x",
		"SELECT name FROM system.tables WHERE database = 'store'", "SELECT name FROM system.columns WHERE database = 'store'", "SELECT name FROM system.databases WHERE name = 'store'",
		"SHOW TABLES FROM store", "SELECT table_name FROM information_schema.tables WHERE table_schema = 'store'",
	} {
		out, _, err := conn.Query(query, "TSV")
		if err != nil || strings.Trim(string(out), "\n\\N") != "" {
			t.Errorf("%s: %q, %v", query, out, err)
		}
	}
	if out, _, err := conn.Query("SELECT * FROM d.over", "TSV"); err != nil || string(out) != "a\n" {
		t.Errorf("a permitted view: %q, %v", out, err)
	}
}

func check(t *testing.T, conn *chdb.Conn, reader *access.Reader) {
	t.Helper()
	for query, permitted := range map[string]bool{
		"SELECT * FROM d.over":                             true,
		"SELECT * FROM d.since(from = 'a')":                true,
		"SELECT * FROM d.since(from = file('x'))":          false,
		"SELECT * FROM d.ids":                              false,
		"SELECT * FROM store.rows":                         false,
		"SELECT sumMergeStateIf(x, 1) FROM d.over":         true,
		"SELECT fileIf(x, 1) FROM d.over":                  false,
		"SELECT UUID FROM d.over":                          true,
		"SELECT * FROM d.over UUID 'x'":                    false,
		"SELECT 1 // comment '\nFROM d.over UUID 'x' -- '": false,
		"SELECT file FROM d.over":                          false,
		"SELECT o.file FROM d.over AS o":                   true,
	} {
		err := reader.Check(conn, sqltext.ParseQuery(query, true), nil)
		if (err == nil) != permitted {
			t.Errorf("%q: %v", query, err)
		}
	}
}

// TestLists finds dangerous names that slipped in, and a package of another
// version than the one that the lists are for.
func TestLists(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("functions.txt")
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(string(text))
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Error("functions.txt is not sorted, or names one twice")
	}
	for _, name := range names {
		for _, word := range []string{"file", "url(", "sleep", "dictget", "joinget", "remote", "filesystem", "hostname", "macro", "catboost", "python", "exec"} {
			if strings.HasPrefix(name, word) {
				t.Errorf("%s is permitted", name)
			}
		}
	}
	for name := range access.Settings() {
		for _, word := range []string{"schema", "path", "url", "readonly", "filters", "allow_ddl", "max_memory", "max_execution", "introspection", "template", "additional"} {
			if strings.Contains(name, word) {
				t.Errorf("setting %s is permitted", name)
			}
		}
	}
	pinned, err := os.ReadFile(filepath.Join("..", "npm", "package.json"))
	if err != nil || !strings.Contains(string(pinned), `"`+chdb.Version+`-`) {
		t.Errorf("the package is not of version %s: %v", chdb.Version, err)
	}
}
