package bluesky

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/schema"
)

// name is the collector's, in rows and of its cursor.
const name = "bluesky"

// Collector reads Bluesky's Jetstream from one host, watches a second one to
// see whether the first delivers all, and goes over to it when it does not or
// cannot be reached.
type Collector struct {
	cfg     Config
	client  *http.Client
	cursors *collectors.Cursors
	now     func() time.Time
	log     *zap.Logger
}

// New makes a collector that does nothing yet. Connections are made through
// client; nil stands for one that refuses addresses of private networks unless
// the configuration allows them.
func New(cfg Config, client *http.Client, cursors *collectors.Cursors, now func() time.Time, log *zap.Logger) (*Collector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.complete()
	if client == nil {
		client = newClient(cfg.AllowPrivate)
	}
	return &Collector{cfg: cfg, client: client, cursors: cursors, now: now, log: log.Named(name)}, nil
}

// Name is that of the collector.
func (c *Collector) Name() string { return name }

// Run collects until ctx ends. Its error is that of the log or of the cursor;
// whatever hosts do is dealt with.
func (c *Collector) Run(ctx context.Context, emit collectors.Emit) error {
	defer c.client.CloseIdleConnections()
	r, err := c.begin(emit)
	if err != nil {
		return err
	}
	group, inner := errgroup.WithContext(ctx)
	if c.cfg.Profiles > 0 {
		p, err := newProfiles(c, emit)
		if err != nil {
			return err
		}
		r.author = p.offer
		group.Go(func() error { return p.run(inner) })
	}
	group.Go(func() error { return r.loop(inner) })
	if err := group.Wait(); ctx.Err() == nil {
		return err
	}
	return nil
}

// run is one run of the collector. One goroutine owns all of it; each link is a
// goroutine of its own that tells it what it reads.
type run struct {
	*Collector
	emit   collectors.Emit
	author func(did string) // Told who posts.

	hosts   []*host
	active  *host // Whose events go to the log.
	standby *host // That is watched; nil for none.
	notes   chan note
	links   sync.WaitGroup

	pending []*schema.Event // For the log.
	weight  int             // Bytes that pending came from.
	rows    []*schema.Event // Coverage that is told once: outages, gaps, heartbeats.
	changed bool            // Whether there is more to save than events.

	judged   int64 // The last minute that hosts were compared in.
	bad      int   // Minutes in a row in which the active host delivered too little.
	firstBad int64
}

// loop serves links and the clock.
func (r *run) loop(ctx context.Context) error {
	// Whoever comes after a kill goes on from here, though nothing was read yet.
	if err := r.save(); err != nil {
		return err
	}
	links, stop := context.WithCancel(ctx)
	defer r.links.Wait()
	defer stop()
	tick := time.NewTicker(r.cfg.BatchEvery)
	defer tick.Stop()
	for {
		now := r.now()
		for _, h := range r.followed() {
			if h.link == nil && !now.Before(h.due) {
				r.connect(links, h, now)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case n := <-r.notes:
			if err := r.take(ctx, n); err != nil {
				return err
			}
		case <-tick.C:
			if err := r.tick(ctx); err != nil {
				return err
			}
		}
	}
}

// followed are the hosts that are connected to.
func (r *run) followed() []*host {
	if r.standby == nil {
		return []*host{r.active}
	}
	return []*host{r.active, r.standby}
}

// connect dials a host: from where it stands, or, if it is only watched, from
// now on.
func (r *run) connect(ctx context.Context, h *host, now time.Time) {
	cursor := int64(0)
	h.from, h.gapFrom = nil, 0
	if h == r.active {
		// What was read since the last save is not read again: the window does not
		// remember all of it.
		h.advance()
		cursor = h.resume(now)
	}
	ctx, stop := context.WithCancel(ctx)
	l := &link{cfg: &r.cfg, client: r.client, host: h.url, cursor: cursor, stop: stop}
	h.link = l
	r.links.Go(func() { l.run(ctx, r.notes) })
}

// take is what a link tells.
func (r *run) take(ctx context.Context, n note) error {
	h := r.hostOf(n.link)
	if h == nil {
		return nil // Of a link that was given up.
	}
	if ctx.Err() != nil {
		return nil //nolint:nilerr // What ends now has not failed.
	}
	now := r.now()
	switch {
	case n.err != nil:
		r.ended(h, n.err, now)
	case n.opened:
		h.link.opened, h.lastFrame = now, now
		r.log.Info("connected", zap.String("source", h.source), zap.Int64("cursor", h.link.cursor), zap.Bool("active", h == r.active))
	default:
		r.frame(h, &n.frame, now)
	}
	if len(r.pending) >= r.cfg.BatchEvents || r.weight >= maxWeight {
		return r.flush(ctx)
	}
	return nil
}

// maxWeight bounds a batch in bytes.
const maxWeight = 8 << 20

func (r *run) hostOf(l *link) *host {
	for _, h := range r.followed() {
		if h.link == l {
			return h
		}
	}
	return nil
}

// ended is the end of a link.
func (r *run) ended(h *host, err error, now time.Time) {
	h.end(err, now)
	if h.told != h.outage {
		r.log.Warn("not connected", zap.String("source", h.source), zap.Error(err))
		h.told = h.outage
	}
	if h != r.active {
		h.history.Missed()
	}
	r.outageRow(h, now)
}

// tick does what is due by the clock.
func (r *run) tick(ctx context.Context) error {
	now := r.now()
	for _, h := range r.followed() {
		r.outageRow(h, now)
		r.heartbeat(h, now)
		h.forget(now)
	}
	if err := r.judge(ctx, now); err != nil {
		return err
	}
	return r.flush(ctx)
}

// flush hands everything to the log, with the coverage that belongs to it, and
// saves the cursor.
func (r *run) flush(ctx context.Context) error {
	batch := append(r.pending, r.rows...)
	for _, h := range r.hosts {
		if h.counted {
			batch = append(batch, h.tally.Running(partLive)...)
			r.changed = true
		}
	}
	if len(batch) > 0 {
		if err := r.emit(ctx, batch); err != nil {
			return fmt.Errorf("bluesky: %w", err)
		}
	}
	if len(batch) > 0 || r.changed {
		if err := r.save(); err != nil {
			return err
		}
	}
	clear(batch)
	r.pending, r.rows, r.weight, r.changed = batch[:0], r.rows[:0], 0, false
	for _, h := range r.hosts {
		h.close()
	}
	return nil
}
