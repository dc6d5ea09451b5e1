package replay

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What faults of a server with Mastodon's API are queued under.
const (
	MastodonStream   = "stream"
	MastodonTimeline = "timeline"
)

// MastodonFault is what goes wrong with one request. The zero fault does nothing.
type MastodonFault struct {
	Status     int    // Answers with it.
	RetryAfter string // Sent along.
	Garbage    bool   // Answers with what is neither a stream nor a timeline.

	After int  // The faults below happen after so many events.
	Cut   bool // Closes the connection in the middle of an event.
	Mute  bool // Sends nothing more, not even signs of life.
}

// MastodonStatus is a status as the server has it.
type MastodonStatus struct {
	ID    string // As the server numbers it.
	Local bool   // It was written there.
	Tags  []string
	JSON  json.RawMessage
}

// Mastodon is a server with Mastodon's streaming API and its timelines.
type Mastodon struct {
	Faults Script[MastodonFault]
	Token  string // That it wants; empty for none.

	mu       sync.Mutex
	statuses []MastodonStatus // In the order of their numbers.
	open     map[chan event]func(*MastodonStatus) bool
	asked    int
}

// event is one of a stream. Without a status it goes to everybody.
type event struct {
	name, data string
}

// NewMastodon has no statuses yet.
func NewMastodon() *Mastodon { return &Mastodon{open: map[chan event]func(*MastodonStatus) bool{}} }

// Add adds statuses that were written while nobody listened.
func (m *Mastodon) Add(list ...MastodonStatus) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.statuses = append(m.statuses, list...)
}

// Publish adds a status and tells everybody who follows it.
func (m *Mastodon) Publish(s MastodonStatus) { m.Add(s); m.tell(&s, event{"update", string(s.JSON)}) }

// Edit replaces a status and tells everybody who follows it.
func (m *Mastodon) Edit(s MastodonStatus) {
	m.mu.Lock()
	if i := slices.IndexFunc(m.statuses, func(old MastodonStatus) bool { return old.ID == s.ID }); i >= 0 {
		m.statuses[i] = s
	}
	m.mu.Unlock()
	m.tell(&s, event{"status.update", string(s.JSON)})
}

// Delete removes a status and tells everybody.
func (m *Mastodon) Delete(id string) {
	m.mu.Lock()
	m.statuses = slices.DeleteFunc(m.statuses, func(s MastodonStatus) bool { return s.ID == id })
	m.mu.Unlock()
	m.tell(nil, event{"delete", id})
}

// Tell sends an event of any kind to everybody.
func (m *Mastodon) Tell(name, data string) { m.tell(nil, event{name, data}) }

func (m *Mastodon) tell(of *MastodonStatus, e event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for to, wants := range m.open {
		if of == nil || wants(of) {
			to <- e
		}
	}
}

// Open is how many streams are open.
func (m *Mastodon) Open() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.open)
}

// Pages is how many pages of timelines were asked for.
func (m *Mastodon) Pages() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asked
}

// ServeHTTP serves streams and timelines.
func (m *Mastodon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	streaming := strings.HasPrefix(r.URL.Path, "/api/v1/streaming/")
	of, ok := mastodonFilter(r, streaming)
	if !ok {
		http.NotFound(w, r)
		return
	}
	if m.Token != "" && r.Header.Get("Authorization") != "Bearer "+m.Token {
		http.Error(w, `{"error":"The access token is invalid"}`, http.StatusUnauthorized)
		return
	}
	name := MastodonTimeline
	if streaming {
		name = MastodonStream
	}
	fault, _ := m.Faults.Next(name)
	switch {
	case fault.Status != 0:
		if fault.RetryAfter != "" {
			w.Header().Set("Retry-After", fault.RetryAfter)
		}
		w.WriteHeader(fault.Status)
	case fault.Garbage:
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprint(w, "<html>hello</html>")
	case streaming:
		m.stream(w, r, of, fault)
	default:
		m.timeline(w, r, of)
	}
}

// mastodonFilter is what a request wants.
func mastodonFilter(r *http.Request, streaming bool) (of func(*MastodonStatus) bool, ok bool) {
	all := func(*MastodonStatus) bool { return true }
	local := func(s *MastodonStatus) bool { return s.Local }
	tagged := func(tag string) func(*MastodonStatus) bool {
		return func(s *MastodonStatus) bool { return slices.Contains(s.Tags, strings.ToLower(tag)) }
	}
	path := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/api/v1/streaming"), "/api/v1/timelines")
	switch {
	case path == "/public" && (streaming || r.URL.Query().Get("local") != "true"):
		return all, true
	case path == "/public" || path == "/public/local" && streaming:
		return local, true
	case path == "/hashtag" && streaming:
		return tagged(r.URL.Query().Get("tag")), true
	case strings.HasPrefix(path, "/tag/") && !streaming:
		return tagged(strings.TrimPrefix(path, "/tag/")), true
	}
	return nil, false
}

// timeline answers as Mastodon does: with min_id the statuses right after it, the newest
// first.
func (m *Mastodon) timeline(w http.ResponseWriter, r *http.Request, of func(*MastodonStatus) bool) {
	after, _ := strconv.ParseUint(r.URL.Query().Get("min_id"), 10, 64)
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	page := []json.RawMessage{}
	m.mu.Lock()
	m.asked++
	for i := range m.statuses {
		id, _ := strconv.ParseUint(m.statuses[i].ID, 10, 64)
		if id > after && of(&m.statuses[i]) && len(page) < limit {
			page = append(page, m.statuses[i].JSON)
		}
	}
	m.mu.Unlock()
	slices.Reverse(page)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(page)
}

// stream sends what comes from now on.
func (m *Mastodon) stream(w http.ResponseWriter, r *http.Request, of func(*MastodonStatus) bool, fault MastodonFault) {
	events := make(chan event, 10_000)
	m.mu.Lock()
	m.open[events] = of
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		delete(m.open, events)
		m.mu.Unlock()
	}()
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = fmt.Fprint(w, ":)\n")
	out := http.NewResponseController(w)
	_ = out.Flush()
	thump := time.NewTicker(50 * time.Millisecond)
	defer thump.Stop()
	for sent := 0; ; {
		if faulty := fault.Cut || fault.Mute; faulty && sent >= fault.After {
			if fault.Mute {
				<-r.Context().Done()
			} else {
				_, _ = fmt.Fprint(w, "event: update\ndata: {\"id\":")
				_ = out.Flush()
			}
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-thump.C:
			_, _ = fmt.Fprint(w, ":thump\n")
		case e := <-events:
			_, _ = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", e.name, e.data)
			sent++
		}
		if out.Flush() != nil {
			return
		}
	}
}

// MastodonNote is an invented status of a server, its nth, written at a time.
func MastodonNote(host string, n int, at time.Time) MastodonStatus {
	id := strconv.FormatInt(at.UnixMilli()<<16+int64(n)&0xffff, 10)
	profile := fmt.Sprintf("https://%s/@invented%d", host, n%50)
	text, _ := json.Marshal(map[string]any{
		"id": id, "uri": fmt.Sprintf("https://%s/users/invented%d/statuses/%s", host, n%50, id), "url": profile + "/" + id, "created_at": at.UTC().Format("2006-01-02T15:04:05.000Z"),
		"visibility": "public", "language": "de", "content": fmt.Sprintf("<p>Meldung %d</p>", n),
		"account": map[string]any{"acct": fmt.Sprintf("invented%d", n%50), "url": profile, "discoverable": true, "bot": n%50 == 7},
	})
	return MastodonStatus{ID: id, Local: true, JSON: text}
}
