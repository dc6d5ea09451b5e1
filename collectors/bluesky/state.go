package bluesky

import (
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/schema"
)

// state is the collector's cursor.
type state struct {
	Active string                `json:"active"`
	Hosts  map[string]*hostState `json:"hosts"`
}

type hostState struct {
	API     string              `json:"api"`
	Cursors map[string]int64    `json:"cursors"` // By collection.
	Newest  int64               `json:"newest"`  // When the newest event was seen, in Unix microseconds.
	Recent  []byte              `json:"recent"`  // The ids of what was read since the cursors.
	Open    int64               `json:"open"`    // The oldest minute that is still counted.
	Tally   []*schema.Coverage  `json:"tally"`
	History *collectors.History `json:"history"`
}

// begin reads the cursor.
func (c *Collector) begin(emit collectors.Emit) (*run, error) {
	r := &run{Collector: c, emit: emit, notes: make(chan note, 64)}
	var s state
	if _, err := c.cursors.Load(name, &s); err != nil {
		return nil, err
	}
	now := c.now()
	for _, address := range c.cfg.Hosts {
		h := newHost(&c.cfg, address, now)
		h.load(s.Hosts[address], &c.cfg)
		if address == s.Active {
			r.active = h
		}
		r.hosts = append(r.hosts, h)
	}
	if r.active == nil {
		r.active = r.hosts[0]
		if gone := s.Hosts[s.Active]; gone != nil && gone.Newest != 0 { // The study no longer names it.
			old := newHost(&c.cfg, s.Active, now)
			r.active.restart(r.startOf(old, gone.Newest), c.cfg.followed())
		}
	}
	if api := s.Hosts[r.active.url]; api != nil && api.API != c.cfg.API && api.Newest != 0 {
		c.log.Info("the wire changed: beginning at a time", zap.String("source", r.active.source))
		r.active.restart(r.startOf(r.active, api.Newest), c.cfg.followed())
	}
	r.active.follow(c.cfg.followed(), now)
	if *c.cfg.Compare {
		r.standby = r.hosts[(slices.Index(r.hosts, r.active)+1)%len(r.hosts)]
	}
	return r, nil
}

// load goes on from what the cursor has of a host.
func (h *host) load(s *hostState, cfg *Config) {
	if s == nil {
		return
	}
	if s.API == cfg.API {
		maps.Copy(h.cursors, s.Cursors)
	}
	lowest := int64(0)
	for _, at := range h.cursors {
		if lowest == 0 || at < lowest {
			lowest = at
		}
	}
	h.window.restore(s.Recent, lowest, s.Newest)
	h.tally.Restore(s.Tally)
	h.open = s.Open
	if s.History != nil {
		h.history = *s.History
	}
}

// follow begins what was not followed before from now on, and drops what is no
// longer wanted.
func (h *host) follow(followed []string, now time.Time) {
	wanted := map[string]int64{}
	for _, collection := range followed {
		at, ok := h.cursors[collection]
		if !ok {
			at = now.UnixMicro()
		}
		wanted[collection] = at
	}
	h.cursors = wanted
}

// save writes the cursor. The log has everything that it stands behind.
func (r *run) save() error {
	s := state{Active: r.active.url, Hosts: map[string]*hostState{}}
	for _, h := range r.hosts {
		kept := &hostState{API: r.cfg.API, Newest: h.window.newest, Open: h.open, Tally: h.tally.State(), History: &h.history}
		if h == r.active {
			h.advance()
			kept.Cursors, kept.Recent = h.cursors, h.window.save()
		}
		s.Hosts[h.url] = kept
	}
	return r.cursors.Save(name, s)
}
