package replay

import (
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// FeedItem is an item of a feed.
type FeedItem struct {
	ID, Title, Text, Link string
	Published             time.Time
}

// FeedFault is what a feed's server does in place of what it should. The zero
// fault does nothing.
type FeedFault struct {
	Status      int           // Answers with it, and without a document.
	RetryAfter  string        // Sent along.
	Location    string        // Likewise.
	ContentType string        // Sent in place of the right one.
	Body        string        // Sent in place of the document.
	CutAfter    int           // Closes the connection after so many bytes of the document.
	Drop        bool          // Closes the connection without an answer.
	Pause       time.Duration // Waits between pieces of the document.
	Reverse     bool          // Turns the items around.
	Twice       bool          // Sends each item twice.
}

// feedPiece is how much of a document is sent between pauses, in bytes.
const feedPiece = 256

// Feeds is a server of news feeds: a path is a feed, in the format that its end
// says (.xml for RSS, .atom, .json). It honours ETags and Last-Modified.
type Feeds struct {
	Faults Script[FeedFault] // By path.
	Hub    string            // That feeds name in a header; empty for none.

	now       func() time.Time
	mu        sync.Mutex
	feeds     map[string][]FeedItem
	requests  map[string]int
	generator *FeedGenerator
	sometimes []FeedFault
	every     int
}

// NewFeeds serves no feed yet.
func NewFeeds(now func() time.Time) *Feeds {
	return &Feeds{now: now, feeds: map[string][]FeedItem{}, requests: map[string]int{}}
}

// Set says what a feed shows from now on, the newest first.
func (f *Feeds) Set(path string, items []FeedItem) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.feeds[path] = items
}

// Generate serves generated feeds, at the paths that the generator gives.
func (f *Feeds) Generate(g FeedGenerator) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.generator = &g
}

// Sometimes lets about one in so many requests go wrong, whatever it asks for.
func (f *Feeds) Sometimes(every int, faults ...FeedFault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.every, f.sometimes = every, faults
}

// Requests is how often a path was asked for.
func (f *Feeds) Requests(path string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests[path]
}

// plan is what a request gets.
func (f *Feeds) plan(path string) (items []FeedItem, fault FeedFault, found bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests[path]++
	fault, due := f.Faults.Next(path)
	if !due && f.every > 0 {
		if n := hashOf(path, f.requests[path]); n%uint64(f.every) == 0 {
			fault = f.sometimes[n/uint64(f.every)%uint64(len(f.sometimes))]
		}
	}
	items, found = f.feeds[path]
	if !found && f.generator != nil {
		items, found = f.generator.items(path, f.now())
	}
	return items, fault, found
}

func hashOf(parts ...any) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, parts...) // A hash takes everything.
	n := h.Sum64()
	return (n ^ n>>29) * 0x9E3779B97F4A7C15 >> 8
}

// ServeHTTP answers for a feed.
func (f *Feeds) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	items, fault, found := f.plan(r.URL.Path)
	for name, value := range map[string]string{"Retry-After": fault.RetryAfter, "Location": fault.Location} {
		if value != "" {
			w.Header().Set(name, value)
		}
	}
	switch {
	case fault.Drop:
		panic(http.ErrAbortHandler)
	case fault.Status != 0:
		w.WriteHeader(fault.Status)
		return
	case !found && fault.Body == "":
		http.NotFound(w, r)
		return
	}
	document, contentType := render(r.URL.Path, fault.shape(items))
	if fault.Body != "" {
		document = fault.Body
	}
	if fault.ContentType != "" {
		contentType = fault.ContentType
	}
	etag := `"` + strconv.FormatUint(hashOf(document), 16) + `"`
	if hub := f.Hub; hub != "" {
		w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="hub", <http://%s%s>; rel="self"`, hub, r.Host, r.URL.Path))
	}
	w.Header().Set("ETag", etag)
	if len(items) > 0 {
		w.Header().Set("Last-Modified", items[0].Published.UTC().Format(http.TimeFormat))
	}
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(document)))
	fault.send(w, r, document)
}

// shape is what the fault makes of a feed's items.
func (fault FeedFault) shape(items []FeedItem) []FeedItem {
	shaped := make([]FeedItem, 0, len(items))
	for i := range items {
		it := items[i]
		if fault.Reverse {
			it = items[len(items)-1-i]
		}
		shaped = append(shaped, it)
		if fault.Twice {
			shaped = append(shaped, it)
		}
	}
	return shaped
}

// send writes the document, as slowly and as far as the fault says.
func (fault FeedFault) send(w http.ResponseWriter, r *http.Request, document string) {
	cut := fault.CutAfter > 0 && fault.CutAfter < len(document)
	if cut {
		document = document[:fault.CutAfter]
	}
	for len(document) > 0 {
		piece := document
		if fault.Pause > 0 {
			piece = document[:min(feedPiece, len(document))]
		}
		if _, err := io.WriteString(w, piece); err != nil { //nolint:gosec // What is asked for is not in it, but for the path that a feed was given.
			return // The reader has left.
		}
		document = document[len(piece):]
		if fault.Pause > 0 {
			_ = http.NewResponseController(w).Flush() // Without it, the pieces come together.
			select {
			case <-time.After(fault.Pause):
			case <-r.Context().Done():
				return
			}
		}
	}
	if cut {
		_ = http.NewResponseController(w).Flush() // What was written is to arrive.
		panic(http.ErrAbortHandler)
	}
}

// FeedGenerator makes up feeds whose items appear as time passes: the same at
// the same time, whoever asks.
type FeedGenerator struct {
	Feeds int           // How many; Path gives their paths.
	Every time.Duration // Between two items of a feed.
	Shown int           // Items that a feed shows.
	Start time.Time     // When the first items appeared.
	Edits int           // One in so many items is edited after half the time between items; 0 for none.
}

// Path is that of a feed.
func (g *FeedGenerator) Path(n int) string {
	return "/generated/" + strconv.Itoa(n) + [...]string{".xml", ".atom", ".json"}[n%3]
}

// items are those that a feed shows at a time.
func (g *FeedGenerator) items(path string, now time.Time) ([]FeedItem, bool) {
	name, _, _ := strings.Cut(strings.TrimPrefix(path, "/generated/"), ".")
	n, err := strconv.Atoi(name)
	if err != nil || n < 0 || n >= g.Feeds || path != g.Path(n) {
		return nil, false
	}
	first := g.Start.Add(-time.Duration(hashOf("phase", n) % uint64(g.Every))) // They do not all publish at once.
	newest := int(now.Sub(first) / g.Every)
	var items []FeedItem
	for k := newest; k >= 0 && len(items) < g.Shown; k-- {
		at := first.Add(time.Duration(k) * g.Every)
		title := fmt.Sprintf("Report %d of station %d", k, n)
		if g.Edits > 0 && hashOf("edit", n, k)%uint64(g.Edits) == 0 && now.Sub(at) > g.Every/2 {
			title += ", corrected"
		}
		link := fmt.Sprintf("https://station-%d.example.org/%d", n, k)
		items = append(items, FeedItem{
			ID: link, Link: link, Title: title, Published: at,
			Text: fmt.Sprintf(`<p>%d of %d votes were counted.</p><p>More at <a href="https://example.org/%d">the board</a>.</p>`, hashOf("votes", n, k)%100000, 100000, k),
		})
	}
	return items, true
}
