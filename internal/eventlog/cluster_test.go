package eventlog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/election-observatory/observatory/schema"
)

// cluster is a running cluster of brokers, of whatever kind, that tests break.
type cluster interface {
	// brokers are the addresses to start from.
	brokers() []string
	// stop stops a broker in an orderly way, kill at once.
	stop(t testing.TB, i int)
	kill(t testing.TB, i int)
	// start starts a broker that was stopped or killed and waits until it serves.
	start(t testing.TB, i int)
}

// process is one broker process.
type process struct {
	name string
	cmd  *exec.Cmd
	logs string
}

func (p *process) run(tb testing.TB, cmd *exec.Cmd) {
	tb.Helper()
	out, err := os.OpenFile(p.logs, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = out.Close() }() // The process has its own.
	cmd.Stdout, cmd.Stderr = out, out
	// A broker must not outlive the tests, however they end.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		tb.Fatalf("start %s: %v", p.name, err)
	}
	p.cmd = cmd
}

// end signals the process and waits for it. It returns what it printed.
func (p *process) end(tb testing.TB, sig syscall.Signal) string {
	tb.Helper()
	if p.cmd == nil {
		return ""
	}
	cmd := p.cmd
	p.cmd = nil
	if err := cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		tb.Fatalf("signal %s: %v", p.name, err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // How it ended is what the caller asked for.
	}()
	select {
	case <-done:
	case <-time.After(40 * time.Second):
		_ = cmd.Process.Kill()
		tb.Errorf("%s did not end on %v", p.name, sig)
		<-done
	}
	text, err := os.ReadFile(p.logs)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// embedded is the embedded broker as a child process on an inherited socket, as
// it runs in production.
type embedded struct {
	process
	dir  string
	addr string
	ln   *os.File
	env  []string
}

func newEmbedded(tb testing.TB, env ...string) *embedded {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	f, err := ln.(*net.TCPListener).File()
	if err != nil {
		tb.Fatal(err)
	}
	dir := tb.TempDir()
	e := &embedded{
		process: process{name: "embedded broker", logs: dir + "/broker.log"},
		dir:     dir + "/log", addr: ln.Addr().String(), ln: f, env: env,
	}
	// The copy stays open, so that the port is kept while the broker is down.
	if err := ln.Close(); err != nil {
		tb.Fatal(err)
	}
	e.start(tb, 0)
	tb.Cleanup(func() {
		text := e.end(tb, syscall.SIGKILL)
		_ = f.Close()
		if tb.Failed() {
			tb.Logf("%s printed:\n%s", e.name, tail(text))
		}
	})
	return e
}

func (e *embedded) brokers() []string { return []string{e.addr} }

func (e *embedded) stop(tb testing.TB, _ int) { tb.Helper(); e.end(tb, syscall.SIGTERM) }
func (e *embedded) kill(tb testing.TB, _ int) { tb.Helper(); e.end(tb, syscall.SIGKILL) }

func (e *embedded) start(tb testing.TB, _ int) {
	tb.Helper()
	exe, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(append(os.Environ(), brokerDir+"="+e.dir), e.env...)
	cmd.ExtraFiles = []*os.File{e.ln}
	e.run(tb, cmd)
}

func tail(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-30):], "\n")
}

// waitServing waits until a broker answers at the address.
func waitServing(tb testing.TB, address string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 2*time.Minute)
	defer cancel()
	for {
		conn, err := (&kafka.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
		if err == nil {
			_, err = conn.Brokers()
			_ = conn.Close()
		}
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			tb.Fatalf("no broker at %s: %v", address, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// newTopic creates a topic of its own for the test.
func newTopic(t *testing.T, brokers []string, partitions, replication int) string {
	t.Helper()
	topic := fmt.Sprintf("t%d.v1", time.Now().UnixNano())
	spec := schema.Topic{Name: topic, Partitions: partitions, Retention: time.Hour, RetentionBytes: -1}
	if err := EnsureTopics(t.Context(), brokers, []schema.Topic{spec}, replication); err != nil {
		t.Fatal(err)
	}
	return topic
}
