package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/election-observatory/observatory/internal/app"
	"github.com/election-observatory/observatory/internal/eventlog"
	"github.com/election-observatory/observatory/test/fixture"
)

// TestAFullDiskIsSaidAndCostsNothing runs out of room twice: first the log takes
// no more, then nothing at all can be written while an import runs.
func TestAFullDiskIsSaidAndCostsNothing(t *testing.T) {
	t.Parallel()
	first, second := jetstreamFile(t, 7, 30_000), jetstreamFile(t, 8, 40_000)
	p := newBuilt(t)
	disk := mountDisk(t, p.data)
	least := eventlog.DefaultBrokerConfig().MinFreeBytes
	disk.resize(least + 1<<20)
	ends, stop := p.up()

	p.refused(1, "make room", "import", "--format", "jetstream", first)
	if health := diskHealth(t, ends.Page); health.OK || !strings.Contains(health.Error, "make room") {
		t.Errorf("health says %+v", health)
	}
	if got := p.run("status"); !strings.Contains(got, "is full") {
		t.Errorf("status says\n%s", got)
	}
	disk.resize(least + 300<<20)
	if health := diskHealth(t, ends.Page); !health.OK {
		t.Errorf("with room again health says %+v", health)
	}
	p.imports("jetstream", first)

	importing := p.start("import", "--format", "jetstream", second)
	before := app.Dir(p.data).LogBytes()
	waitFor(t, "the log to grow", func() bool { return app.Dir(p.data).LogBytes() > before || importing.ended() })
	disk.fill()
	waitFor(t, "the import to say why it waits", func() bool { return strings.Contains(importing.said(), "full") || importing.ended() })
	// The engine may end when it cannot write, and is started again.
	waitFor(t, "status to answer with a full disk", func() bool { return p.runWith("", "status").code == 0 })
	disk.empty()
	waitFor(t, "the import to go on with room again", importing.ended)
	if err := importing.wait(); err != nil && !strings.Contains(importing.said(), "make room") {
		t.Errorf("the import ended with %v:\n%s", err, importing.said())
	}
	p.imports("jetstream", second)
	stop()

	calm := newBuilt(t)
	if err := os.CopyFS(filepath.Join(calm.data, "keys"), os.DirFS(filepath.Join(p.data, "keys"))); err != nil {
		t.Fatal(err)
	}
	calm.imports("jetstream", first, second)
	if diff := cmp.Diff(calm.relations(), p.relations()); diff != "" {
		t.Errorf("a full disk makes a difference (-undisturbed +full):\n%s", diff)
	}
}

// relations are a digest of every relation's rows, less the columns that tell
// how they came.
func (p *program) relations() string {
	p.t.Helper()
	except := map[string]string{"posts": "imported_at, _partition, _offset"}
	var queries []string
	for _, name := range []string{"posts", "links", "actions", "tombstones", "identities", "post_refs", "accounts", "coverage", "hourly"} {
		columns := "*"
		if except[name] != "" {
			columns += " EXCEPT (" + except[name] + ")"
		}
		queries = append(queries, fmt.Sprintf("SELECT '%s' AS relation, count(), sum(cityHash64(toString(tuple(%s)))) FROM %s", name, columns, name))
	}
	return p.ask("SELECT * FROM ("+strings.Join(queries, " UNION ALL ")+") ORDER BY relation", "--user", "custodian")
}

func jetstreamFile(t *testing.T, seed uint64, events int) string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "events.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if err := fixture.Jetstream(f, seed, events); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

// smallDisk is a file system of its own, in memory.
type smallDisk struct {
	t  *testing.T
	at string
}

func mountDisk(t *testing.T, at string) *smallDisk {
	t.Helper()
	if err := os.MkdirAll(at, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", at, "tmpfs", 0, "size=64m"); err != nil {
		t.Skipf("no small disk can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(at, syscall.MNT_DETACH) })
	return &smallDisk{t, at}
}

func (d *smallDisk) resize(size int64) {
	d.t.Helper()
	if err := syscall.Mount("tmpfs", d.at, "tmpfs", syscall.MS_REMOUNT, fmt.Sprintf("size=%d", size)); err != nil {
		d.t.Fatal(err)
	}
}

func (d *smallDisk) ballast() string { return filepath.Join(d.at, "ballast") }

// fill leaves not a byte.
func (d *smallDisk) fill() {
	d.t.Helper()
	f, err := os.Create(d.ballast())
	if err != nil {
		d.t.Fatal(err)
	}
	for piece := make([]byte, 1<<20); ; {
		if _, err := f.Write(piece); err != nil {
			if len(piece) == 1 {
				break
			}
			piece = piece[:len(piece)/2]
		}
	}
	_ = f.Close()
}

func (d *smallDisk) empty() {
	d.t.Helper()
	if err := os.Remove(d.ballast()); err != nil {
		d.t.Fatal(err)
	}
}

// diskHealth is what health says of the disk. It does not ask again within a
// second.
func diskHealth(t *testing.T, page string) app.Answer {
	t.Helper()
	time.Sleep(1100 * time.Millisecond)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, page+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // It is read below.
	var told app.Report
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&told); err != nil {
		t.Fatal(err)
	}
	if told.Healthy != (response.StatusCode == http.StatusOK) {
		t.Errorf("status %d, and healthy is %v", response.StatusCode, told.Healthy)
	}
	for _, part := range told.Parts {
		if part.Part == diskCheck {
			return part
		}
	}
	t.Fatalf("health does not tell of the disk: %+v", told)
	return app.Answer{}
}

// running is a command that runs beside the test.
type running struct {
	mu    sync.Mutex
	text  strings.Builder
	done  chan struct{}
	ended func() bool
	kill  func() // With kill -9; its children end by themselves.
	err   error
}

// Write keeps what the command says.
func (r *running) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(b)
}

func (r *running) said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func (r *running) wait() error {
	<-r.done
	return r.err
}

func (p *program) start(args ...string) *running {
	p.t.Helper()
	r := &running{done: make(chan struct{})}
	cmd := p.command(args...)
	cmd.Stdout, cmd.Stderr = r, r
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.ended = func() bool { return ctx.Err() != nil }
	r.kill = func() { _ = syscall.Kill(cmd.Process.Pid, syscall.SIGKILL) }
	go func() {
		r.err = cmd.Wait()
		cancel()
		close(r.done)
	}()
	p.t.Cleanup(func() {
		if !r.ended() {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
		<-r.done
	})
	return r
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("waited two minutes for %s", what)
}

// Collectors stand still before the disk is full, say so, and go on with room.
func TestCollectorsStandStillBeforeTheDiskIsFull(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		select {
		case asked <- struct{}{}:
		default:
		}
		_, _ = fmt.Fprint(w, "<rss version='2.0'><channel><title>t</title></channel></rss>")
	}))
	t.Cleanup(server.Close)
	p := newProgram(t)
	disk := mountDisk(t, p.data)
	least := eventlog.DefaultBrokerConfig().MinFreeBytes
	disk.resize(least + 400<<20)
	p.env = append(p.env, "OBSERVATORY_CONFIG="+written(t, "study.yaml", "fetch: {allow_private: true, min_interval: 1s, max_interval: 1s}\nfeeds:\n  - url: "+server.URL+"/feed\n"))
	up := p.start("up", "--listen-clickhouse=127.0.0.1:0", "--listen-page=127.0.0.1:0", "--listen-kafka=127.0.0.1:0")
	waitFor(t, "the addresses to be told", func() bool {
		ends, ok := app.Dir(p.data).ReadEndpoints()
		return ok && ends.PID > 0 || up.ended()
	})
	waitFor(t, "coverage of the feed", func() bool {
		return up.ended() || p.runWith("", "query", "--format", "TSV", "SELECT countIf(connected) > 0 FROM coverage").out == "1\n"
	})
	disk.resize(least + 10<<20)
	waitFor(t, "the collectors to stand still", func() bool { return strings.Contains(up.said(), "collectors stand still") || up.ended() })
	for len(asked) > 0 {
		<-asked
	}
	time.Sleep(3 * time.Second)
	if n := len(asked); n > 0 {
		t.Errorf("the feed was asked %d times meanwhile", n)
	}
	disk.resize(least + 400<<20)
	waitFor(t, "the collectors to go on", func() bool { return strings.Contains(up.said(), "collectors go on") && len(asked) > 0 || up.ended() })
	waitFor(t, "the gap to be stated", func() bool {
		return up.ended() || p.runWith("", "query", "--format", "TSV", "SELECT count(), any(dateDiff('second', from, to) BETWEEN 3 AND 120) FROM missing WHERE kind = 'gap' AND reason = 'disk_full'").out == "1\t1\n"
	})
	if up.ended() {
		t.Errorf("it ended:\n%s", up.said())
	}
}
