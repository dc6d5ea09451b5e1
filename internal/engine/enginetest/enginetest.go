// Package enginetest gives tests a real engine: a child process of the test
// binary, on a directory and a port of its own.
//
//	func TestMain(m *testing.M) { enginetest.Main(m) }
//
//	func TestX(t *testing.T) {
//		e := enginetest.Start(t)
//		… e.URL, e.Password(engine.RoleOwner) …
//	}
package enginetest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/chdb"
	"github.com/election-observatory/observatory/schema"
)

const envChild = "OBSERVATORY_ENGINETEST_CHILD"

// Main runs the tests, or the engine where the process is a child of one.
func Main(m *testing.M) {
	if text := os.Getenv(envChild); text != "" {
		os.Exit(serve(text))
	}
	os.Exit(m.Run())
}

// Config is what tests serve: every relation of the contract, a password for
// every role, and researchers without one.
func Config(dir string) engine.Config {
	cfg := engine.DefaultConfig()
	cfg.Dir, cfg.Anonymous, cfg.Passwords = dir, engine.RoleResearcher, map[engine.Role]string{}
	for _, role := range engine.Roles() {
		cfg.Passwords[role] = Password(role)
	}
	for _, view := range schema.Views() {
		if view.Restricted {
			cfg.Restricted = append(cfg.Restricted, view.Name)
		} else {
			cfg.Relations = append(cfg.Relations, view.Name)
		}
	}
	cfg.Aggregates = []string{"hourly", "coverage"}
	return cfg
}

// Password is the password of a role in tests.
func Password(role engine.Role) string { return string(role) + "-in-tests" }

func serve(text string) int {
	var cfg engine.Config
	if err := json.Unmarshal([]byte(text), &cfg); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	ln, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() { // The end of the test is the end of the engine.
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	if err := engine.Serve(ctx, ln, cfg, zap.NewNop()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// Engine is a running engine.
type Engine struct {
	URL string
	Dir string

	t   testing.TB
	cfg engine.Config
	ln  *os.File
	cmd *exec.Cmd
	in  io.Closer

	ended chan struct{} // Closed when the process has ended.
}

// Start starts an engine and ends it with the test. Without the library it
// skips the test, and fails it where CI is set.
func Start(tb testing.TB, change ...func(*engine.Config)) *Engine {
	tb.Helper()
	e := &Engine{t: tb, Dir: tb.TempDir()}
	e.cfg = Config(e.Dir)
	e.cfg.Library = Library(tb)
	for _, f := range change {
		f(&e.cfg)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // It ends with the test.
	if err != nil {
		tb.Fatal(err)
	}
	e.URL = "http://" + ln.Addr().String()
	if e.ln, err = ln.(*net.TCPListener).File(); err != nil {
		tb.Fatal(err)
	}
	_ = ln.Close()
	e.start()
	tb.Cleanup(e.end)
	return e
}

// Library finds the engine in bin, which is beside the program and not beside
// a test binary. Without one it skips the test, and fails it where CI is set.
func Library(tb testing.TB) string {
	tb.Helper()
	for dir, last := ".", ""; ; dir = filepath.Join(dir, "..") {
		path, err := filepath.Abs(filepath.Join(dir, "bin", chdb.FileName))
		if err != nil || path == last {
			break
		}
		if _, err := os.Stat(path); err == nil {
			return path
		}
		last = path
	}
	if path, err := chdb.Find(""); err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		tb.Fatal("no engine: run make build first")
	}
	tb.Skip("no engine: run make build first")
	return ""
}

func (e *Engine) start() {
	text, err := json.Marshal(e.cfg)
	if err != nil {
		e.t.Fatal(err)
	}
	e.cmd = exec.CommandContext(context.Background(), os.Args[0])
	e.cmd.Env = append(os.Environ(), envChild+"="+string(text), "TZ=UTC")
	e.cmd.ExtraFiles = []*os.File{e.ln}
	e.cmd.Stderr = os.Stderr
	if e.in, err = e.cmd.StdinPipe(); err != nil {
		e.t.Fatal(err)
	}
	if err := e.cmd.Start(); err != nil {
		e.t.Fatal(err)
	}
	cmd, ended := e.cmd, make(chan struct{})
	e.ended = ended
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	for range 20 { // A connection that its predecessor left open may be tried first.
		if _, err = e.Ask(engine.RoleResearcher, "SELECT 1"); err == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	e.t.Fatal("the engine does not answer: ", err)
}

func (e *Engine) end() {
	_ = e.in.Close()
	<-e.ended
	_ = e.ln.Close()
}

// PID is the number of the engine's process.
func (e *Engine) PID() int { return e.cmd.Process.Pid }

// Ended is closed when the engine's process has ended, by itself or otherwise.
// Requests then wait until Kill starts another.
func (e *Engine) Ended() <-chan struct{} { return e.ended }

// Kill kills the engine as hard as a machine can, unless it has ended, and
// starts it again on the same directory and port.
func (e *Engine) Kill() {
	_ = e.cmd.Process.Kill()
	<-e.ended
	e.start()
}

// Ask sends a statement as a role and returns the answer. An answer other than
// 200 is an error with its text.
func (e *Engine) Ask(role engine.Role, statement string, params ...string) (string, error) {
	values := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		values.Set(params[i], params[i+1])
	}
	client := http.Client{Timeout: 2 * time.Minute}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, e.URL+"/?"+values.Encode(), strings.NewReader(statement))
	if err != nil {
		return "", err
	}
	if role != "" {
		r.SetBasicAuth(string(role), Password(role))
	}
	response, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close() //nolint:errcheck // The body was read.
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("status %d: %s", response.StatusCode, body)
	}
	return string(body), nil
}
