package replay

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// Paths of the two versions of Jetstream, and the name that faults of a
// connection are queued under.
const (
	JetstreamV1      = "/subscribe"
	JetstreamV2      = "/xrpc/network.bsky.jetstream.subscribeEvents"
	JetstreamConnect = "connect"
)

// timeCursors are the cursors that are times in Unix microseconds.
const timeCursors = int64(1e15)

// JetstreamFault is what goes wrong with one connection. The zero fault does
// nothing.
type JetstreamFault struct {
	Status     int    // Answers with it, in place of a stream.
	RetryAfter string // Sent along.

	After    int           // The faults below happen after so many events.
	Cut      bool          // Closes the connection without a word.
	Half     bool          // Sends half a frame, and closes the connection.
	Mute     bool          // Sends nothing more, not even answers to pings.
	Error    string        // Version 2: sends an error and closes.
	Oversize int           // Makes one event so many bytes larger.
	Garbage  bool          // Sends frames besides that are no events.
	Twice    bool          // Sends each event twice.
	Swap     bool          // Sends each event before the one that it follows.
	Pause    time.Duration // Waits before each event.
}

// Jetstream is a server of Bluesky's Jetstream, of both versions of its wire.
type Jetstream struct {
	Faults Script[JetstreamFault] // Under JetstreamConnect, one for each connection.

	source JetstreamSource
	now    func() time.Time
	keep   time.Duration
	first  int64 // The number of the first event, in version 2.
	thin   atomic.Int64
	zip    func() *dictionary // Made when it is first asked for.

	mu        sync.Mutex
	open      map[*streamOf]struct{}
	asked     []url.Values
	sometimes []JetstreamFault
	turn      int
}

// NewJetstream serves a source. An event can be asked for again as long as
// keep; the first of the source has the number first.
func NewJetstream(source JetstreamSource, now func() time.Time, keep time.Duration, first int64) *Jetstream {
	return &Jetstream{source: source, now: now, keep: keep, first: first, zip: sync.OnceValue(func() *dictionary { return newDictionary(source) }), open: map[*streamOf]struct{}{}}
}

// Sometimes lets every connection that no fault is queued for have one of
// these, in turn.
func (s *Jetstream) Sometimes(faults ...JetstreamFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sometimes = faults
}

// Thin lets through only every nth event; 0 lets all through, -1 none.
func (s *Jetstream) Thin(n int) { s.thin.Store(int64(n)) }

// Asked lists what the last connections asked for.
func (s *Jetstream) Asked() []url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// Open is how many connections are open.
func (s *Jetstream) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// Drop closes all connections.
func (s *Jetstream) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for o := range s.open {
		_ = o.conn.Close()
	}
}

// ServeHTTP serves both versions, and the dictionary of version 2.
func (s *Jetstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case JetstreamV1, JetstreamV2:
	case "/xrpc/network.bsky.jetstream.getZstdDictionary":
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(s.zip().bytes)
		return
	default:
		http.NotFound(w, r)
		return
	}
	q := r.URL.Query()
	fault := s.admit(q)
	if fault.Status != 0 {
		if fault.RetryAfter != "" {
			w.Header().Set("Retry-After", fault.RetryAfter)
		}
		w.WriteHeader(fault.Status)
		return
	}
	o := &streamOf{Jetstream: s, fault: fault, v2: r.URL.Path == JetstreamV2}
	if name, message := o.ask(q); name != "" {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": name, "message": message})
		return
	}
	o.serve(w, r)
}

// admit notes a request and takes the fault that is due.
func (s *Jetstream) admit(q url.Values) JetstreamFault {
	fault, due := s.Faults.Next(JetstreamConnect)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.asked) >= 1000 {
		s.asked = s.asked[1:]
	}
	s.asked = append(s.asked, q)
	if !due && len(s.sometimes) > 0 {
		fault = s.sometimes[s.turn%len(s.sometimes)]
		s.turn++
	}
	return fault
}

// streamOf is one connection.
type streamOf struct {
	*Jetstream
	fault JetstreamFault
	v2    bool
	zstd  bool

	collections, dids, kinds []string
	next                     int64  // The index of the next event.
	notice                   string // Sent first.

	ws   *websocket.Conn
	conn net.Conn
	sent int
}

// ask reads what a request asks for; a name is the error to answer with.
func (o *streamOf) ask(q url.Values) (name, message string) {
	o.collections, o.dids = q["wantedCollections"], q["wantedDids"]
	if o.v2 {
		if len(o.collections)+len(o.dids) > 0 {
			return "InvalidRequest", "use collections and dids"
		}
		o.collections, o.dids, o.kinds = q["collections"], q["dids"], q["kinds"]
		for _, kind := range o.kinds {
			if !slices.Contains([]string{"commit", "identity", "account", "sync"}, kind) {
				return "InvalidRequest", "there is no kind " + kind
			}
		}
		if id := q.Get("zstdDictionary"); id != "" {
			if current := strconv.FormatUint(uint64(o.zip().id), 10); id != current || o.zip().encoder == nil {
				return "UnknownZstdDictionary", current
			}
			o.zstd = true
		}
	}
	return o.begin(q.Get("cursor"))
}

// begin finds where a cursor stands. One that is too old is moved without a
// word in version 1; in version 2 a time is moved with a notice, and a number
// is refused.
func (o *streamOf) begin(text string) (name, message string) {
	tip, floor := o.source.Tip(o.now()), o.source.Find(o.now().Add(-o.keep).UnixMicro())
	if text == "" {
		o.next = tip
		return "", ""
	}
	cursor, err := strconv.ParseInt(text, 10, 64)
	if err != nil || cursor < 0 {
		return "InvalidRequest", "the cursor is no number"
	}
	if cursor >= timeCursors {
		o.next = o.source.Find(cursor)
		if o.next < floor && o.v2 {
			o.notice = "OutdatedCursor"
		}
		o.next = max(o.next, floor)
		return "", ""
	}
	o.next = cursor - o.first
	switch {
	case o.next > tip:
		o.next, o.notice = tip, "FutureCursor"
	case o.next < floor && o.v2:
		return "CursorTooOld", "the oldest is " + strconv.FormatInt(floor+o.first, 10)
	}
	o.next = max(o.next, floor)
	return "", ""
}

// wants says whether an event was asked for.
func (o *streamOf) wants(e *JetstreamEvent) bool {
	if len(o.dids) > 0 && !slices.Contains(o.dids, e.DID) || o.v2 && len(o.kinds) > 0 && !slices.Contains(o.kinds, e.Kind) {
		return false
	}
	if e.Kind != "commit" || len(o.collections) == 0 {
		return true
	}
	return slices.ContainsFunc(o.collections, func(want string) bool {
		prefix, all := strings.CutSuffix(want, ".*")
		return want == e.Collection || all && strings.HasPrefix(e.Collection, prefix+".")
	})
}

// serve sends until the connection ends.
func (o *streamOf) serve(w http.ResponseWriter, r *http.Request) {
	taken := &hijacked{ResponseWriter: w}
	ws, err := websocket.Accept(taken, r, &websocket.AcceptOptions{Subprotocols: []string{"xrpc.v1.json"}, InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer func() { _ = ws.CloseNow() }()
	o.ws, o.conn = ws, taken.conn
	o.mu.Lock()
	o.open[o] = struct{}{}
	o.mu.Unlock()
	defer func() {
		o.mu.Lock()
		delete(o.open, o)
		o.mu.Unlock()
	}()
	ctx, stop := context.WithCancel(r.Context())
	defer stop()
	if !o.fault.Mute { // Somebody must read, for pings to be answered.
		ctx = ws.CloseRead(ctx)
	}
	if o.notice != "" && o.v2 {
		if o.write(ctx, noticeFrame(o.notice)) != nil {
			return
		}
	}
	_ = o.send(ctx)
}

// hijacked remembers the connection below a websocket, for what no websocket
// does.
type hijacked struct {
	http.ResponseWriter
	conn net.Conn
}
