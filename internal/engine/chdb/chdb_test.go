package chdb_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/election-observatory/observatory/internal/engine/chdb"
)

// load loads the library of this checkout. There is one engine per process, so
// one test uses it.
func load(t *testing.T) *chdb.Library {
	t.Helper()
	path, err := chdb.Find(filepath.Join("..", "..", "..", "bin", chdb.FileName))
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	if path, err = filepath.Abs(path); err != nil {
		t.Fatal(err)
	}
	lib, err := chdb.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

// TestEngine is not parallel: it holds the one engine of the process.
func TestEngine(t *testing.T) {
	lib := load(t)
	dir := t.TempDir()
	root, err := lib.Connect(dir, map[string]string{"mark_cache_size": "1000000"})
	if err != nil {
		t.Fatal(err)
	}
	query := func(conn *chdb.Conn, text, want string, params ...chdb.Param) {
		t.Helper()
		out, _, err := conn.Query(text, "TSV", params...)
		if err != nil || string(out) != want {
			t.Errorf("%s: %q, %v", text, out, err)
		}
	}
	query(root, "SELECT 40 + 2", "42\n")
	query(root, "SELECT {a:UInt8} + 1, {b:String}", "8\tx\\ty\n", chdb.Param{Name: "a", Value: "7"}, chdb.Param{Name: "b", Value: `x\ty`})
	query(root, "SELECT value FROM system.server_settings WHERE name = 'mark_cache_size'", "1000000\n")
	query(root, "CREATE TABLE t (a UInt64, b String) ENGINE = MergeTree ORDER BY a", "")

	_, _, err = root.Query("SELECT nosuch", "TSV")
	if exception, ok := errors.AsType[*chdb.Error](err); !ok || exception.Code != 47 || !strings.HasPrefix(exception.Message, "Code: 47. DB::Exception: ") {
		t.Errorf("%v", err)
	}

	conn, err := lib.Connect(dir, map[string]string{"readonly": "1", "max_threads": "1"})
	if err != nil {
		t.Fatal(err)
	}
	query(conn, "SELECT getSetting('max_threads')", "1\n")
	if _, _, err := conn.Query("DROP TABLE t", "TSV"); err == nil {
		t.Error("a read-only connection changed something")
	}
	classes(t, conn)
	conn.Close()
	conn.Close()
	inserts(t, root)
	query(root, "SELECT count(), sum(a) FROM t", "2\t3\n")
	faults(t, lib, dir)
	root.Close()
	lib.Shutdown()
}

func classes(t *testing.T, conn *chdb.Conn) {
	t.Helper()
	for text, want := range map[string]struct {
		class chdb.Class
		n     int
	}{
		"SELECT 1":                    {chdb.ClassReadOnly, 1},
		"SELECT 1; SELECT 2":          {chdb.ClassReadOnly, 2},
		"INSERT INTO t VALUES":        {chdb.ClassMutating, 1},
		"CREATE FUNCTION f AS x -> x": {chdb.ClassMutatingGlobal, 1},
		"SET readonly = 0":            {chdb.ClassControl, 1},
		"SELECT 1 INTO OUTFILE 'x'":   {chdb.ClassControl, 1},
		"SELECT ((":                   {chdb.ClassUnknown, 0},
		"":                            {chdb.ClassUnknown, 0},
	} {
		if class, n, err := conn.Classify(text); err != nil || class != want.class || n != want.n {
			t.Errorf("%q: %d, %d, %v", text, class, n, err)
		}
	}
}

func inserts(t *testing.T, conn *chdb.Conn) {
	t.Helper()
	insert, err := conn.Insert("INSERT INTO t", "TSV")
	if err != nil {
		t.Fatal(err)
	}
	for _, piece := range []string{"1\tx", "\n2", "\ty\n"} {
		if _, err := insert.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	if stats, err := insert.Done(); err != nil || stats.WrittenRows != 2 {
		t.Errorf("%+v, %v", stats, err)
	}
	if insert, err = conn.Insert("INSERT INTO t", "TSV"); err != nil {
		t.Fatal(err)
	}
	_, _ = insert.Write([]byte("3\tz\n"))
	insert.Cancel()
	if _, err := conn.Insert("INSERT INTO nosuch", "TSV"); err == nil {
		t.Error("an insert into nothing began")
	}
}

// faults dereferences nil among queries and collections: Go's handlers still
// are Go's, and the process lives.
func faults(t *testing.T, lib *chdb.Library, dir string) {
	t.Helper()
	var wait sync.WaitGroup
	for i := range 4 {
		wait.Go(func() {
			conn, err := lib.Connect(dir, nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			for n := range 20 {
				if _, _, err := conn.Query(fmt.Sprintf("SELECT sum(number) FROM numbers(%d)", 100_000*(i+n)), "TSV"); err != nil {
					t.Error(err)
				}
				if !recovers() {
					t.Error("a nil dereference was not recovered")
				}
				runtime.GC()
			}
		})
	}
	wait.Wait()
}

func recovers() (recovered bool) {
	defer func() { recovered = recover() != nil }()
	var nothing *struct{ n int }
	nothing.n++ //nolint:govet // That is what it is for.
	return false
}

func TestFindNamesWhatItTried(t *testing.T) {
	t.Setenv(chdb.EnvLibrary, "/nowhere/libchdb.so")
	if _, err := chdb.Find("other.so"); err == nil || !strings.Contains(err.Error(), "/nowhere/libchdb.so") || strings.Contains(err.Error(), "other.so") {
		t.Error(err)
	}
	t.Setenv(chdb.EnvLibrary, "")
	if _, err := chdb.Find("other.so"); err == nil || !strings.Contains(err.Error(), "other.so or ") || !strings.Contains(err.Error(), "make build") {
		t.Error(err)
	}
}

// TestLoadRefusesOtherLibraries loads a library that is not the engine.
func TestLoadRefusesOtherLibraries(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/lib/x86_64-linux-gnu/libm.so.6", "/lib64/libm.so.6"} {
		if _, err := os.Stat(path); err != nil {
			continue
		}
		if _, err := chdb.Load(path); err == nil || !strings.Contains(err.Error(), "is not the engine that this program needs") || strings.Contains(err.Error(), "\n") {
			t.Error(err)
		}
		return
	}
	t.Skip("no other library is known here")
}
