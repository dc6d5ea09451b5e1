package assess

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

// Method computes results from the rows of the store, for hours of event time.
// What it writes replaces what it wrote before for the same hours.
type Method interface {
	// Name is the method's job in progress. Under a name that the store does not
	// know it computes all hours.
	Name() string
	// Compute computes the hours again. A version is larger the more of the log was
	// stored when the hours were found, so that results of the larger one win.
	Compute(ctx context.Context, hours []Hour, version uint64) error
}

// Hour is the first Unix second of an hour of event time.
type Hour uint32

// Time is the start of the hour.
func (h Hour) Time() time.Time { return time.Unix(int64(h), 0).UTC() }

// Watcher computes what follows from coverage rather than from posts.
type Watcher interface {
	// Check computes the results of [from, to) again.
	Check(ctx context.Context, from, to time.Time) error
}

// Config says how often the methods run.
type Config struct {
	Poll    time.Duration // How often to look for stored rows that are not assessed, when all is done.
	Pause   time.Duration // The longest pause between two computations while rows keep coming in.
	Share   float64       // The part of the time that computations may take while rows keep coming in, above 0 and up to 1.
	Retry   time.Duration // The pause after a failure.
	Cleanup time.Duration // How often notes of computed hours are removed.
	Watch   time.Duration // How often watchers look, at what is not older than Look.
	Look    time.Duration
	Idle    time.Duration // How long the others must have had nothing to do before methods that cost more have their turn.
	Later   time.Duration // How long these wait at most.
	Erase   time.Duration // How often what is deleted is taken from the files.
}

// DefaultConfig suits one machine.
func DefaultConfig() Config {
	return Config{Poll: 200 * time.Millisecond, Pause: time.Minute, Share: 0.1, Retry: time.Second, Cleanup: time.Hour / 2, Watch: time.Minute, Look: 48 * time.Hour, Idle: 5 * time.Second, Later: 30 * time.Second, Erase: time.Hour / 2}
}

// Validate says what is wrong with the configuration.
func (c Config) Validate() error {
	if c.Poll <= 0 || c.Pause <= 0 || c.Retry <= 0 || c.Cleanup <= 0 || c.Watch <= 0 || c.Look <= 0 || c.Idle < 0 || c.Later <= 0 || c.Erase <= 0 {
		return fmt.Errorf("assess: pauses must be more than nothing")
	}
	if c.Share <= 0 || c.Share > 1 {
		return fmt.Errorf("assess: the share of the time must be above 0 and up to 1, not %v", c.Share)
	}
	return nil
}

// Runner runs methods on what has changed in the store.
type Runner struct {
	cfg      Config
	store    *store.Store
	methods  []Method
	later    []Method
	watchers []Watcher
	log      *zap.Logger
	metrics  *metrics
	cleaned  time.Time
	watched  time.Time
	erased   time.Time     // When what is deleted was last taken from the files,
	erasing  time.Duration // and how long that took.
	latered  time.Time     // When the later methods had their turn,
	worked   time.Time     // and when the others last had something to do.
	wanted   atomic.Bool   // Somebody waits for the later methods.
	alerts   uint64        // How many lasted when that was last looked at.

	expansionsSeen map[uint32]uint64 // The last offsets of expansions whose hours are counted; nil until it was looked.
}

// Work is what a runner does: methods in this order, then watchers.
type Work struct {
	Methods []Method
	// Later are methods that cost more. They have their turn when the others have
	// had nothing to do for Config.Idle, and at least every Config.Later.
	Later    []Method
	Watchers []Watcher
}

func (r *Runner) all() []Method { return slices.Concat(r.methods, r.later) }

// New prepares a runner. It does no I/O.
func New(cfg Config, s *store.Store, work Work, log *zap.Logger, reg prometheus.Registerer) (*Runner, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Runner{cfg: cfg, store: s, methods: work.Methods, later: work.Later, watchers: work.Watchers, log: log.Named("assess"), metrics: newMetrics(reg)}, nil
}

// Run assesses what is stored until ctx ends, and then returns nil. A failure
// is logged and tried again.
func (r *Runner) Run(ctx context.Context) error {
	settled, failures := false, 0
	for ctx.Err() == nil {
		start := time.Now()
		var busy bool
		var err error
		if !settled {
			err = r.Settle(ctx)
			settled = err == nil
		}
		if err == nil {
			busy, err = r.Once(ctx)
		}
		if err == nil {
			err = r.look(ctx)
		}
		pause := r.cfg.Poll
		switch {
		case err != nil && ctx.Err() == nil:
			r.metrics.failures.Inc()
			if failures == 0 {
				r.log.Error("assessing is delayed", zap.Error(err))
			}
			pause = min(r.cfg.Retry<<min(failures, 10), 10*r.cfg.Retry)
			failures++
		case busy:
			// A computation may cost as much as reading a day: while rows keep
			// coming in, the store must mostly serve others.
			took := time.Since(start)
			pause = min(max(time.Duration(float64(took)*(1/r.cfg.Share-1)), r.cfg.Poll), r.cfg.Pause)
		}
		if err == nil && failures > 0 {
			r.log.Info("assessing goes on", zap.Int("failures", failures))
			failures = 0
		}
		r.rest(ctx, pause, busy)
	}
	return nil
}

// look runs the watchers, if it is time.
func (r *Runner) look(ctx context.Context) error {
	now := time.Now()
	if now.Sub(r.watched) < r.cfg.Watch {
		return nil
	}
	r.watched = now
	if err := r.watch(ctx, now.Add(-r.cfg.Look), now); err != nil {
		return err
	}
	if err := r.expanded(ctx, now); err != nil {
		return err
	}
	return r.tellAlerts(ctx)
}

// rest waits. While rows keep coming in it leaves the store to others, but no
// longer than until they cease to: there is nobody then to make room for.
func (r *Runner) rest(ctx context.Context, pause time.Duration, busy bool) {
	if !busy {
		sleep(ctx, pause)
		return
	}
	var last store.Offsets
	for end := time.Now().Add(pause); time.Now().Before(end) && sleep(ctx, r.cfg.Poll); {
		now, err := r.store.Progress(ctx, store.JobStored)
		if err != nil || maps.Equal(last, now) {
			return
		}
		last = now
	}
}

// Once runs every method on the hours that became due, and reports whether
// there were any.
func (r *Runner) Once(ctx context.Context) (bool, error) {
	stored, err := r.store.Progress(ctx, store.JobStored)
	if err != nil {
		return false, err
	}
	stored = posts(stored)
	busy := false
	for _, m := range r.methods {
		did, err := r.assess(ctx, m, stored)
		if err != nil {
			return busy, fmt.Errorf("assess: %s: %w", m.Name(), err)
		}
		busy = busy || did
	}
	if r.haveTurn(busy) {
		if busy, err = r.afterwards(ctx, stored, busy); err != nil {
			return busy, err
		}
	}
	if err := r.erase(ctx); err != nil {
		return busy, err
	}
	if !busy && time.Since(r.cleaned) >= r.cfg.Cleanup {
		if err := r.cleanAll(ctx, stored); err != nil {
			return false, err
		}
	}
	return busy, nil
}

// haveTurn says whether the methods that cost more have their turn.
func (r *Runner) haveTurn(busy bool) bool {
	now := time.Now()
	if r.latered.IsZero() {
		r.latered = now
	}
	if busy {
		r.worked = now
	}
	return !busy && (r.wanted.Load() || now.Sub(r.worked) >= r.cfg.Idle) || now.Sub(r.latered) >= r.cfg.Later
}

// afterwards runs the methods that cost more.
func (r *Runner) afterwards(ctx context.Context, stored store.Offsets, busy bool) (bool, error) {
	for _, m := range r.later {
		did, err := r.assess(ctx, m, stored)
		if err != nil {
			return busy, fmt.Errorf("assess: %s: %w", m.Name(), err)
		}
		busy = busy || did
	}
	r.latered = time.Now()
	return busy, nil
}

// erase takes what is deleted from the files, if it is time. What takes long in a
// large store is done more rarely: files are written anew as a whole.
func (r *Runner) erase(ctx context.Context) error {
	start := time.Now()
	if r.erased.IsZero() { // Who starts has other things to do first.
		r.erased = start
	}
	if start.Sub(r.erased) < max(r.cfg.Erase, time.Duration(float64(r.erasing)/eraseShare)) {
		return nil
	}
	erased, err := r.store.Erase(ctx)
	if err != nil {
		return fmt.Errorf("assess: %w", err)
	}
	r.erased, r.erasing = time.Now(), time.Since(start)
	for _, e := range erased {
		r.log.Info("erased", zap.String("table", e.Table), zap.Uint64("rows", e.Rows), zap.String("what", e.Doc))
	}
	return nil
}

// eraseShare is the part of the time that erasing may take.
const eraseShare = 0.05

// cleanAll removes what nobody needs any more.
func (r *Runner) cleanAll(ctx context.Context, stored store.Offsets) error {
	if err := r.clean(ctx, stored); err != nil {
		return err
	}
	for _, m := range r.all() {
		if c, ok := m.(Cleaner); ok {
			if err := c.Clean(ctx); err != nil {
				return fmt.Errorf("assess: %w", err)
			}
		}
	}
	r.cleaned = time.Now()
	return nil
}

// assess brings one method to where the store is. The offsets are read before
// the notes and the notes before the rows, so that a note is acted on only when
// what it announces is in.
func (r *Runner) assess(ctx context.Context, m Method, stored store.Offsets) (bool, error) {
	done, err := r.store.Progress(ctx, m.Name())
	if err != nil {
		return false, err
	}
	due := dueNotes(stored, done)
	if due == "" {
		return false, nil
	}
	start := time.Now()
	var hours []Hour
	if len(done) > 0 {
		hours, err = r.hours(ctx, due)
	} else { // It never ran here, and notes from before may be gone.
		hours, err = r.scan(ctx, "SELECT DISTINCT toUInt32(toStartOfHour(created_at)) FROM "+rowsOfPosts)
	}
	if err != nil {
		return true, err
	}
	if err := m.Compute(ctx, hours, versionOf(stored)); err != nil {
		return true, err
	}
	if err := r.store.SetProgress(ctx, m.Name(), stored); err != nil {
		return true, err
	}
	r.metrics.hours.WithLabelValues(m.Name()).Add(float64(len(hours)))
	r.metrics.seconds.WithLabelValues(m.Name()).Observe(time.Since(start).Seconds())
	return true, nil
}

func (r *Runner) watch(ctx context.Context, from, to time.Time) error {
	for _, w := range r.watchers {
		if err := w.Check(ctx, from, to); err != nil {
			return fmt.Errorf("assess: %w", err)
		}
	}
	return nil
}

// tellAlerts measures how many alerts last, and logs when they become more or fewer.
func (r *Runner) tellAlerts(ctx context.Context) error {
	var n uint64
	if err := r.store.DB().QueryRow(ctx, fmt.Sprintf("SELECT count() FROM %s.%s FINAL WHERE raised AND to IS NULL", schema.StoreDatabase, schema.TableAlerts)).Scan(&n); err != nil {
		return fmt.Errorf("assess: count alerts: %w", err)
	}
	r.metrics.alerts.Set(float64(n))
	if n != r.alerts {
		r.log.Warn("silent sources", zap.Uint64("now", n), zap.Uint64("before", r.alerts))
		r.alerts = n
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
