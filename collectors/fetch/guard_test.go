package fetch

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/election-observatory/observatory/schema"
)

// TestPrivateAddressesAreNeverConnectedTo asks for this machine by every name
// that it has, with a listener that would notice.
func TestPrivateAddressesAreNeverConnectedTo(t *testing.T) {
	t.Parallel()
	v4 := newTrap(t, "127.0.0.1:0")
	cfg := DefaultConfig()
	cfg.HostInterval, cfg.DialTimeout = 0, time.Second
	c := New(cfg, time.Now)
	for _, host := range []string{
		"127.0.0.1", "127.1", "127.0.0.1.", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "0", "0.0.0.0",
		"[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25lo]", "[fd00::1]",
		"１２７.０.０.１", "①②⑦.0.0.1", "localhost", "LOCALHOST", "localhost.", "a.localhost", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
	} {
		_, err := c.Get(t.Context(), Request{URL: "http://" + host + ":" + v4.port() + "/"})
		var private *PrivateError
		if !errors.As(err, &private) || OutageOf(err) != schema.OutagePrivate {
			t.Errorf("%s: %v, want a PrivateError", host, err)
		}
	}
	if v4.sprung(t) {
		t.Error("a connection was made")
	}
}

func TestLiteral(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"1.2.3.4": "1.2.3.4", "16909060": "1.2.3.4", "1.2.772": "1.2.3.4", "0x01020304": "1.2.3.4", "01.02.03.04": "1.2.3.4", "09.1.1.1": "",
		"example.org": "", "1.2.3.4.5": "", "1.2.3": "1.2.0.3", "4294967296": "", "256.1.1.1": "", "": "", "1..2": "", "::1": "::1", "0xg": "", "2024.example": "",
	} {
		got, ok := literal(host)
		if ok != (want != "") || (ok && got.String() != want) {
			t.Errorf("%q is %v %v, want %q", host, got, ok, want)
		}
	}
}

// nameServer answers every question for an address with the next of its answers.
type nameServer struct {
	answers []string
	asked   atomic.Int64
}

func (s *nameServer) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		go s.serve(there)
		return here, nil
	}}
}

// serve speaks DNS as over TCP: each message after its length.
func (s *nameServer) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	for {
		head := make([]byte, 2)
		if _, err := conn.Read(head[:1]); err != nil {
			return
		}
		if _, err := conn.Read(head[1:]); err != nil {
			return
		}
		buf := make([]byte, int(head[0])<<8|int(head[1]))
		for n := 0; n < len(buf); {
			m, err := conn.Read(buf[n:])
			if err != nil {
				return
			}
			n += m
		}
		var m dnsmessage.Message
		if m.Unpack(buf) != nil {
			return
		}
		m.Response, m.Authoritative, m.Additionals = true, true, nil
		if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
			n := int(s.asked.Add(1)) - 1
			addr := netip.MustParseAddr(s.answers[min(n, len(s.answers)-1)]).As4()
			m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, Body: &dnsmessage.AResource{A: addr}}}
		}
		out, err := m.Pack()
		if err != nil {
			return
		}
		if _, err := conn.Write(append([]byte{byte(len(out) >> 8), byte(len(out))}, out...)); err != nil {
			return
		}
	}
}

// TestANameThatIsRebound lets a name lead to a server that is allowed, and then
// to one that is not: what it led to before does not matter.
func TestANameThatIsRebound(t *testing.T) {
	t.Parallel()
	inside := newTrap(t, "127.0.0.1:0")
	outside, err := net.Listen("tcp", "127.0.0.2:"+inside.port())
	if err != nil {
		t.Skip(err)
	}
	server := &http.Server{Handler: page(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("outside")) })}
	server.SetKeepAlivesEnabled(false) // So that each request resolves the name.
	go func() { _ = server.Serve(outside) }()
	defer func() { _ = server.Close() }()
	names := &nameServer{answers: []string{"127.0.0.2", "127.0.0.2", "127.0.0.1"}} // robots.txt, the page, the page again.
	cfg := DefaultConfig()
	cfg.HostInterval = 0
	c := newClient(cfg, time.Now, newGuard(netip.MustParsePrefix("127.0.0.2/32")), names.resolver())
	request := Request{URL: "http://news.example.org:" + inside.port() + "/feed"}
	result, err := c.Get(t.Context(), request)
	if err != nil || string(result.Body) != "outside" {
		t.Fatalf("before: %v", err)
	}
	_, err = c.Get(t.Context(), request)
	if _, private := errors.AsType[*PrivateError](err); !private {
		t.Errorf("after: %v, want a PrivateError", err)
	}
	if names.asked.Load() != 3 || inside.sprung(t) {
		t.Errorf("asked %d times; or a connection was made", names.asked.Load())
	}
}

// TestARedirectIsGuarded leads from an allowed server to others.
func TestARedirectIsGuarded(t *testing.T) {
	t.Parallel()
	inside := newTrap(t, "127.0.0.1:0")
	var to atomic.Value
	outside, err := net.Listen("tcp", "127.0.0.3:0")
	if err != nil {
		t.Skip(err)
	}
	server := &http.Server{Handler: page(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, to.Load().(string), http.StatusFound)
	})}
	go func() { _ = server.Serve(outside) }()
	defer func() { _ = server.Close() }()
	cfg := DefaultConfig()
	cfg.HostInterval = 0
	c := newClient(cfg, time.Now, newGuard(netip.MustParsePrefix("127.0.0.3/32")), nil)
	for location, want := range map[string]schema.Outage{
		"http://127.0.0.1:" + inside.port() + "/": schema.OutagePrivate,
		"//2130706433:" + inside.port() + "/":     schema.OutagePrivate,
		"file:///etc/passwd":                      schema.OutageRedirects,
		"gopher://127.0.0.1:" + inside.port():     schema.OutageRedirects,
		"/again":                                  schema.OutageRedirects,
		"http://%zz/":                             schema.OutageRedirects,
	} {
		to.Store(location)
		if _, err := c.Get(t.Context(), Request{URL: "http://" + outside.Addr().String() + "/"}); OutageOf(err) != want {
			t.Errorf("%s: %v, want %s", location, err, want)
		}
	}
	if inside.sprung(t) {
		t.Error("a connection was made")
	}
}

func TestRedirect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, location, want string }{
		{"https://a.example/x", "http://a.example/y", ""},
		{"http://a.example/x", "https://a.example/y", "https://a.example/y"},
		{"https://a.example/x/", "../y#f", "https://a.example/y"},
		{"https://a.example/x", "https://user:secret@b.example/", "https://b.example/"},
		{"https://a.example/x", "", ""},
	} {
		from, _ := url.Parse(c.from)
		to, err := redirect(from, c.location)
		if (err == nil) != (c.want != "") || (err == nil && to.String() != c.want) {
			t.Errorf("from %s by %q to %v, %v; want %q", c.from, c.location, to, err, c.want)
		}
	}
}
