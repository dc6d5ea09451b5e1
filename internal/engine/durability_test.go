package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
)

// TestKilledEngineKeepsWhatItAcknowledged kills the engine among inserts and
// reads, again and again.
func TestKilledEngineKeepsWhatItAcknowledged(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	insert := table(t, e, "kept")
	var acknowledged sync.Map
	var next, answers atomic.Int64
	for round := range 3 {
		ctx, stop := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		for range 2 {
			wait.Go(func() {
				for ctx.Err() == nil {
					first := int(next.Add(100)) - 100
					request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL+insert, bytes.NewReader(native(t, first, 100)))
					if err != nil {
						t.Error(err)
						return
					}
					request.SetBasicAuth("ingest", enginetest.Password("ingest"))
					response, err := http.DefaultClient.Do(request)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, response.Body)
					_ = response.Body.Close()
					if response.StatusCode == http.StatusOK {
						acknowledged.Store(first, true)
						answers.Add(1)
					}
				}
			})
		}
		wait.Go(func() {
			for ctx.Err() == nil {
				_, _ = e.Ask(engine.RoleResearcher, "SELECT count() FROM numbers(100000000)") //nolint:contextcheck // It ends with the engine.
			}
		})
		for until, patience := answers.Load()+int64(10+7*round), 600; answers.Load() < until && patience > 0; patience-- {
			time.Sleep(100 * time.Millisecond)
		}
		e.Kill()
		stop()
		wait.Wait()
		missing := 0
		got, err := e.Ask(engine.RoleOwner, "SELECT intDiv(a, 100) * 100 AS first, count() FROM observatory.kept GROUP BY first")
		if err != nil {
			t.Fatal(err)
		}
		there := map[int]string{}
		for line := range strings.Lines(got) {
			first, n, _ := strings.Cut(strings.TrimSpace(line), "\t")
			at, _ := strconv.Atoi(first)
			there[at] = n
		}
		n := 0
		acknowledged.Range(func(first, _ any) bool {
			n++
			if there[first.(int)] != "100" {
				missing++
			}
			return true
		})
		for first, rows := range there {
			if rows != "100" {
				t.Errorf("insert %d left %s of 100 rows", first, rows)
			}
		}
		if missing > 0 || n == 0 {
			t.Errorf("round %d: %d of %d acknowledged inserts are missing", round, missing, n)
		}
	}
}

// TestServeSaysWhatIsWrong starts engines that cannot start.
func TestServeSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	dir := t.TempDir()
	for name, test := range map[string]struct {
		change func(*engine.Config)
		want   []string
	}{
		"second engine": {func(c *engine.Config) { c.Dir = e.Dir }, []string{"another engine holds " + e.Dir, "end it first"}},
		"no library":    {func(c *engine.Config) { c.Library = filepath.Join(dir, "absent.so") }, []string{"absent.so", "run 'make build'"}},
		"no engine":     {func(c *engine.Config) { c.Library = write(t, filepath.Join(dir, "text.so"), "not a library") }, []string{"text.so", "not a library that can be loaded", "run 'make build' again"}},
		"no directory":  {func(c *engine.Config) { c.Dir = filepath.Join(write(t, filepath.Join(dir, "file"), ""), "below") }, []string{"not a directory"}},
		"no database":   {func(c *engine.Config) { c.Database = "a-b" }, []string{"default database"}},
		"bad anonymous": {func(c *engine.Config) { c.Anonymous = engine.RoleOwner }, []string{`cannot be "owner"`}},
		"no limits":     {func(c *engine.Config) { c.Readers.Memory = 0 }, []string{"limit of time, memory"}},
		"bad role":      {func(c *engine.Config) { c.Passwords = map[engine.Role]string{"boss": "x"} }, []string{`no role "boss"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := enginetest.Config(t.TempDir())
			cfg.Library = enginetest.Library(t)
			test.change(&cfg)
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = ln.Close() })
			err = engine.Serve(t.Context(), ln, cfg, zap.NewNop())
			if err == nil || strings.Contains(err.Error(), "\n") {
				t.Fatalf("error: %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFullDisk fills the disk of the engine and makes room again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=96m"); err != nil {
		t.Skipf("no small disk can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	e := enginetest.Start(t, func(c *engine.Config) { c.Dir = filepath.Join(dir, "store") })
	insert := table(t, e, "full")
	ballast := filepath.Join(dir, "ballast")
	var stored int
	send := func() (int, string, string) {
		response, body := get(t, "POST", e.URL+insert, string(native(t, stored, 10_000)), "Authorization", basic(engine.RoleIngest))
		return response.StatusCode, response.Header.Get("X-ClickHouse-Exception-Code"), body
	}
	if status, _, body := send(); status != 200 {
		t.Fatal(body)
	}
	stored += 10_000
	fillDisk(t, ballast)
	status, code, body := send()
	if status == 200 || code != "243" {
		t.Errorf("on a full disk: %d, code %s: %.300s", status, code, body)
	}
	if n, err := e.Ask("", "SELECT 1"); err != nil || n != "1\n" {
		t.Errorf("reading on a full disk: %s %v", n, err)
	}
	e.Kill()
	if n := count(t, e, "full"); n != fmt.Sprint(stored) {
		t.Errorf("%s rows on a full disk", n)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if status, _, body := send(); status != 200 {
		t.Errorf("with room again: %d %s", status, body)
	}
	if n := count(t, e, "full"); n != fmt.Sprint(stored+10_000) {
		t.Errorf("%s rows with room again", n)
	}
}

// fillDisk writes a file until there is no room.
func fillDisk(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // It is ballast.
	for piece := make([]byte, 1<<16); ; {
		if _, err := f.Write(piece); err != nil {
			if len(piece) == 1 {
				return
			}
			piece = piece[:len(piece)/2]
		}
	}
}

// TestEngineIsConfined lets the owner, whom no check stops, ask the engine to
// call and to run something.
func TestEngineIsConfined(t *testing.T) {
	t.Parallel()
	c := guard(t)
	for _, statement := range []string{
		"SELECT * FROM url('http://$LISTEN/', 'LineAsString', 'a String')",
		"SELECT * FROM remote('$LISTEN', system.one)",
		"INSERT INTO FUNCTION url('http://$LISTEN/', 'CSV', 'a String') SELECT 'a'",
		"SELECT * FROM executable('/bin/true', 'TSV', 'a String')",
	} {
		if answer, err := c.Ask(engine.RoleOwner, c.fill(statement), "max_execution_time", "5", "http_max_tries", "1"); err == nil {
			t.Errorf("%s: %s", statement, answer)
		}
		if err := c.safe(""); err != nil {
			t.Errorf("%s: %v", statement, err)
		}
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.PID()))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(status), "Seccomp:\t2") {
		t.Errorf("no filter: %s", status)
	}
}
