package fetch

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// near asks servers on this machine without pauses.
func near() Config {
	cfg := DefaultConfig()
	cfg.AllowPrivate, cfg.HostInterval = true, 0
	return cfg
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server
}

// page answers what is no robots.txt.
func page(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		h(w, r)
	}
}

// trap listens on this machine and counts who connects.
type trap struct {
	net.Listener
	connections atomic.Int64
}

func newTrap(t *testing.T, address string) *trap {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Skipf("nothing can listen on %s: %v", address, err)
	}
	tr := &trap{Listener: l}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			tr.connections.Add(1)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	return tr
}

func (tr *trap) port() string {
	_, port, _ := net.SplitHostPort(tr.Addr().String())
	return port
}

// sprung says whether anybody connected, once whoever did had time to be seen:
// it connects itself, and waits until that was counted.
func (tr *trap) sprung(t *testing.T) bool {
	t.Helper()
	before := tr.connections.Load()
	conn, err := net.Dial("tcp", tr.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for tr.connections.Load() == before {
		time.Sleep(time.Millisecond)
	}
	return tr.connections.Load() > 1
}
