package fetch

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"time"
)

// hosts gives turns: few hosts at a time, and one request to a host at a time.
type hosts struct {
	interval time.Duration
	slots    chan struct{}

	mu    sync.Mutex
	known map[string]*host
	sweep int // At how many known hosts the forgotten ones are removed.
}

// host is what is known of a server.
type host struct {
	turn   chan struct{} // Held by who asks it.
	asked  time.Time     // When it was last asked; belongs to who holds the turn.
	robots robotsCache
	users  int       // Who holds the turn or waits for it; under hosts.mu.
	seen   time.Time // When it was last used; under hosts.mu.
}

func newHosts(atOnce int, interval time.Duration) *hosts {
	return &hosts{interval: interval, slots: make(chan struct{}, atOnce), known: map[string]*host{}, sweep: 1024}
}

// hostKey is a server: its name and port.
func hostKey(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = u.Scheme
	}
	return strings.ToLower(u.Hostname()) + ":" + port
}

// use returns a host, and keeps it known until leave.
func (h *hosts) use(key string) *host {
	h.mu.Lock()
	defer h.mu.Unlock()
	known, ok := h.known[key]
	if !ok {
		if len(h.known) >= h.sweep {
			h.forget()
		}
		known = &host{turn: make(chan struct{}, 1)}
		known.robots.free = make(chan struct{}, 1)
		h.known[key] = known
	}
	known.users++
	known.seen = time.Now()
	return known
}

func (h *hosts) leave(known *host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	known.users--
}

// forget removes the hosts that nobody used for longer than their robots.txt counts.
func (h *hosts) forget() {
	for key, known := range h.known {
		if known.users == 0 && time.Since(known.seen) > robotsFor {
			delete(h.known, key)
		}
	}
	h.sweep = max(1024, 2*len(h.known))
}

// acquire waits for the turn at a host and then for a slot. The turn ends with release.
func (h *hosts) acquire(ctx context.Context, known *host) (release func(), err error) {
	select {
	case known.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if !pause(ctx, h.interval-time.Since(known.asked)) {
		<-known.turn
		return nil, context.Cause(ctx)
	}
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		<-known.turn
		return nil, context.Cause(ctx)
	}
	return func() {
		known.asked = time.Now()
		<-h.slots
		<-known.turn
	}, nil
}

func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
