package bluesky

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/internal/replay"
	"github.com/election-observatory/observatory/schema"
)

// wire connects clients and servers inside one bubble of time.
type wire struct {
	hosts map[string]chan net.Conn
	ended chan struct{}
	down  sync.Map // Hosts that do not answer.
}

func (w *wire) dial(ctx context.Context, _, address string) (net.Conn, error) {
	host, _, _ := net.SplitHostPort(address)
	if _, down := w.down.Load(host); down {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
	}
	here, there := net.Pipe()
	select {
	case w.hosts[host] <- there:
		return here, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type listener struct {
	conns <-chan net.Conn
	ended <-chan struct{}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.ended:
		return nil, net.ErrClosed
	}
}
func (*listener) Close() error   { return nil }
func (*listener) Addr() net.Addr { return &net.TCPAddr{} }

// theatre is some hosts of one stream on a clock that jumps.
type theatre struct {
	wire    *wire
	servers map[string]*replay.Jetstream
	source  replay.Generated
	now     func() time.Time
	cursors *collectors.Cursors
	log     *journal
	client  *http.Client
}

// play runs a collector for some minutes and calls acts at their minutes; that
// of minute 0 is over before the collector dials.
func play(t *testing.T, api string, minutes int, change func(*Config), acts map[int]func(*theatre), check func(*testing.T, *theatre)) {
	t.Helper()
	dir := quick(t)
	synctest.Test(t, func(t *testing.T) {
		ahead := time.Until(start())
		now := func() time.Time { return time.Now().Add(ahead) }
		p := &theatre{
			wire: &wire{hosts: map[string]chan net.Conn{}, ended: make(chan struct{})}, servers: map[string]*replay.Jetstream{},
			source: replay.Generated{Seed: 5, PerSecond: 2, Start: start()}, now: now, cursors: collectors.NewCursors(dir), log: newJournal(func(*journal) bool { return false }),
		}
		p.client = &http.Client{Transport: &http.Transport{DialContext: p.wire.dial}}
		cfg := Config{API: api, AllowPrivate: true, BatchEvery: 10 * time.Second}
		for _, host := range []string{"a.example", "b.example", "c.example"} {
			p.wire.hosts[host] = make(chan net.Conn)
		}
		for i, host := range []string{"a.example", "b.example", "c.example"} {
			server := replay.NewJetstream(p.source, now, 36*time.Hour, int64(i)*100_000+1)
			p.servers[host] = server
			serve := &http.Server{Handler: server, ReadHeaderTimeout: time.Minute}
			conns := &listener{p.wire.hosts[host], p.wire.ended}
			go func() { _ = serve.Serve(conns) }()
			cfg.Hosts = append(cfg.Hosts, "ws://"+host)
		}
		change(&cfg)
		c, err := New(cfg, p.client, p.cursors, now, zap.NewNop())
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		for minute := range minutes {
			if act := acts[minute]; act != nil {
				act(p)
			}
			if minute == 0 {
				go func() { done <- c.Run(ctx, p.log.emit) }()
			}
			time.Sleep(time.Minute)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		check(t, p)
		for _, server := range p.servers {
			server.Drop()
		}
		close(p.wire.ended)
		p.client.CloseIdleConnections()
	})
}

// whole sees that nothing of the stream is missing, up to its last seconds.
func (p *theatre) whole(t *testing.T) {
	t.Helper()
	want := contentsOf(p.source, 0, p.source.Find(p.now().Add(-5*time.Second).UnixMicro()))
	if got := len(p.log.posts) + len(p.log.deletes) + len(p.log.accounts); got < want.events() || got > want.events()+10 {
		t.Errorf("%d events are stored, want %d", got, want.events())
	}
	if gaps := p.log.parts(partGap); len(gaps) > 0 {
		t.Errorf("declared as lost: %v", gaps)
	}
}

// reasons are the outages of a host.
func (p *theatre) reasons(host string) (all []string) {
	for _, c := range p.log.parts(partOutage) {
		if c.GetSource() == host+"/jetstream" && !slices.Contains(all, c.GetGapReason()) {
			all = append(all, c.GetGapReason())
		}
	}
	slices.Sort(all)
	return all
}

// emitted is what a host delivered to the log, and what was read of it.
func (p *theatre) emitted(host string) (emitted, received uint64) {
	for _, c := range p.log.parts(partLive) {
		if c.GetSource() == host+"/jetstream" {
			emitted, received = emitted+c.GetEmitted(), received+c.GetReceived()
		}
	}
	return emitted, received
}

func (p *theatre) activeHost(t *testing.T) string {
	t.Helper()
	var s state
	if _, err := p.cursors.Load(name, &s); err != nil {
		t.Fatal(err)
	}
	return s.Active
}

func TestAnotherHostTakesOver(t *testing.T) {
	t.Parallel()
	two := func(c *Config) { c.Hosts = c.Hosts[:2] }
	alone := func(c *Config) { c.Compare = new(bool) }
	refuse := func(host string) func(*theatre) {
		return func(p *theatre) {
			p.wire.down.Store(host, true)
			p.servers[host].Drop()
		}
	}
	thin := func(host string, n int) func(*theatre) { return func(p *theatre) { p.servers[host].Thin(n) } }
	blind, unreachable := string(schema.OutageBlind), string(schema.OutageUnreachable)
	for name, c := range map[string]struct {
		change func(*Config)
		acts   map[int]func(*theatre)
		active string
		of     string // Whose outages are looked at.
		why    []string
	}{
		"all is well":                        {change: two, active: "a"},
		"the first delivers nothing":         {change: two, acts: map[int]func(*theatre){4: thin("a.example", -1)}, active: "b", of: "a", why: []string{blind}},
		"the first delivers a quarter":       {change: two, acts: map[int]func(*theatre){4: thin("a.example", 4)}, active: "b", of: "a", why: []string{blind}},
		"the second delivers nothing":        {change: two, acts: map[int]func(*theatre){4: thin("b.example", -1)}, active: "a", of: "b"},
		"the first cannot be reached":        {change: two, acts: map[int]func(*theatre){4: refuse("a.example")}, active: "b", of: "a", why: []string{"closed", unreachable}},
		"and none is watched":                {change: alone, acts: map[int]func(*theatre){4: refuse("a.example")}, active: "b", of: "a", why: []string{"closed", unreachable}},
		"nor can the second":                 {change: alone, acts: map[int]func(*theatre){4: refuse("a.example"), 3: refuse("b.example")}, active: "c", of: "b", why: []string{unreachable}},
		"the second is replaced by a third":  {change: func(*Config) {}, acts: map[int]func(*theatre){2: refuse("b.example"), 6: refuse("a.example")}, active: "c", of: "b", why: []string{"closed", unreachable}},
		"the first was never there":          {change: two, acts: map[int]func(*theatre){0: refuse("a.example")}, active: "b", of: "a", why: []string{unreachable}},
		"one goes blind and then the other":  {change: two, acts: map[int]func(*theatre){3: thin("a.example", -1), 8: func(p *theatre) { p.servers["a.example"].Thin(0); p.servers["b.example"].Thin(-1) }}, active: "a", of: "b", why: []string{blind}},
		"both are cut off for a short while": {change: two, acts: map[int]func(*theatre){4: func(p *theatre) { p.servers["a.example"].Drop(); p.servers["b.example"].Drop() }}, active: "a", of: "a", why: []string{"closed"}},
	} {
		for _, api := range []string{apiV1, apiV2} {
			t.Run(name+"/"+api, func(t *testing.T) {
				t.Parallel()
				play(t, api, 13, c.change, c.acts, func(t *testing.T, p *theatre) {
					t.Helper()
					p.whole(t)
					if active := p.activeHost(t); active != "ws://"+c.active+".example" {
						t.Errorf("%s is active, want %s", active, c.active)
					}
					if c.of != "" {
						if got := p.reasons(c.of + ".example"); !slices.Equal(got, c.why) {
							t.Errorf("outages %v, want %v", got, c.why)
						}
					}
					if emitted, received := p.emitted(c.active + ".example"); emitted == 0 || received < emitted {
						t.Errorf("%d events of the active host, %d emitted", received, emitted)
					}
				})
			})
		}
	}
}

// TestAHostThatIsWatchedIsCountedAndNotEmitted compares what coverage says of
// two hosts of the same stream.
func TestAHostThatIsWatchedIsCountedAndNotEmitted(t *testing.T) {
	t.Parallel()
	play(t, apiV1, 10, func(c *Config) { c.Hosts = c.Hosts[:2] }, nil, func(t *testing.T, p *theatre) {
		t.Helper()
		emitted, received := p.emitted("a.example")
		watched, seen := p.emitted("b.example")
		if emitted == 0 || watched != 0 || received < seen || received > seen+10 {
			t.Errorf("active: %d received, %d emitted; watched: %d received, %d emitted", received, emitted, seen, watched)
		}
	})
}

// TestAQuietStreamIsConnected collects what nobody writes.
func TestAQuietStreamIsConnected(t *testing.T) {
	t.Parallel()
	play(t, apiV1, 10, func(c *Config) { c.Hosts, c.DIDs = c.Hosts[:1], []string{"did:plc:nobody"} }, nil, func(t *testing.T, p *theatre) {
		t.Helper()
		beats := p.log.parts(partOpen)
		if len(beats) < 9 || len(p.log.parts(partOutage)) > 0 || len(p.log.posts) > 0 {
			t.Errorf("%d minutes of silence, %d outages", len(beats), len(p.log.parts(partOutage)))
		}
		for _, c := range beats {
			if !c.GetConnected() || c.GetReceived() != 0 {
				t.Errorf("%v", c)
			}
		}
	})
}
