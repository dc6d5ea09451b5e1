package broker

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/zap/zaptest"

	"github.com/election-observatory/observatory/internal/eventlog/wire"
)

// running is a broker within the test.
type running struct {
	client *kafka.Client
	addr   string
	cancel context.CancelFunc
	done   chan error
}

func serveDir(t *testing.T, dir string, change ...func(*Config)) *running {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := DefaultConfig()
	cfg.Dir, cfg.RetentionCheck, cfg.MinFreeBytes = dir, 20*time.Millisecond, 1
	for _, f := range change {
		f(&cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{addr: ln.Addr().String(), cancel: cancel, done: make(chan error, 1)}
	log := zaptest.NewLogger(t)
	go func() { r.done <- Serve(ctx, ln, cfg, log) }()
	transport := &kafka.Transport{MetadataTTL: 200 * time.Millisecond}
	r.client = &kafka.Client{Addr: kafka.TCP(r.addr), Timeout: 10 * time.Second, Transport: transport}
	t.Cleanup(func() {
		cancel()
		_ = r.wait()
		transport.CloseIdleConnections()
	})
	return r
}

// refused waits until the broker ended by itself, and says why.
func (r *running) refused(t *testing.T) error {
	t.Helper()
	select {
	case err := <-r.done:
		r.done <- err
		return err
	case <-time.After(time.Minute):
		t.Fatal("the broker serves")
		return nil
	}
}

// wait waits until the broker ended, and says why. It may be called again.
func (r *running) wait() error {
	err := <-r.done
	r.done <- err
	return err
}

func (r *running) close(t *testing.T) {
	t.Helper()
	r.cancel()
	if err := r.wait(); err != nil {
		t.Fatal(err)
	}
}

func (r *running) topic(t *testing.T, settings ...kafka.ConfigEntry) {
	t.Helper()
	res, err := r.client.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{
		{Topic: "t.v1", NumPartitions: 1, ReplicationFactor: 1, ConfigEntries: settings},
	}})
	if err != nil || res.Errors["t.v1"] != nil {
		t.Fatal(err, res)
	}
}

func batchOf(t *testing.T, producerID int64, sequence int32, vals ...string) []byte {
	t.Helper()
	e, err := wire.NewEncoder(wire.None)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vals {
		e.Add(nil, []byte(v))
	}
	b, err := e.Finish(time.Now().UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	wire.Stamp(b, producerID, 0, sequence)
	return b
}

// send appends a batch and returns its offset.
func (r *running) send(t *testing.T, b []byte) (int64, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	res, err := r.client.RawProduce(ctx, &kafka.RawProduceRequest{
		Topic: "t.v1", RequiredAcks: kafka.RequireAll, RawRecords: protocol.RawRecordSet{Reader: bytes.NewReader(b)},
	})
	if err != nil {
		return 0, err
	}
	return res.BaseOffset, res.Error
}

func (r *running) mustSend(t *testing.T, b []byte) int64 {
	t.Helper()
	offset, err := r.send(t, b)
	if err != nil {
		t.Fatal(err)
	}
	return offset
}

func (r *running) ends(t *testing.T) (start, end int64) {
	t.Helper()
	conn, err := wire.Dial(t.Context(), r.addr, "test", "t.v1", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if start, err = conn.ListOffset(wire.Earliest); err != nil {
		t.Fatal(err)
	}
	if end, err = conn.ListOffset(wire.Latest); err != nil {
		t.Fatal(err)
	}
	return start, end
}

func TestServe_SecondBrokerOnADirectoryIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := serveDir(t, dir)
	first.topic(t)
	err := serveDir(t, dir).refused(t)
	if err == nil || !strings.Contains(err.Error(), "another broker serves the log in "+dir) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v", err)
	}
	first.close(t)
	again := serveDir(t, dir)
	again.ends(t)
	again.close(t)
}

// A failed write must not be followed by an acknowledgement, neither of the
// batch nor of its repetition.
func TestServe_EndsWhenTheDiskFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := serveDir(t, dir)
	r.topic(t)
	if err := os.WriteFile(filepath.Join(dir, "partitions"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.send(t, batchOf(t, 99, 0, "a")); err == nil {
		t.Error("acknowledged what was not written")
	}
	if _, err := r.send(t, batchOf(t, 99, 0, "a")); err == nil {
		t.Error("acknowledged the repetition of what was not written")
	}
	if err := r.refused(t); err == nil || !strings.Contains(err.Error(), "the log cannot be written") {
		t.Errorf("error %v", err)
	}
}

func TestServe_RefusesAppendsBeforeTheDiskIsFull(t *testing.T) {
	t.Parallel()
	r := serveDir(t, t.TempDir(), func(c *Config) { c.MinFreeBytes = 1 << 60 })
	r.topic(t)
	for range 3 {
		if _, err := r.send(t, batchOf(t, 99, 0, "a")); err == nil || !strings.Contains(err.Error(), "Kafka Storage Error") {
			t.Errorf("error %v", err)
		}
	}
	if _, end := r.ends(t); end != 0 {
		t.Errorf("the log ends at %d", end)
	}
	r.close(t)
}

func TestServe_SurvivesStrangers(t *testing.T) {
	t.Parallel()
	r := serveDir(t, t.TempDir())
	r.topic(t)
	for name, hello := range map[string]string{
		"browser":      "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"tls":          "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"unknown kind": "\x00\x00\x00\x0a\x7f\xff\x00\x00\x00\x00\x00\x01\x00\x00",
		"huge":         "\x7f\xff\xff\xff\x00\x03\x00\x01",
		"negative":     "\xff\xff\xff\xff\x00\x03\x00\x01",
		"too short":    "\x00\x00\x00\x02\x00\x03",
		"cut":          "\x00\x00\x00\x20\x00\x03\x00\x01",
	} {
		conn, err := net.Dial("tcp", r.addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, hello); err != nil {
			t.Fatal(name, err)
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
		_, _ = io.ReadAll(conn)
		_ = conn.Close()
	}
	r.mustSend(t, batchOf(t, 99, 0, "a"))
	r.close(t)
}

func TestGuardRefusesWhatWouldHurt(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		bytes string
		fine  bool
	}{
		"metadata":      {"\x00\x00\x00\x0a\x00\x03\x00\x01\x00\x00\x00\x01\x00\x00", true},
		"two requests":  {strings.Repeat("\x00\x00\x00\x0a\x00\x03\x00\x01\x00\x00\x00\x01\x00\x00", 2), true},
		"huge":          {"\x7f\xff\xff\xff", false},
		"browser":       {"GET / HTTP/1.1", false},
		"too short":     {"\x00\x00\x00\x02\x00\x03", false},
		"unknown kind":  {"\x00\x00\x00\x0a\x7f\xff\x00\x00", false},
		"unknown later": {"\x00\x00\x00\x0a\x00\x03\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x0a\x7f\xff\x00\x00", false},
	} {
		for _, chunk := range []int{1, 3, 100} {
			c := &guardedConn{}
			var err error
			for b := []byte(tc.bytes); len(b) > 0 && err == nil; {
				n := min(chunk, len(b))
				err = c.follow(b[:n])
				b = b[n:]
			}
			if (err == nil) != tc.fine {
				t.Errorf("%s, %d bytes at a time: %v", name, chunk, err)
			}
		}
	}
}

// Whoever reports a failed write must not be let go on to answer for it.
func TestDiskWatchHoldsTheServerStill(t *testing.T) {
	t.Parallel()
	d := &diskWatch{log: zaptest.NewLogger(t), failed: make(chan error, 1)}
	returned := make(chan struct{})
	go func() {
		d.Logf(kfake.LogLevelWarn, "persist batch %s-%d: %v", "t", 0, "no space left on device")
		close(returned)
	}()
	if err := <-d.failed; err == nil || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("error %v", err)
	}
	select {
	case <-returned:
		t.Error("the server goes on after a failed write")
	case <-time.After(50 * time.Millisecond):
	}
}

func FuzzGuard(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x0a\x00\x03\x00\x01\x00\x00\x00\x01\x00\x00"), 3)
	f.Fuzz(func(t *testing.T, b []byte, chunk int) {
		c := &guardedConn{}
		chunk = max(1, chunk%64)
		for len(b) > 0 {
			n := min(chunk, len(b))
			if c.follow(b[:n]) != nil {
				return
			}
			if c.have > len(c.head) || c.rest < 0 {
				t.Fatalf("state %+v", c)
			}
			b = b[n:]
		}
	})
}
