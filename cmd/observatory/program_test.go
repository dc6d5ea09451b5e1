package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/election-observatory/observatory/cmd/observatory/study"
	"github.com/election-observatory/observatory/internal/app"
	"github.com/election-observatory/observatory/internal/engine/chdb"
)

// TestMain makes the test binary the program when its first argument is no flag
// of a test: then the program's children are the program as well.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		os.Exit(0)
	}
	code := m.Run()
	_ = os.RemoveAll(builtIn)
	os.Exit(code)
}

// builtIn is where the program was built; empty while no test has needed it.
var builtIn string

const asProgram = "PROGRAM_UNDER_TEST"

// program runs the observatory on one data directory.
type program struct {
	t    *testing.T
	path string // Of the program.
	data string
	env  []string
}

func newProgram(t *testing.T) *program {
	t.Helper()
	return &program{t: t, path: os.Args[0], data: filepath.Join(t.TempDir(), "data"), env: []string{study.EnvEngine + "=" + library(t)}}
}

// newBuilt is as newProgram, of the program as it is built: for tests of much data, which
// would take several times as long under the race detector.
func newBuilt(t *testing.T) *program {
	t.Helper()
	p := newProgram(t)
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	p.path = path
	return p
}

// built builds the program once, and says where it is.
var built = sync.OnceValues(func() (string, error) {
	var err error
	if builtIn, err = os.MkdirTemp("", "observatory"); err != nil {
		return "", err
	}
	path := filepath.Join(builtIn, "observatory")
	build := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // As make build does.
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, said)
	}
	return path, nil
})

// library finds the engine in bin.
func library(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../bin/" + chdb.FileName)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no engine: run make build first")
		}
		t.Skip("no engine: run make build first")
	}
	return path
}

// testData is the path of a recording, or skips the test.
func testData(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("OBSERVATORY_TESTDATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	path, err := filepath.Abs(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no recording %s: OBSERVATORY_TESTDATA may name their folder", name)
	}
	return path
}

type ended struct {
	out, errs string
	code      int
}

func (p *program) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), p.path, append([]string{"--data", p.data}, args...)...)
	cmd.Env = append(append(os.Environ(), asProgram+"=1"), p.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Dir = p.t.TempDir() // Where no observatory.yaml is.
	return cmd
}

func (p *program) runWith(stdin string, args ...string) ended {
	p.t.Helper()
	cmd := p.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	return ended{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// run runs a command that must succeed and returns what it wrote.
func (p *program) run(args ...string) string {
	p.t.Helper()
	e := p.runWith("", args...)
	if e.code != 0 {
		p.t.Fatalf("%s: exit %d: %s", strings.Join(args, " "), e.code, e.errs)
	}
	return e.out
}

// refused runs a command that must fail with a code and one line that names
// something.
func (p *program) refused(code int, says string, args ...string) {
	p.t.Helper()
	e := p.runWith("", args...)
	lines := strings.Split(strings.TrimSpace(e.errs), "\n")
	last := lines[len(lines)-1]
	if e.code != code || !strings.Contains(last, says) || !strings.HasPrefix(last, "observatory: ") || strings.Contains(e.errs, "goroutine ") {
		p.t.Errorf("%s: exit %d, not %d, or its last line does not name %q:\n%s", strings.Join(args, " "), e.code, code, says, e.errs)
	}
}

func (p *program) ask(sql string, flags ...string) string {
	p.t.Helper()
	return strings.TrimSpace(p.run(append([]string{"query", "--format", "TSV", sql}, flags...)...))
}

func (p *program) imports(format string, args ...string) summary {
	p.t.Helper()
	out := p.run(append([]string{"import", "--json", "--format", format}, args...)...)
	var sum summary
	if err := json.Unmarshal([]byte(out), &sum); err != nil {
		p.t.Fatalf("%v in %q", err, out)
	}
	return sum
}

// up runs 'observatory up' until the test ends, or stop is called.
func (p *program) up(args ...string) (ends app.Endpoints, stop func()) {
	p.t.Helper()
	cmd := p.command(append([]string{"up", "--listen-clickhouse=127.0.0.1:0", "--listen-page=127.0.0.1:0", "--listen-kafka=127.0.0.1:0"}, args...)...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-done:
			if err != nil {
				p.t.Errorf("up ended with %v:\n%s", err, log.String())
			}
		case <-time.After(2 * time.Minute):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			p.t.Error("up did not end within two minutes")
		}
	}
	p.t.Cleanup(func() { // After it has ended.
		if text := log.String(); p.t.Failed() {
			const most = 8 << 10
			p.t.Logf("up said:\n%s", text[max(0, len(text)-most):])
		}
	})
	p.t.Cleanup(stop)
	for range 1200 {
		if ends, ok := app.Dir(p.data).ReadEndpoints(); ok && answers(context.Background(), ends.Page+"/healthz") {
			return ends, stop
		}
		select {
		case err := <-done:
			stopped = true
			p.t.Fatalf("up ended with %v:\n%s", err, log.String())
		case <-time.After(100 * time.Millisecond):
		}
	}
	p.t.Fatal("up is not healthy after two minutes")
	return ends, stop
}
