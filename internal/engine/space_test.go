package engine_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
)

// crowd inserts into a table and merges it until it is told to stop.
type crowd struct {
	e     *enginetest.Engine
	table string
	wait  sync.WaitGroup
	stop  atomic.Bool
	next  atomic.Int64
	acked atomic.Int64
	kept  sync.Map // The first numbers of acknowledged inserts.
}

const crowdRows = 300

func gather(t *testing.T, e *enginetest.Engine, table string) *crowd {
	t.Helper()
	c := &crowd{e: e, table: table}
	if _, err := e.Ask(engine.RoleOwner, `CREATE TABLE observatory.`+table+` (a UInt64, b String, c UInt64 CODEC(ZSTD(1)), d Array(LowCardinality(String)), e DateTime64(3) CODEC(Delta, ZSTD(1)), INDEX i e TYPE minmax GRANULARITY 1)
		ENGINE = ReplacingMergeTree(c) ORDER BY a SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456`); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		c.wait.Go(func() {
			c.repeat(func() error {
				first := c.next.Add(crowdRows) - crowdRows
				_, err := e.Ask(engine.RoleOwner, fmt.Sprintf("INSERT INTO observatory.%s SELECT number, randomPrintableASCII(60), number, [toString(number %% 7)], number FROM numbers(%d, %d)", table, first, crowdRows))
				if err == nil {
					c.kept.Store(fmt.Sprint(first), true)
					c.acked.Add(1)
				}
				return err
			})
		})
	}
	c.wait.Go(func() {
		c.repeat(func() error {
			_, err := e.Ask(engine.RoleOwner, "OPTIMIZE TABLE observatory."+table+" FINAL")
			return err
		})
	})
	return c
}

func (c *crowd) repeat(do func() error) {
	for !c.stop.Load() {
		if err := do(); err != nil {
			time.Sleep(2 * time.Millisecond)
		}
	}
}

// await waits until more inserts were acknowledged, and does for the engine what
// its supervisor would.
func (c *crowd) await(t *testing.T, more int64) {
	t.Helper()
	for until, patience := c.acked.Load()+more, 3000; c.acked.Load() < until; patience-- {
		if patience == 0 {
			t.Fatal("with room again nothing is stored")
		}
		select {
		case <-c.e.Ended():
			c.e.Kill()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// missing reads every column of every row, and counts the acknowledged inserts
// that are not there whole.
func (c *crowd) missing(t *testing.T) (missing int) {
	t.Helper()
	got, err := c.e.Ask(engine.RoleOwner, fmt.Sprintf("SELECT intDiv(a, %d) * %d AS first, count(), sum(cityHash64(*)) FROM observatory.%s GROUP BY first", crowdRows, crowdRows, c.table))
	if err != nil {
		t.Fatalf("with room again it cannot be read: %.300s", err)
	}
	there := map[string]string{}
	for line := range strings.Lines(got) {
		fields := strings.Fields(line)
		there[fields[0]] = fields[1]
	}
	c.kept.Range(func(first, _ any) bool {
		if there[first.(string)] != fmt.Sprint(crowdRows) {
			missing++
		}
		return true
	})
	return missing
}

// TestAFullDiskCostsNoRow fills the disk at any moment of inserts and merges.
func TestAFullDiskCostsNoRow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=96m"); err != nil {
		t.Skipf("no small disk can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	e := enginetest.Start(t, func(c *engine.Config) { c.Dir = filepath.Join(dir, "store") })
	ballast := filepath.Join(dir, "ballast")
	for round := range 4 {
		c := gather(t, e, fmt.Sprint("round", round))
		for range 3 {
			c.await(t, 10)
			time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
			fillDisk(t, ballast)
			time.Sleep(time.Duration(20+rand.IntN(150)) * time.Millisecond)
			if err := os.Remove(ballast); err != nil {
				t.Error(err)
			}
		}
		c.await(t, 5)
		c.stop.Store(true)
		c.wait.Wait()
		if n := c.missing(t); n > 0 {
			t.Errorf("round %d: %d of %d acknowledged inserts are missing", round, n, c.acked.Load())
		}
		e.Kill()
		if n := c.missing(t); n > 0 {
			t.Errorf("round %d: %d of %d acknowledged inserts are missing after a restart", round, n, c.acked.Load())
		}
		if _, err := e.Ask(engine.RoleOwner, "DROP TABLE observatory."+c.table+" SYNC"); err != nil {
			t.Error(err)
		}
	}
}

// TestANearlyFullDiskTakesNothingMore leaves less than what is kept free, then
// has a reader group more in files than the disk holds.
func TestANearlyFullDiskTakesNothingMore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64m"); err != nil {
		t.Skipf("no small disk can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	e := enginetest.Start(t, func(c *engine.Config) {
		c.Dir = filepath.Join(dir, "store")
		c.Readers = engine.Limits{Time: time.Minute, Memory: 400 << 20, Disk: 10 << 30, Threads: 1, Concurrent: 1}
	})
	insert := table(t, e, "near")
	ballast := filepath.Join(dir, "ballast")
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		t.Fatal(err)
	}
	write(t, ballast, strings.Repeat("x", int(disk.Bavail)*int(disk.Bsize)-8<<20))
	if response, body := get(t, "POST", e.URL+insert, string(native(t, 0, 10)), "Authorization", basic(engine.RoleIngest)); response.Header.Get("X-ClickHouse-Exception-Code") != "243" || !strings.Contains(body, "make room") {
		t.Errorf("an insert: %d %s", response.StatusCode, body)
	}
	for statement, refused := range map[string]bool{
		"CREATE TABLE observatory.more (a UInt8) ENGINE = MergeTree ORDER BY a": true,
		"ALTER TABLE observatory.near DELETE WHERE a = 1":                       true,
		"INSERT INTO observatory.near SELECT 1, 'a'":                            true,
		"SELECT count() FROM observatory.near":                                  false,
	} {
		if _, err := e.Ask(engine.RoleOwner, statement); (err != nil) != refused || refused && !strings.Contains(err.Error(), "make room") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	if _, err := e.Ask(engine.RoleOwner, "DROP TABLE observatory.near SYNC"); err != nil {
		t.Errorf("what frees space: %v", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if response, body := get(t, "POST", e.URL, "SELECT toString(number) AS a, count() FROM numbers(20000000) GROUP BY a FORMAT Null"); response.Header.Get("X-ClickHouse-Exception-Code") != "243" {
		t.Errorf("a reader with large files: %d %s", response.StatusCode, body)
	}
	select {
	case <-e.Ended():
		t.Error("the engine ended")
	default:
	}
}
