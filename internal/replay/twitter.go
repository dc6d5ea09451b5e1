package replay

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Twitter is a stream of API v1.1: it sends what is published to everybody who follows it.
type Twitter struct {
	Faults Script[XFault] // Queued under XStream.
	Token  string         // That it wants; empty for any.
	Thump  time.Duration  // Between signs of life.

	mu    sync.Mutex
	open  map[chan []byte]bool
	asked []string
}

// NewTwitter has nobody who follows it.
func NewTwitter() *Twitter {
	return &Twitter{Thump: 20 * time.Millisecond, open: map[chan []byte]bool{}}
}

// Publish sends a message.
func (t *Twitter) Publish(message []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for to := range t.open {
		to <- message
	}
}

// Open is how many streams are open.
func (t *Twitter) Open() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.open)
}

// Asked are the addresses that were asked for, with what was asked.
func (t *Twitter) Asked() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.asked...)
}

// ServeHTTP serves the stream.
func (t *Twitter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	t.asked = append(t.asked, r.Method+" "+r.URL.String())
	t.mu.Unlock()
	if t.Token != "" && r.Header.Get("Authorization") != "Bearer "+t.Token {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	fault, _ := t.Faults.Next(XStream)
	if fault.Status != 0 {
		w.WriteHeader(fault.Status)
		return
	}
	const most = 10_000
	messages := make(chan []byte, most)
	t.mu.Lock()
	t.open[messages] = true
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		delete(t.open, messages)
		t.mu.Unlock()
	}()
	w.WriteHeader(http.StatusOK)
	out := http.NewResponseController(w)
	_ = out.Flush()
	thump := time.NewTicker(t.Thump)
	defer thump.Stop()
	for sent := 0; !fault.due(sent); {
		select {
		case <-r.Context().Done():
			return
		case <-thump.C:
			_, _ = fmt.Fprint(w, "\r\n")
		case m := <-messages:
			_, _ = fmt.Fprintf(w, "%s\r\n", m)
			sent++
		}
		if out.Flush() != nil {
			return
		}
	}
	fault.end(w, r, out)
}

// TwitterNote is an invented status of API v1.1, the nth of a time.
func TwitterNote(n int, at time.Time) (id string, message []byte) {
	const epoch = 1288834974657 // Of Twitter's ids.
	number := (at.UnixMilli()-epoch)<<22 + int64(n)&0x3fffff
	id = strconv.FormatInt(number, 10)
	message, _ = json.Marshal(map[string]any{
		"created_at": at.UTC().Format(time.RubyDate), "id": number, "id_str": id, "text": fmt.Sprintf("Meldung %d zur Wahl", n), "retweet_count": 0, "lang": "de",
		"user": map[string]any{"id": 7000 + n%50, "id_str": strconv.Itoa(7000 + n%50), "screen_name": fmt.Sprintf("invented%d", n%50)},
	})
	return id, message
}
