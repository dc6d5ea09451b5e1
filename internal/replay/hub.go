package replay

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"sync"
)

// Hub is a hub of WebSub: it verifies subscriptions and sends what is published, signed.
type Hub struct {
	Deny bool // It tells every subscriber that it will not have it.

	mu    sync.Mutex
	subs  map[string]Subscription // By callback.
	asked int
}

// Subscription is one that was asked for.
type Subscription struct {
	Topic, Secret, Callback string
	Verified                bool
}

// NewHub has no subscriptions.
func NewHub() *Hub { return &Hub{subs: map[string]Subscription{}} }

// Subscriptions are those that subscribers have verified, and how many were asked for.
func (h *Hub) Subscriptions() (verified []Subscription, asked int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.subs {
		if s.Verified {
			verified = append(verified, s)
		}
	}
	return verified, h.asked
}

// ServeHTTP takes requests for subscriptions.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ParseForm() != nil || r.PostForm.Get("hub.mode") != "subscribe" || r.PostForm.Get("hub.topic") == "" {
		http.Error(w, "not a subscription", http.StatusBadRequest)
		return
	}
	s := Subscription{Topic: r.PostForm.Get("hub.topic"), Secret: r.PostForm.Get("hub.secret"), Callback: r.PostForm.Get("hub.callback")}
	h.mu.Lock()
	h.asked++
	h.subs[s.Callback] = s
	h.mu.Unlock()
	w.WriteHeader(http.StatusAccepted)
	go h.verify(s, r.PostForm.Get("hub.lease_seconds"))
}

func (h *Hub) verify(s Subscription, lease string) {
	const challenge = "as long as the hub likes"
	query := url.Values{"hub.mode": {"subscribe"}, "hub.topic": {s.Topic}, "hub.challenge": {challenge}, "hub.lease_seconds": {lease}}
	if h.Deny {
		query = url.Values{"hub.mode": {"denied"}, "hub.topic": {s.Topic}, "hub.reason": {"no"}}
	}
	resp, err := http.Get(s.Callback + "?" + query.Encode()) //nolint:noctx // A test's own listener.
	if err != nil {
		return
	}
	defer resp.Body.Close() //nolint:errcheck // It was read to its end.
	said, err := io.ReadAll(resp.Body)
	if err != nil || h.Deny || string(said) != challenge {
		return
	}
	s.Verified = true
	h.mu.Lock()
	h.subs[s.Callback] = s
	h.mu.Unlock()
}

// Publish sends content to the subscribers of a topic, and returns the status of the last answer.
func (h *Hub) Publish(topic string, content []byte) (status int) {
	verified, _ := h.Subscriptions()
	for _, s := range verified {
		if s.Topic != topic {
			continue
		}
		mac := hmac.New(sha256.New, []byte(s.Secret))
		_, _ = mac.Write(content) // A hash takes everything.
		status = Distribute(s.Callback, content, "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	return status
}

// Distribute sends content to a callback with any signature, and returns the status of the
// answer; 0 for none.
func Distribute(callback string, content []byte, signature string) int {
	req, err := http.NewRequest(http.MethodPost, callback, bytes.NewReader(content)) //nolint:noctx // A test's own listener.
	if err != nil {
		return 0
	}
	req.Header.Set("X-Hub-Signature", signature)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close() //nolint:errcheck // It says nothing.
	return resp.StatusCode
}
