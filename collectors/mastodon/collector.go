package mastodon

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/fetch"
	"github.com/election-observatory/observatory/collectors/live"
	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// name is the collector's, in rows.
const name = "mastodon"

// Collector reads one stream of a server. What passed while it was not connected it reads
// from the timeline.
type Collector struct {
	cfg       Config
	server    *url.URL
	streaming *url.URL // Where that is another address.
	stream    string
	since     time.Time
	token     string
	source    string
	client    *http.Client
	cursors   *collectors.Cursors
	now       func() time.Time
	log       *zap.Logger
}

// New makes the collectors of a configuration, one for each stream, by their sources.
// token is the access token of a server; empty for none.
func New(cfg Config, token func(Server) (string, error), cursors *collectors.Cursors, now func() time.Time, log *zap.Logger) (map[string]*Collector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.complete()
	all := map[string]*Collector{}
	client := fetch.NewStream(cfg.AllowPrivate)
	for _, s := range cfg.Servers {
		secret, err := token(s)
		if err != nil {
			return nil, err
		}
		server, _ := url.Parse(s.URL) // Validate has.
		since, _ := s.since()
		for _, stream := range s.streams() {
			c := &Collector{cfg: cfg, server: server, stream: stream, since: since, token: secret, source: strings.ToLower(server.Host) + "/" + stream, client: client, cursors: cursors, now: now, log: log.Named(name)}
			if s.Streaming != "" {
				c.streaming, _ = url.Parse(s.Streaming)
			}
			all[c.source] = c
		}
	}
	return all, nil
}

// Name is that of the collector.
func (*Collector) Name() string { return name }

// state is the cursor of a stream.
type state struct {
	live.State
	Newest string `json:"newest"` // The largest id of a status that the log has, as the server numbers them.
}

// run is one run of a stream.
type run struct {
	*Collector
	*live.Stream
	newest string
	seen   live.Recent // Statuses, so that none is taken from the stream and the timeline.
	remote live.Recent // What other servers call the statuses that this one has of them, for their deletions.
}

// Run collects until ctx ends. Its error is that of the log or of the cursor; whatever the
// server does is dealt with.
func (c *Collector) Run(ctx context.Context, emit collectors.Emit) error {
	var s state
	if _, err := c.cursors.Load(c.cursorName(), &s); err != nil {
		return err
	}
	r := &run{Collector: c, newest: s.Newest, seen: live.Recent{Most: mostSeen}, remote: live.Recent{Most: mostRemote}}
	r.Stream = &live.Stream{
		Collector: name, Source: c.source, Platform: schema.PlatformMastodon, Now: c.now, Emit: emit,
		Save: func(of live.State) error { return c.cursors.Save(c.cursorName(), state{of, r.newest}) },
	}
	r.Restore(s.State)
	if r.newest == "" && !c.since.IsZero() {
		r.newest = idAt(c.since)
	}
	return r.Connect(ctx, c.log, live.Doubling(c.cfg.RetryFirst, c.cfg.RetryLast), r.session)
}

func (c *Collector) cursorName() string { return name + "/" + c.source }

// session is one connection, from when it is asked for to when it ends. Its error is a
// *fetch.Error where the server is the reason.
func (r *run) session(ctx context.Context) error {
	inner, stop := context.WithCancel(ctx)
	defer stop()
	from := live.Follower{Open: r.open, Silence: r.cfg.Silence, Most: maxEvent, Now: r.now}
	lines, err := from.Follow(inner)
	if err != nil {
		return err
	}
	r.Connected()
	r.log.Info("connected", zap.String("source", r.source), zap.String("after", r.newest))
	// The stream is open: what the timeline has now and what comes from now on is all.
	if err := r.backfill(ctx); err != nil {
		return err
	}
	return r.listen(ctx, lines)
}

// listen takes what the stream brings until it ends.
func (r *run) listen(ctx context.Context, lines <-chan live.Line) error {
	var m message
	tick := time.NewTicker(r.cfg.BatchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case line := <-lines:
			if line.Err != nil {
				if err := r.Flush(ctx); err != nil {
					return err
				}
				return line.Err
			}
			if m.line(line.Data, line.Size) {
				r.take(&m)
				m = message{}
			}
			if r.Pending() < r.cfg.BatchEvents {
				continue
			}
		case <-tick.C:
			r.Heartbeat()
		}
		if err := r.Flush(ctx); err != nil {
			return err
		}
	}
}

// take is an event of the stream.
func (r *run) take(m *message) {
	if m.event == "" {
		return
	}
	r.Alive()
	switch m.event {
	case "update", "status.update":
		if m.size > maxEvent {
			r.Reject(m.data, m.size, mapping.Reject(schema.ReasonTooLarge, "the event has %d bytes", m.size))
			return
		}
		r.status(m.data, m.event == "update")
	case "delete":
		r.deletion(strings.TrimSpace(string(m.data)))
	default: // Announcements, filters and the like.
		r.Count(r.now().UnixMilli(), "other", 0)
	}
}

// status is a status that was written or edited.
func (r *run) status(data []byte, isNew bool) {
	s, err := read(data)
	if isNew && err == nil && mapping.Digits(s.ID) {
		if r.seen.Get(s.ID) != "" {
			return
		}
		r.seen.Put(s.ID, "seen")
		if later(s.ID, r.newest) {
			r.newest = s.ID
		}
	}
	var out mapping.Decoded
	switch {
	case err != nil:
	case s.declines(r.cfg.Undiscoverable):
		out = mapping.Decoded{Kind: "declined"}
	default:
		out, err = s.decode()
	}
	if err != nil {
		r.Reject(data, len(data), err)
		return
	}
	r.put(s, out)
}

// put adds what a status says to the batch.
func (r *run) put(s *status, out mapping.Decoded) {
	now, post := r.now().UnixMilli(), out.Event.GetPost()
	if post == nil {
		r.Count(now, out.Kind, 0)
		return
	}
	if post.GetNativeId() != r.own(s.ID) {
		r.remote.Put(s.ID, post.GetNativeId())
	}
	r.Post(out.Event, out.Kind, r.minuteOf(s.ID, now))
}

// minuteOf is the time that a status is counted at: when the server took it in, but in no
// minute that is settled.
func (r *run) minuteOf(id string, now int64) int64 {
	ms := schema.IdentityTime(schema.PlatformMastodon, r.own(id))
	if ms == 0 || ms > now {
		ms = now
	}
	return ms
}

// own is how a status of this server is known.
func (r *run) own(id string) string { return strings.ToLower(r.server.Host) + "/" + id }

// deletion is of a status, by the number that this server gave it. Those of other servers
// are known as long as they are remembered.
func (r *run) deletion(id string) {
	if !mapping.Digits(id) {
		r.Reject([]byte(id), len(id), mapping.Reject(schema.ReasonMissingID, "a deletion that names no status"))
		return
	}
	native := r.remote.Get(id)
	if native == "" {
		native = r.own(id)
	}
	r.Delete(&schema.Delete{NativeId: native})
}
