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

func (p *process) run(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	out, err := os.OpenFile(p.logs, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	// A broker must not outlive the tests, however they end.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", p.name, err)
	}
	p.cmd = cmd
}

// end signals the process and waits for it. It returns what it printed.
func (p *process) end(t testing.TB, sig syscall.Signal) string {
	t.Helper()
	if p.cmd == nil {
		return ""
	}
	cmd := p.cmd
	p.cmd = nil
	if err := cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatalf("signal %s: %v", p.name, err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(40 * time.Second):
		_ = cmd.Process.Kill()
		t.Errorf("%s did not end on %v", p.name, sig)
		<-done
	}
	text, err := os.ReadFile(p.logs)
	if err != nil {
		t.Fatal(err)
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

func newEmbedded(t testing.TB, env ...string) *embedded {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f, err := ln.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	e := &embedded{
		process: process{name: "embedded broker", logs: dir + "/broker.log"},
		dir:     dir + "/log", addr: ln.Addr().String(), ln: f, env: env,
	}
	// The copy stays open, so that the port is kept while the broker is down.
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	e.start(t, 0)
	t.Cleanup(func() {
		text := e.end(t, syscall.SIGKILL)
		_ = f.Close()
		if t.Failed() {
			t.Logf("%s printed:\n%s", e.name, tail(text))
		}
	})
	return e
}

func (e *embedded) brokers() []string { return []string{e.addr} }

func (e *embedded) stop(t testing.TB, _ int) { t.Helper(); e.end(t, syscall.SIGTERM) }
func (e *embedded) kill(t testing.TB, _ int) { t.Helper(); e.end(t, syscall.SIGKILL) }

func (e *embedded) start(t testing.TB, _ int) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe) //nolint:noctx // It lives until it is ended.
	cmd.Env = append(append(os.Environ(), brokerDir+"="+e.dir), e.env...)
	cmd.ExtraFiles = []*os.File{e.ln}
	e.run(t, cmd)
}

func tail(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-30):], "\n")
}

// waitServing waits until a broker answers at the address.
func waitServing(t testing.TB, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
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
			t.Fatalf("no broker at %s: %v", address, err)
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
