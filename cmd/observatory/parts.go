package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/election-observatory/observatory/cmd/observatory/study"
	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/internal/app"
	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/chdb"
	"github.com/election-observatory/observatory/internal/eventlog"
	"github.com/election-observatory/observatory/processors"
	"github.com/election-observatory/observatory/processors/assess"
	"github.com/election-observatory/observatory/processors/automation"
	"github.com/election-observatory/observatory/processors/bursts"
	"github.com/election-observatory/observatory/processors/coordination"
	"github.com/election-observatory/observatory/processors/sources"
	"github.com/election-observatory/observatory/processors/sources/lookalike"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

// group is the consumer group of the processors. What it has not read, the
// embedded broker does not remove.
const group = "observatory.store"

const (
	// batchRecords is how many events of a partition go to the store at a time:
	// enough for few parts to merge, and for all partitions to fit in memory.
	batchRecords = 25_000
	// processorMemory is what the processors' process aims to stay below, in
	// bytes. Collecting garbage sooner costs less than a second working set.
	processorMemory = 512 << 20
)

// ownerUser writes and migrates in the embedded engine.
const ownerUser = string(engine.RoleOwner)

// listen says where an owner listens.
type listen struct {
	clickhouse, page, kafka string
	password                string // Asked of readers where one of them is not on loopback.
}

// anywhere is any free port of this machine.
func anywhere() listen {
	const free = "127.0.0.1:0"
	return listen{clickhouse: free, page: free, kafka: free}
}

func users() []string {
	names := make([]string, 0, len(engine.Roles()))
	for _, role := range engine.Roles() {
		names = append(names, string(role))
	}
	return names
}

// openSocket listens, or says which flag to change.
func openSocket(ctx context.Context, flag, address string) (*net.TCPListener, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is taken by another program: give another HOST:PORT with %s, or port 0 for any free one", address, flag)
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be listened on: give another HOST:PORT with %s: %w", address, flag, err)
	}
	return ln.(*net.TCPListener), nil //nolint:forcetypeassert // It is one.
}

// startEmbedded starts the children and waits until both answer.
func (s *system) startEmbedded(at listen, alone bool) error {
	starting, ctx := errgroup.WithContext(s.ctx)
	if s.embedsEngine() {
		child, err := s.engine(at)
		if err != nil {
			return err
		}
		s.startChild(ctx, starting, child)
	}
	if s.embedsBroker() && !alone {
		child, err := s.broker(at)
		if err != nil {
			return err
		}
		s.startChild(ctx, starting, child)
	} else {
		s.brokers = s.study.Kafka.Brokers
	}
	return starting.Wait()
}

func (s *system) startChild(ctx context.Context, starting *errgroup.Group, child *app.Child) {
	ready := make(chan struct{})
	s.run(child.Name, func(ctx context.Context) error { return child.Run(ctx, s.log, ready) })
	starting.Go(func() error {
		select {
		case <-ready:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}

// reachable is a listener's address as this machine can use it.
func reachable(ln *net.TCPListener) string {
	at, _ := ln.Addr().(*net.TCPAddr)
	if at.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(at.Port))
	}
	return at.String()
}

func (s *system) engine(at listen) (*app.Child, error) {
	cfg := engine.DefaultConfig()
	cfg.Dir, cfg.Database, cfg.Passwords = s.dir.Store(), schema.Database, map[engine.Role]string{}
	for user, password := range s.passwords {
		cfg.Passwords[engine.Role(user)] = password
	}
	if at.password == "" {
		cfg.Anonymous = engine.RoleResearcher
	} else {
		cfg.Passwords[engine.RoleResearcher] = at.password
	}
	for _, view := range schema.Views() {
		if view.Restricted {
			cfg.Restricted = append(cfg.Restricted, view.Name)
		} else {
			cfg.Relations = append(cfg.Relations, view.Name)
		}
	}
	cfg.Aggregates = []string{"hourly", "coverage"}
	bound(&cfg, &s.study.Engine)
	cfg.Audit = s.dir.Audit()
	library, err := chdb.Find("")
	if err != nil {
		return nil, err
	}
	cfg.Library = library
	socket, err := openSocket(s.ctx, "--listen-clickhouse", at.clickhouse)
	if err != nil {
		return nil, err
	}
	s.ends.ClickHouse = "http://" + reachable(socket)
	return &app.Child{
		Name: "engine", Command: engineCommand, Config: engineConfig{cfg, s.level}, Socket: socket,
		Ready: func(ctx context.Context) error { return ping(ctx, s.ends.ClickHouse+"/ping") },
	}, nil
}

// bound sets what the study bounds otherwise.
func bound(cfg *engine.Config, bounds *study.Engine) {
	if bounds.QuerySeconds > 0 {
		cfg.Readers.Time = time.Duration(bounds.QuerySeconds) * time.Second
	}
	if bounds.QueryMemory > 0 {
		cfg.Readers.Memory = uint64(bounds.QueryMemory) << 20
	}
	if bounds.Queries > 0 {
		cfg.Readers.Concurrent = bounds.Queries
	}
	if bounds.HourQueries > 0 {
		cfg.Quota.Queries = bounds.HourQueries
	}
	if bounds.HourSeconds > 0 {
		cfg.Quota.Time = time.Duration(bounds.HourSeconds) * time.Second
	}
}

func (s *system) broker(at listen) (*app.Child, error) {
	cfg := eventlog.DefaultBrokerConfig()
	cfg.Dir, cfg.ProtectGroups = s.dir.Broker(), []string{group}
	socket, err := openSocket(s.ctx, "--listen-kafka", at.kafka)
	if err != nil {
		return nil, err
	}
	s.ends.Kafka = reachable(socket)
	s.brokers = []string{s.ends.Kafka}
	return &app.Child{
		Name: "broker", Command: brokerCommand, Config: brokerConfig{cfg, s.level}, Socket: socket,
		Ready: func(ctx context.Context) error {
			_, err := eventlog.ClusterID(ctx, s.brokers)
			return err
		},
	}, nil
}

func ping(ctx context.Context, address string) error {
	if !answers(ctx, address) {
		return errors.New("no answer at " + address)
	}
	return nil
}

// startProcessors starts what reads the log into the store, and what counts in
// the store.
func (s *system) startProcessors() error {
	tagger, err := s.tagger()
	if err != nil {
		return err
	}
	producer, err := s.producer()
	if err != nil {
		return err
	}
	emit := collectors.NewLogEmitter(producer).Emit
	if s.pipeline, err = processors.New(processors.Config{LogID: s.logID}, s.store, func() processors.Tagger { return tagger.Worker() }, processors.Emit(emit), s.log, s.reg); err != nil {
		return err
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(processorMemory)
	}
	cfg := eventlog.DefaultConsumerConfig()
	cfg.Brokers, cfg.Group, cfg.MaxBatchRecords = s.brokers, group, batchRecords
	for _, topic := range schema.Topics() {
		cfg.Topics = append(cfg.Topics, topic.Name)
	}
	consumer, err := eventlog.NewConsumer(cfg, s.pipeline.Handle, s.log, s.reg)
	if err != nil {
		return err
	}
	runner, err := s.assessor()
	if err != nil {
		return err
	}
	if err := s.startLists(tagger); err != nil {
		return err
	}
	s.run("assess", runner.Run)
	s.run("processors", consumer.Run)
	return nil
}

// tagger tags as the study says.
func (s *system) tagger() (*tag.Tagger, error) {
	cfg := tag.DefaultConfig()
	cfg.Key = s.key
	cfg.Shorteners = append(cfg.Shorteners, s.study.Shorteners...)
	cfg.Queries, cfg.Languages = s.queries, s.study.Languages
	for _, account := range s.study.PublicAccounts {
		platform, _ := schema.ParsePlatform(account.Platform)
		cfg.Public = append(cfg.Public, tag.PublicAccount{Platform: platform, NativeID: account.ID, Handle: account.Handle})
	}
	return tag.New(cfg)
}

// naming is how links show sources. It is for one goroutine.
func naming(tagger *tag.Tagger) store.Naming {
	tagger, parser := tagger.Worker(), sources.NewParser()
	return store.Naming{Version: tagger.NamesVersion(), Keys: func(source string) []store.Key {
		var keys []store.Key
		for _, address := range parser.Addresses(source) {
			var k store.Key
			if k.Key, k.Domain = tagger.SourceKey(address); !slices.ContainsFunc(keys, func(known store.Key) bool { return known.Key == k.Key }) {
				keys = append(keys, k)
			}
		}
		return keys
	}}
}

// assessor runs the methods over the store, or waits for whoever does. The list
// of methods is here.
func (s *system) assessor() (*assess.Runner, error) {
	if s.runner != nil {
		return s.runner, nil
	}
	var err error
	s.runner, err = assess.New(assess.DefaultConfig(), s.store, s.work(), s.log, s.reg)
	return s.runner, err
}

// work is what is computed over the store.
func (s *system) work() assess.Work {
	work := assess.Work{Watchers: []assess.Watcher{assess.NewSilence(s.store.DB())}}
	if s.queries.Version() != "" {
		work.Methods = append(work.Methods, assess.NewRematch(s.store.DB(), s.queries))
	}
	work.Methods = append(work.Methods, assess.NewLinks(s.store.DB()), assess.NewHourly(s.store.DB())) // Hourly counts the links that Links keeps.
	if searches := s.study.Searches(); len(searches) > 0 {
		work.Methods = append(work.Methods, assess.NewSearches(s.store.DB(), searches))
	}
	if protected, err := lookalike.New(s.study.ProtectedNames); err == nil && protected.Len() > 0 { // The study was checked when it was read.
		work.Methods = append(work.Methods, assess.NewLookalikes(s.store.DB(), protected.Version(), func(host string) (assess.Resemblance, bool) {
			found, ok := protected.Check(host)
			return assess.Resemblance{Rule: found.Rule, Target: found.Target, Evidence: found.Evidence}, ok
		}))
	}
	work.Later = append(work.Later, assess.NewPairs(s.store.DB(), assess.DefaultPairs()), assess.NewNetworks(s.store.DB(), coordination.DefaultStrict()),
		assess.NewClusters(s.store.DB(), assess.DefaultClusters()), assess.NewScores(s.store.DB(), automation.DefaultParams()), assess.NewBursts(s.store.DB(), bursts.DefaultParams()))
	return work
}

// producer appends to the log; it ends with the system.
func (s *system) producer() (*eventlog.Producer, error) {
	cfg := eventlog.DefaultProducerConfig()
	cfg.Brokers = s.brokers
	producer, err := eventlog.NewProducer(cfg, s.log, s.reg)
	if err != nil {
		return nil, err
	}
	s.run("producer", func(ctx context.Context) error {
		<-ctx.Done()
		return producer.Close()
	})
	return producer, nil
}

// publish serves the page and tells other commands where everything is.
func (s *system) publish(at listen, checks []app.Check) error {
	socket, err := openSocket(s.ctx, "--listen-page", at.page)
	if err != nil {
		return err
	}
	s.ends.Page, s.ends.Log, s.ends.PID = "http://"+socket.Addr().String(), s.logID, os.Getpid()
	if !s.embedsEngine() {
		s.ends.ClickHouse = s.study.ClickHouse.Address
	}
	if !s.embedsBroker() {
		s.ends.Kafka = strings.Join(s.brokers, ",")
	}
	page := &app.Page{
		Title: s.study.Name(), Password: at.password, Metrics: s.reg, Log: s.log.Named("page"),
		Links: []app.Link{{What: "Log (Kafka)", Where: s.ends.Kafka}, {What: "Health", Where: "/healthz"}, {What: "Metrics", Where: "/metrics"}},
		Checks: append(checks, app.Check{Name: "log", Ask: func(ctx context.Context) error {
			_, err := eventlog.Ends(ctx, s.brokers, schema.TopicPosts)
			return err
		}}),
	}
	if s.store != nil {
		if page.Site, err = s.site(); err != nil {
			return err
		}
		page.Links = append([]app.Link{{What: "SQL over HTTP", Where: s.ends.ClickHouse}}, page.Links...)
		page.Checks = append(page.Checks, app.Check{Name: "store", Ask: func(ctx context.Context) error { return ping(ctx, s.ends.ClickHouse+"/ping") }})
	}
	page.Checks = append(page.Checks, app.Check{Name: diskCheck, Ask: func(context.Context) error { return s.full() }})
	s.run("page", func(ctx context.Context) error { return page.Serve(ctx, socket) })
	return s.lock.Publish(s.ends)
}

// processorsKeepUp is whether what is read is stored. That the processors run needs
// no question: this process ends when they do.
func (s *system) processorsKeepUp(context.Context) error { return s.pipeline.Failing() }
