package websub

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Hubs may still sign with it, and a signature only wakes.
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"
)

// maxContent is how much of what a hub sends is read to see whether it is signed.
const maxContent = 8 << 20

// ServeHTTP is the callback of all topics, each under a name of its own.
func (s *Subscriber) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := path.Base(r.URL.Path)
	s.mu.Lock()
	t := s.topics[id]
	s.mu.Unlock()
	switch {
	case t == nil:
		http.NotFound(w, r)
	case r.Method == http.MethodGet:
		s.verify(w, r, t)
	case r.Method == http.MethodPost:
		s.distribute(w, r, t)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// verify answers a hub that asks whether a subscription is wanted (section 5.3), or says that
// it will not have it (5.2).
func (s *Subscriber) verify(w http.ResponseWriter, r *http.Request, t *topic) {
	query := r.URL.Query()
	challenge := query.Get("hub.challenge")
	s.mu.Lock()
	defer s.mu.Unlock()
	if query.Get("hub.topic") != t.url {
		http.NotFound(w, r)
		return
	}
	switch query.Get("hub.mode") {
	case "subscribe":
		if challenge == "" || len(challenge) > 4<<10 {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		granted := lease
		if seconds, err := strconv.ParseUint(query.Get("hub.lease_seconds"), 10, 31); err == nil {
			granted = min(granted, time.Duration(seconds)*time.Second)
		}
		t.active, t.failures, t.due = true, 0, s.now().Add(max(granted*9/10, leastLease))
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = io.WriteString(w, challenge) //nolint:gosec // It is sent as plain text, which no browser runs.
	case "denied":
		t.active, t.due = false, s.now().Add(longest)
		s.log.Warn("a hub denies a subscription", zap.String("topic", t.url), zap.String("hub", t.hub))
	default: // Nobody asked to end it.
		http.NotFound(w, r)
	}
}

// distribute takes what a hub sends (section 7): signed with the secret it says that there is
// something new. What is not is answered alike, so that nobody learns from the answer.
func (s *Subscriber) distribute(w http.ResponseWriter, r *http.Request, t *topic) {
	method, given, _ := strings.Cut(r.Header.Get("X-Hub-Signature"), "=")
	newHash, known := map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New}[method]
	signature, err := hex.DecodeString(given)
	if known && err == nil {
		mac := hmac.New(newHash, []byte(t.secret))
		_, err = io.Copy(mac, http.MaxBytesReader(w, r.Body, maxContent))
		known = err == nil && hmac.Equal(mac.Sum(nil), signature)
	}
	if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	w.WriteHeader(http.StatusAccepted)
	if !known || err != nil {
		s.log.Debug("what is not signed is ignored", zap.String("topic", t.url))
		return
	}
	select {
	case t.wake <- struct{}{}:
	default: // It is told already.
	}
}
