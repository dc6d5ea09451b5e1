package main

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/cmd/observatory/study"
	"github.com/election-observatory/observatory/collectors/expand"
	"github.com/election-observatory/observatory/collectors/rss"
	"github.com/election-observatory/observatory/collectors/websub"
	"github.com/election-observatory/observatory/internal/app"
	"github.com/election-observatory/observatory/internal/eventlog"
	"github.com/election-observatory/observatory/processors"
	"github.com/election-observatory/observatory/processors/assess"
	"github.com/election-observatory/observatory/processors/match"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

// system is the observatory as a command sees it: a log and a store, its own or
// another process's, and the parts that this process runs.
type system struct {
	ctx     context.Context // It ends when a part fails; commands work under it.
	cancel  context.CancelCauseFunc
	study   study.Study
	again   func() (study.Study, error) // Reads it anew.
	dir     app.Dir
	environ []string
	level   string
	log     *zap.Logger
	reg     *prometheus.Registry

	lock      *app.Lock // Nil where another process is the owner.
	passwords map[string]string
	reviewers map[string]string // Their passwords for the page.
	key       []byte            // The study's.
	ends      app.Endpoints
	brokers   []string
	logID     string
	store     *store.Store
	migrated  []store.Migration // What this command applied.
	pipeline  *processors.Pipeline
	runner    *assess.Runner
	queries   *match.Set

	feeds    *rss.Reader // What all feeds share, under
	feedsHow string      // this configuration.

	hubs     *websub.Subscriber // Nil where no hub is listened to.
	expander *expand.Expander   // Nil where short links are not followed.

	parts []*part // In the order in which they were started.
}

// part is something that runs until it is stopped.
type part struct {
	name string
	stop context.CancelFunc
	done chan struct{}
}

// needs says what a command needs of the observatory.
type needs struct {
	listen  listen // Where an owner listens.
	asking  bool   // Nothing is written to the log: if the store has all of it, the engine alone is enough.
	owner   bool   // It must be the owner itself.
	process bool   // Whoever owns nothing embedded runs processors as well.
	collect bool   // Live sources are collected.
	logOnly bool   // There is no store.
}

var (
	errOwnerGone = errors.New("the observatory that holds the directory has ended: run the command again")
	errPatience  = errors.New("the observatory that holds the directory does not answer: see what it says, or end it")
)

// open makes the system ready: as the owner of the directory, or with the help
// of the owner.
func (c *cli) open(ctx context.Context, level string, need needs) (*system, error) {
	of, err := c.study()
	if err != nil {
		return nil, err
	}
	log, err := c.logger(level)
	if err != nil {
		return nil, err
	}
	if c.level != "" {
		level = c.level
	}
	s := &system{study: of, again: c.study, dir: c.dir(), environ: c.environ, level: level, log: log, reg: prometheus.NewRegistry()}
	s.reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	if s.queries, err = of.Matching(); err != nil {
		return nil, usage(err)
	}
	if err := s.open(c.environ, need); err != nil {
		if cause := context.Cause(s.ctx); cause != nil && ctx.Err() == nil {
			err = cause // A part failed, which is why the rest did.
		}
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *system) open(environ []string, need needs) error {
	deadline := time.Now().Add(90 * time.Second)
	for {
		lock, err := s.dir.Lock()
		switch {
		case err == nil:
			s.lock = lock
			return s.own(environ, need)
		case !errors.Is(err, app.ErrOwned) || need.owner:
			return err
		}
		attached, err := s.attach(environ)
		if attached || err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return errPatience
		}
		if err := pause(s.ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}

// own starts what is embedded, brings log and store to this program's version,
// and starts the processors.
func (s *system) own(environ []string, need needs) error {
	if need.logOnly {
		return s.ownCollectors(need)
	}
	alone := need.asking && s.embedsBroker() && s.lock.Settled()
	if err := s.prepare(alone); err != nil {
		return err
	}
	if err := s.startEmbedded(need.listen, alone); err != nil {
		return err
	}
	if err := s.openStore(environ); err != nil {
		return err
	}
	var err error
	if s.migrated, err = s.migrate(); err != nil {
		return err
	}
	if alone {
		return nil
	}
	return s.ownAll(need)
}

// ownCollectors starts the collectors before a cluster's log.
func (s *system) ownCollectors(need needs) error {
	s.brokers = s.study.Kafka.Brokers
	if err := s.prepareLog(); err != nil {
		return err
	}
	if err := s.startCollectors(); err != nil {
		return err
	}
	return s.publish(need.listen, nil)
}

// ownAll starts what works between the log and the store.
func (s *system) ownAll(need needs) error {
	if err := s.prepareLog(); err != nil {
		return err
	}
	processing := need.process || s.embedsBroker() || s.embedsEngine()
	var checks []app.Check
	if processing {
		if err := s.startProcessors(); err != nil {
			return err
		}
		checks = append(checks, app.Check{Name: "processors", Ask: s.processorsKeepUp})
	}
	if need.collect && s.study.Live() {
		if err := s.startCollectors(); err != nil {
			return err
		}
	}
	return s.publish(need.listen, checks)
}

// prepare reads or makes what the directory keeps.
func (s *system) prepare(alone bool) error {
	var err error
	if s.key, err = s.lock.StudyKey(); err != nil {
		return err
	}
	if s.passwords, err = s.lock.Passwords(users()); err != nil {
		return err
	}
	if err = s.prepareReviewers(); err != nil || !s.embedsBroker() || alone {
		return err
	}
	if s.logID, err = s.lock.LogID(); err != nil {
		return err
	}
	return s.lock.SetSettled(false)
}

// prepareLog waits for the brokers and makes the topics.
func (s *system) prepareLog() error {
	replication := 1
	if !s.embedsBroker() {
		id, err := eventlog.ClusterID(s.ctx, s.brokers)
		if err != nil {
			return err
		}
		s.logID = "kafka/" + id
		if replication = s.study.Kafka.Replication; replication == 0 {
			replication = 3
		}
	}
	return eventlog.EnsureTopics(s.ctx, s.brokers, schema.Topics(), replication)
}

// openStore connects to the store as who writes.
func (s *system) openStore(environ []string) error {
	cfg := store.DefaultConfig()
	if s.embedsEngine() {
		password, err := s.dir.Password(ownerUser)
		if err != nil {
			return err
		}
		cfg.Addr, cfg.User, cfg.Password = s.ends.ClickHouse, ownerUser, store.Secret(password)
	} else {
		password, err := s.study.ClickHouse.Password(environ)
		if err != nil {
			return err
		}
		cfg.Layout = s.layout()
		cfg.Addr, cfg.User, cfg.Password = s.study.ClickHouse.Address, s.study.ClickHouse.Name(), store.Secret(password)
	}
	var err error
	s.store, err = store.New(cfg, s.log, s.reg)
	return err
}

func (s *system) embedsBroker() bool { return len(s.study.Kafka.Brokers) == 0 }
func (s *system) embedsEngine() bool { return s.study.ClickHouse.Address == "" }

func (s *system) layout() store.Layout {
	return store.Layout{Replicated: s.study.ClickHouse.Replicated, Cluster: s.study.ClickHouse.Cluster}
}

// migrate brings the store to this program's version.
func (s *system) migrate() ([]store.Migration, error) {
	if s.embedsEngine() {
		return store.Migrate(s.ctx, s.store.DB(), s.log)
	}
	return store.MigrateServer(s.ctx, s.store.DB(), s.layout(), s.log)
}

// run starts a part under a name. If it fails, everything ends, and that is why.
func (s *system) run(name string, f func(ctx context.Context) error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.ctx))
	p := &part{name: name, stop: cancel, done: make(chan struct{})}
	s.parts = append(s.parts, p)
	go func() {
		defer close(p.done)
		if err := f(ctx); err != nil && ctx.Err() == nil {
			s.cancel(err)
		}
	}()
}

// stop ends the parts that were started after the first n, the last one first.
func (s *system) stop(n int) {
	for i := len(s.parts) - 1; i >= n; i-- {
		s.parts[i].stop()
		<-s.parts[i].done
	}
	s.parts = s.parts[:min(n, len(s.parts))]
}

// close ends everything in order. It notes whether the store has all of the log.
func (s *system) close() {
	s.cancel(nil)
	settled, size := s.settled()
	s.stop(0)
	if s.store != nil {
		_ = s.store.Close()
	}
	if s.lock == nil {
		return
	}
	// Others may have appended until the broker ended: then the log has grown.
	if settled && size == s.dir.LogBytes() {
		if err := s.lock.SetSettled(true); err != nil {
			s.log.Warn("the next start will take longer", zap.Error(err))
		}
	}
	s.lock.Release()
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
