//go:build spaceloop

package engine_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
)

func TestZZSpace(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "zz")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	size := "96m"
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skip(err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	e := enginetest.Start(t, func(c *engine.Config) { c.Dir = filepath.Join(dir, "store") })
	seconds, _ := strconv.Atoi(os.Getenv("ZZ_SECONDS"))
	settings := os.Getenv("ZZ_SETTINGS")
	if settings == "" {
		settings = "fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456"
	}
	settings += os.Getenv("ZZ_MORE")
	noopt := os.Getenv("ZZ_NOOPT") != ""
	until := time.Now().Add(time.Duration(seconds) * time.Second)
	rounds, broken, lost, insertErr, deaths := 0, 0, 0, 0, 0
	for time.Now().Before(until) {
		rounds++
		name := fmt.Sprint("z", rounds)
		if _, err := e.Ask(engine.RoleOwner, "CREATE TABLE observatory."+name+" (a UInt64, b String, c UInt64 CODEC(ZSTD(1)), d Array(LowCardinality(String)), e Nullable(UInt64), f DateTime64(3) CODEC(Delta, ZSTD(1)), INDEX i f TYPE minmax GRANULARITY 1) ENGINE = ReplacingMergeTree(c) ORDER BY a SETTINGS "+settings); err != nil {
			t.Fatal(err)
		}
		var acked sync.Map
		var next, nacked, nfail atomic.Int64
		var stop atomic.Bool
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				for !stop.Load() {
					first := next.Add(300) - 300
					_, err := e.Ask(engine.RoleOwner, fmt.Sprintf("INSERT INTO observatory.%s SELECT number, randomPrintableASCII(60), number, [toString(number %% 7)], number, number FROM numbers(%d, 300)", name, first))
					if err == nil {
						acked.Store(first, true)
						nacked.Add(1)
					} else {
						nfail.Add(1)
						time.Sleep(2 * time.Millisecond)
					}
				}
			})
		}
		if !noopt {
			wg.Go(func() {
				for !stop.Load() {
					if _, err := e.Ask(engine.RoleOwner, "OPTIMIZE TABLE observatory."+name+" FINAL"); err != nil {
						time.Sleep(2 * time.Millisecond)
					}
				}
			})
		}
		cycles := 3
		var watch sync.WaitGroup
		var stopWatch atomic.Bool
		if os.Getenv("ZZ_NOW") != "" {
			watch.Go(func() {
				for !stopWatch.Load() {
					select {
					case <-e.Ended():
						deaths++
						e.Kill()
					case <-time.After(10*time.Millisecond):
					}
				}
			})
		}
		for range cycles {
			time.Sleep(time.Duration(50+rand.IntN(300)) * time.Millisecond)
			hold := time.Duration(20+rand.IntN(300)) * time.Millisecond
			ballast := filepath.Join(dir, "ballast")
			f, _ := os.Create(ballast)
			end := time.Now().Add(hold)
			keep := rand.IntN(2) == 0
			for piece := make([]byte, 1<<20); ; {
				if _, err := f.Write(piece); err != nil {
					if len(piece) == 1 {
						if !keep || time.Now().After(end) {
							break
						}
						time.Sleep(time.Millisecond)
						piece = make([]byte, 1<<16)
						continue
					}
					piece = piece[:len(piece)/2]
				}
			}
			f.Close()
			if left := time.Until(end); left > 0 {
				time.Sleep(left)
			}
			os.Remove(ballast)
		}
		stopWatch.Store(true)
		watch.Wait()
		select {
		case <-e.Ended():
			deaths++
			e.Kill()
		default:
		}
		before := nacked.Load()
		for i := 0; i < 200 && nacked.Load() < before+3; i++ {
			time.Sleep(10 * time.Millisecond)
		}
		stop.Store(true)
		wg.Wait()
		insertErr += int(nfail.Load())
		check := func() (string, int) {
			got, err := e.Ask(engine.RoleOwner, "SELECT intDiv(a, 300) * 300 AS first, count(), sum(cityHash64(*)) FROM observatory."+name+" GROUP BY first")
			if err != nil {
				return err.Error(), -1
			}
			there := map[int64]string{}
			for line := range strings.Lines(got) {
				p := strings.Split(strings.TrimSpace(line), "\t")
				at, _ := strconv.ParseInt(p[0], 10, 64)
				there[at] = p[1]
			}
			missing := 0
			acked.Range(func(k, _ any) bool {
				if there[k.(int64)] != "300" {
					missing++
				}
				return true
			})
			return "", missing
		}
		text, missing := check()
		if text != "" || missing > 0 {
			broken++
			t.Logf("round %d: acked %d: missing %d %.400s", rounds, nacked.Load(), missing, text)
			parts, _ := e.Ask(engine.RoleOwner, "SELECT name, active, part_type, rows, bytes_on_disk FROM system.parts WHERE table = '"+name+"' AND active ORDER BY modification_time")
			t.Log("\n" + parts)
			if os.Getenv("ZZ_LS") != "" {
				paths, _ := e.Ask(engine.RoleOwner, "SELECT path FROM system.parts WHERE table = '"+name+"' AND active")
				for p := range strings.Lines(paths) {
					entries, _ := os.ReadDir(strings.TrimSpace(p))
					for _, x := range entries {
						i, _ := x.Info()
						t.Log(filepath.Base(filepath.Dir(strings.TrimSpace(p)+"x")), x.Name(), i.Size(), i.ModTime().Format("05.000"))
					}
				}
			}
		}
		if text != "" || missing > 0 || rounds%10 == 0 {
			e.Kill()
			text, missing = check()
			if text != "" || missing > 0 {
				lost++
				t.Logf("round %d AFTER RESTART: missing %d %.300s", rounds, missing, text)
			}
		}
		e.Ask(engine.RoleOwner, "DROP TABLE observatory."+name+" SYNC")
	}
	t.Logf("RESULT deaths %d rounds %d broken %d lost-after-restart %d insert errors %d settings %s", deaths, rounds, broken, lost, insertErr, settings)
}
