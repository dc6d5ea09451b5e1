package demo

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/schema"
)

// Week is an invented week. It is safe for concurrent use.
type Week struct {
	cfg       Config
	tongues   []tongue
	words     []*words
	spellings [][][]string // Of a language as it is declared, by language.
	sources   [5]string
	sites     map[string]site
	accounts  [5][][]account
	people    []*account // All of them.
	hours     []hour
	outages   []outage
	planted   [hours][]planted // In the order of their times.
	sown      int              // How many these are.
	plan      Plan
	done      atomic.Int64 // Events that were handed on.
	handing   atomic.Int64 // Nanoseconds that handing them on took, of all workers,
	working   atomic.Int64 // and that all of it took.
}

// New prepares a week; its posts are made by Generate.
func New(cfg Config) (*Week, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	w := &Week{cfg: cfg, tongues: tongues(), outages: outages(), sites: planned()}
	for p := range w.sources {
		w.sources[p] = sourceOf(p)
	}
	for _, t := range w.tongues {
		list, err := readWords(t.code)
		if err != nil {
			return nil, fmt.Errorf("demo: %w", err)
		}
		w.words = append(w.words, list)
		spellings := [][]string{{t.code}}
		for _, region := range t.regions {
			spellings = append(spellings, []string{region})
		}
		w.spellings = append(w.spellings, spellings)
	}
	w.accounts = settle(cfg.Seed, cfg.Posts, w.tongues)
	w.sow()
	var err error
	if w.hours, err = spread(cfg.Posts-w.sown, w.tongues); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	return w, nil
}

// Emit takes a batch of events; they are the taker's.
type Emit func(ctx context.Context, batch []*schema.Event) error

// batchEvents are handed on at a time.
const batchEvents = 4_000

// maker makes the events of one hour after the other.
type maker struct {
	w        *Week
	arena    arena
	imported int64
	emit     Emit
	batch    []*schema.Event
	counts   counted
	tallies  [5]collectors.Tally
}

// Generate makes all events, so many hours at a time, and says what they are.
// importedMS is when they are read in; nothing else depends on the caller.
func (w *Week) Generate(ctx context.Context, workers int, importedMS int64, emit Emit) (Counts, error) {
	var next atomic.Int64
	counts := make([]counted, workers)
	group, ctx := errgroup.WithContext(ctx)
	for i := range workers {
		group.Go(func() error {
			begun := time.Now()
			defer func() { w.working.Add(int64(time.Since(begun))) }()
			m := &maker{w: w, imported: importedMS, emit: emit}
			for at := int(next.Add(1)) - 1; at < hours; at = int(next.Add(1)) - 1 {
				if err := m.hour(ctx, at); err != nil {
					return err
				}
			}
			counts[i] = m.counts
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return Counts{}, err
	}
	sum := counts[0]
	for i := range counts[1:] {
		sum.add(&counts[1+i])
	}
	return w.told(&sum), nil
}

// Done is how many events were handed on so far.
func (w *Week) Done() uint64 { return uint64(w.done.Load()) }

// Making is how long making the events took, less what taking them did, summed
// over all workers.
func (w *Week) Making() time.Duration { return time.Duration(w.working.Load() - w.handing.Load()) }

// Events is about how many events there are.
func (w *Week) Events() uint64 {
	again := w.cfg.Posts * (fateEdited/2 + fateDeleted + fateTwice) / 1000
	return uint64(w.cfg.Posts + again + len(w.people) + len(w.sources)*hours*60)
}

// hour makes the events of an hour: snapshots of some accounts, the posts with
// what becomes of them, and coverage.
func (m *maker) hour(ctx context.Context, at int) error {
	m.cover(at)
	for i := at; i < len(m.w.people); i += hours {
		if err := m.add(ctx, m.profile(m.w.people[i], at)); err != nil {
			return err
		}
	}
	if err := m.posts(ctx, at); err != nil {
		return err
	}
	for p := range m.tallies {
		if err := m.add(ctx, m.tallies[p].Events("")...); err != nil {
			return err
		}
	}
	return m.flush(ctx)
}

// posts adds the posts of an hour in the order of their times.
func (m *maker) posts(ctx context.Context, at int) error {
	planted := m.w.planted[at]
	for i := range m.w.hours[at].posts {
		h := m.w.head(at, i)
		for ; len(planted) > 0 && planted[0].ms <= h.place.ms; planted = planted[1:] {
			if err := m.plant(ctx, &planted[0]); err != nil {
				return err
			}
		}
		if err := m.follow(ctx, &h); err != nil {
			return err
		}
	}
	for i := range planted {
		if err := m.plant(ctx, &planted[i]); err != nil {
			return err
		}
	}
	return nil
}

func (m *maker) add(ctx context.Context, events ...*schema.Event) error {
	if m.batch = append(m.batch, events...); len(m.batch) < batchEvents {
		return nil
	}
	return m.flush(ctx)
}

func (m *maker) flush(ctx context.Context) error {
	if len(m.batch) == 0 {
		return nil
	}
	begun := time.Now()
	if err := m.emit(ctx, m.batch); err != nil {
		return err
	}
	m.w.handing.Add(int64(time.Since(begun)))
	m.w.done.Add(int64(len(m.batch)))
	m.batch = m.batch[:0]
	return nil
}

// profile is a snapshot of an account, taken in an hour.
func (m *maker) profile(a *account, at int) *schema.Event {
	s := a.snapshot()
	s.Platform, s.CollectedMs, s.ImportedMs = platforms()[a.platform], startMS()+int64(at)*hourMS, m.imported
	s.Collector, s.Source = m.w.sources[a.platform], m.w.sources[a.platform]
	return &schema.Event{Kind: &schema.Event_Account{Account: s}}
}

// What becomes of a post of the base, per mille.
const (
	fateLate    = 12
	fateEdited  = 24
	fateDeleted = 30
	fateTwice   = 10
)

// follow adds a post of the base and what becomes of it.
func (m *maker) follow(ctx context.Context, h *head) error {
	p, as := m.base(h)
	d := drawFor(m.w.cfg.Seed+1, uint64(h.hour), uint64(h.index))
	events := [3]*schema.Event{m.arena.wrap(p)}
	n, late := 1, false
	switch fate := d.below(1000); {
	case fate < fateLate:
		late = true
		p.CollectedMs += int64(d.between(120, 1200)) * minuteMS
	case fate < fateLate+fateEdited:
		if h.kind != schema.KindRepost && h.account.platform != bluesky {
			events[1], n = m.arena.wrap(m.edited(p, h.account, &d)), 2
			m.counts.Edits++
		}
	case fate < fateLate+fateEdited+fateDeleted:
		events[1], n = m.deleted(p, &d), 2
		m.counts.Deletes++
		m.received(p, h.account.platform, n, late)
		m.counts.Written++
		return m.add(ctx, events[:n]...)
	case fate < fateLate+fateEdited+fateDeleted+fateTwice:
		events[1], n = events[0], 2
		m.counts.Twice++
	}
	m.counts.visible(p, h.account.tongue, as, late)
	m.received(p, h.account.platform, n, late)
	return m.add(ctx, events[:n]...)
}
