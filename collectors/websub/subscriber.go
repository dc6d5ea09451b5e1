package websub

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/fetch"
)

// Subscriber subscribes to topics at their hubs, renews that before it runs out, and tells
// when a hub has something new.
type Subscriber struct {
	cfg    Config
	key    []byte // Callbacks and secrets follow from it.
	client *http.Client
	now    func() time.Time
	log    *zap.Logger

	mu     sync.Mutex
	topics map[string]*topic // By the last part of their callbacks.
}

// topic is a feed as its hub knows it.
type topic struct {
	url, hub string
	secret   string
	wake     chan struct{}
	due      time.Time // When to ask the hub, for the first time or again.
	failures int
	active   bool // The hub has verified it.
}

// Bounds of a subscription.
const (
	lease      = 10 * 24 * time.Hour // That is asked for.
	leastLease = 5 * time.Minute     // Before a subscription is renewed, whatever the hub grants.
	patience   = 10 * time.Minute    // For a hub to verify, and the first pause after it refused.
	longest    = 24 * time.Hour      // Between two requests to a hub that refuses.
)

// state is the cursor.
type state struct {
	Key []byte `json:"key"`
}

const cursorName = "websub"

// New prepares a subscriber. It makes the key of its callbacks where there is none yet.
func New(cfg Config, cursors *collectors.Cursors, now func() time.Time, log *zap.Logger) (*Subscriber, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.Listen = cmp.Or(cfg.Listen, defaultListen)
	var s state
	if _, err := cursors.Load(cursorName, &s); err != nil {
		return nil, err
	}
	if len(s.Key) == 0 {
		s.Key = make([]byte, sha256.Size)
		if _, err := rand.Read(s.Key); err != nil {
			return nil, fmt.Errorf("websub: %w", err)
		}
		if err := cursors.Save(cursorName, s); err != nil {
			return nil, err
		}
	}
	return &Subscriber{cfg: cfg, key: s.Key, client: fetch.NewStream(cfg.AllowPrivate), now: now, log: log.Named(cursorName), topics: map[string]*topic{}}, nil
}

// derive is a name that nobody can guess who has not the key.
func (s *Subscriber) derive(what, of string) string {
	mac := hmac.New(sha256.New, s.key)
	_, _ = mac.Write([]byte(what + "\x00" + of))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// Want subscribes to a topic at a hub, if that is not done yet. Each use of the channel that
// it returns is one time that the hub has something new, or several.
func (s *Subscriber) Want(of, hub string) <-chan struct{} {
	id := s.derive("callback", of)
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.topics[id]
	if t == nil {
		t = &topic{url: of, secret: s.derive("secret", of), wake: make(chan struct{}, 1)}
		s.topics[id] = t
	}
	if t.hub != hub {
		t.hub, t.due, t.failures, t.active = hub, s.now(), 0, false
	}
	return t.wake
}

// Forget lets a subscription run out.
func (s *Subscriber) Forget(of string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.topics, s.derive("callback", of))
}

// Active is how many subscriptions hubs have verified.
func (s *Subscriber) Active() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, t := range s.topics {
		if t.active {
			n++
		}
	}
	return n
}

// Run listens and subscribes until ctx ends.
func (s *Subscriber) Run(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("websub.listen: %w: give another", err)
	}
	const slow = 10 * time.Second
	server := &http.Server{Handler: s, ReadHeaderTimeout: slow, ReadTimeout: 3 * slow, WriteTimeout: slow, MaxHeaderBytes: 16 << 10}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	s.log.Info("hubs are listened to", zap.String("callback", s.cfg.Callback), zap.String("address", listener.Addr().String()))
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-served:
			return fmt.Errorf("websub: %w", err)
		case <-tick.C:
			s.subscribe(ctx)
		case <-ctx.Done():
			_ = server.Close()
			return nil
		}
	}
}

// subscribe asks the hubs that are due.
func (s *Subscriber) subscribe(ctx context.Context) {
	type request struct{ id, url, hub, secret string }
	var due []request
	s.mu.Lock()
	for id, t := range s.topics {
		if !s.now().Before(t.due) {
			due = append(due, request{id, t.url, t.hub, t.secret})
			t.due = s.now().Add(min(patience<<min(t.failures, 10), longest)) // Unless it verifies.
			t.failures++
		}
	}
	s.mu.Unlock()
	for _, r := range due {
		if err := s.ask(ctx, r.id, r.url, r.hub, r.secret); err != nil && ctx.Err() == nil {
			s.log.Warn("a hub does not take a subscription", zap.String("topic", r.url), zap.String("hub", r.hub), zap.Error(err))
		}
	}
}

// ask is the request of a subscription (section 5.1).
func (s *Subscriber) ask(ctx context.Context, id, of, hub, secret string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	form := url.Values{
		"hub.mode": {"subscribe"}, "hub.topic": {of}, "hub.callback": {strings.TrimSuffix(s.cfg.Callback, "/") + "/" + id},
		"hub.secret": {secret}, "hub.lease_seconds": {strconv.Itoa(int(lease / time.Second))},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, hub, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", fetch.DefaultConfig().UserAgent)
	resp, err := s.client.Do(req) // The client refuses hubs inside private networks.
	if err != nil {
		return fetch.Failed(err)
	}
	defer resp.Body.Close() //nolint:errcheck // It says nothing more.
	if resp.StatusCode != http.StatusAccepted && resp.StatusCode != http.StatusNoContent {
		said, _ := io.ReadAll(io.LimitReader(resp.Body, 200))
		return errors.New("it answered " + resp.Status + ": " + strings.ToValidUTF8(string(said), ""))
	}
	return nil
}
