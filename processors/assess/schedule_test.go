package assess_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"pgregory.net/rapid"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
	"github.com/election-observatory/observatory/processors/assess"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/processors/store/storetest"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// bench is a store behind a proxy, with a runner that a test steps by hand.
type bench struct {
	engine *enginetest.Engine
	proxy  *storetest.Proxy
	store  *store.Store
	runner *assess.Runner
}

// patience is for an attempt of an insert where inserts are small and made to
// fail; a slow answer takes longer.
const patience = 500 * time.Millisecond

func newBench(t *testing.T, patience time.Duration) *bench {
	t.Helper()
	b := &bench{engine: enginetest.Start(t)}
	b.proxy = storetest.Start(t, b.engine.URL, patience+100*time.Millisecond)
	cfg := store.DefaultConfig()
	cfg.Addr, cfg.User, cfg.Password = b.proxy.URL, string(engine.RoleOwner), store.Secret(enginetest.Password(engine.RoleOwner))
	cfg.RetryFirst, cfg.RetryMax, cfg.InsertTimeout = time.Millisecond, 4*time.Millisecond, patience
	var err error
	if b.store, err = store.New(cfg, zap.NewNop(), prometheus.NewRegistry()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.store.Close() })
	if _, err := store.Migrate(t.Context(), b.store.DB(), zap.NewNop()); err != nil {
		t.Fatal(err)
	}
	// What follows is many small inserts: the disk's pace proves nothing here.
	for _, table := range schema.Tables() {
		if err := b.store.DB().Exec(t.Context(), "ALTER TABLE observatory_store."+table.Name+" MODIFY SETTING fsync_after_insert = 0, fsync_part_directory = 0"); err != nil {
			t.Fatal(err)
		}
	}
	b.runner = b.newRunner(t)
	return b
}

func (b *bench) newRunner(t fatal) *assess.Runner {
	cfg := assess.DefaultConfig()
	cfg.Idle = 0
	r, err := assess.New(cfg, b.store, assess.Work{Methods: []assess.Method{assess.NewLinks(b.store.DB()), assess.NewHourly(b.store.DB())}, Later: []assess.Method{assess.NewPairs(b.store.DB(), modelPairs)}}, zap.NewNop(), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// partition is a log's partition with its one consumer.
type partition struct {
	at     store.Partition
	events []tag.Event
	next   int // Committed.
	writer *store.Writer
}

// deliver hands n events over from the committed position and commits, unless
// the store fails.
func (p *partition) deliver(ctx context.Context, n int) error {
	n = min(n, len(p.events)-p.next)
	p.writer.Begin(store.Batch{Partition: p.at, First: uint64(p.next), Next: uint64(p.next + n)})
	for i := p.next; i < p.next+n; i++ {
		ev := p.events[i]
		ev.Partition, ev.Offset = p.at.Partition, uint64(i)
		if err := p.writer.Add(&ev, 1); err != nil {
			return err
		}
	}
	if err := p.writer.Commit(ctx); err != nil {
		return err
	}
	p.next += n
	return nil
}

func partitionsOf(s *store.Store, w world, specs []spec, n int) []*partition {
	partitions := make([]*partition, n)
	for i := range partitions {
		partitions[i] = &partition{at: store.Partition{Log: w.log(), Topic: schema.TopicPosts, Partition: uint32(i)}, writer: s.NewWriter()}
	}
	for _, s := range specs {
		p := partitions[partitionOf(s, n)]
		p.events = append(p.events, w.event(s))
	}
	return partitions
}

// drain delivers and assesses whatever is left.
func (b *bench) drain(t fatal, partitions []*partition) {
	b.proxy.Decide(nil)
	for _, p := range partitions {
		for p.next < len(p.events) {
			if err := p.deliver(context.Background(), len(p.events)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for busy := true; busy; {
		var err error
		if busy, err = b.runner.Once(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

func (b *bench) check(t fatal, w world, partitions []*partition) {
	var m model
	for _, p := range partitions {
		m.events = append(m.events, p.events...)
	}
	posts, hourly := shown(t, b.engine, w)
	if diff := cmp.Diff(m.posts(), posts); diff != "" {
		t.Fatal("posts (-model +store):\n" + diff)
	}
	if diff := cmp.Diff(m.hourly(), hourly); diff != "" {
		t.Fatal("hourly (-model +store):\n" + diff)
	}
	pairs, mass := m.pairs()
	shownPairs, shownMass := paired(t, b.engine, w)
	if diff := cmp.Diff(pairs, shownPairs); diff != "" {
		t.Fatal("pairs (-model +store):\n" + diff)
	}
	if diff := cmp.Diff(mass, shownMass); diff != "" {
		t.Fatal("mass shares (-model +store):\n" + diff)
	}
}

func drawSpec(t *rapid.T) spec {
	s := spec{
		post: rapid.IntRange(0, 4).Draw(t, "post"), revision: uint64(rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "revision")),
		collected: rapid.IntRange(0, 5).Draw(t, "collected"), clamped: rapid.IntRange(0, 4).Draw(t, "clamped") == 0,
		lang: rapid.SampledFrom([]string{"de", "en"}).Draw(t, "lang"), queries: rapid.SampledFrom([][]string{nil, {"q"}, {"q", "r"}}).Draw(t, "queries"),
		links: rapid.IntRange(0, 2).Draw(t, "links"),
	}
	s.account = s.post % 3
	if rapid.IntRange(0, 9).Draw(t, "forged") == 0 {
		s.account = 3 // Another account claims the post, or its deletion.
	}
	s.hour = (idHour(s.post) + int(s.revision)*3) % 24
	if rapid.IntRange(0, 4).Draw(t, "claim") == 0 {
		s.hour = rapid.IntRange(0, 23).Draw(t, "hour") // Whatever the id says.
	}
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0:
		s.deletion = true
	case 1:
		s.deletion, s.unnamed = true, true
	}
	return s
}

// TestAnyOrderAnyCutAnyCrash runs random schedules: deliveries cut anywhere, cut
// short at any insert, repeated from earlier offsets, merged and assessed in
// between. What is shown in the end is what the model says.
func TestAnyOrderAnyCutAnyCrash(t *testing.T) {
	t.Parallel()
	b := newBench(t, patience)
	number := 0
	rapid.Check(t, func(t *rapid.T) {
		number++
		w := world{number}
		specs := rapid.SliceOfN(rapid.Custom(drawSpec), 1, 25).Draw(t, "events")
		partitions := partitionsOf(b.store, w, specs, rapid.IntRange(1, 3).Draw(t, "partitions"))
		for range rapid.IntRange(0, 10).Draw(t, "steps") {
			p := rapid.SampledFrom(partitions).Draw(t, "partition")
			n := rapid.IntRange(1, 8).Draw(t, "cut")
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0, 1, 2, 3:
				if err := p.deliver(context.Background(), n); err != nil {
					t.Fatal(err)
				}
			case 4, 5, 6:
				b.crash(p, n, rapid.IntRange(0, 6).Draw(t, "insert"), rapid.Bool().Draw(t, "applied"))
			case 7:
				p.next = rapid.IntRange(0, p.next).Draw(t, "rewind")
			case 8:
				if _, err := b.runner.Once(context.Background()); err != nil {
					t.Fatal(err)
				}
			case 9:
				if err := b.store.DB().Exec(context.Background(), "OPTIMIZE TABLE observatory_store.post_rows FINAL"); err != nil {
					t.Fatal(err)
				}
			}
		}
		b.drain(t, partitions)
		b.check(t, w, partitions)
	})
}

// crash ends a delivery at the given insert, before or after it is applied, as
// a process that dies there.
func (b *bench) crash(p *partition, n, insert int, applied bool) {
	ctx, die := context.WithCancel(context.Background())
	defer die()
	seen := make(chan int, 1)
	seen <- 0
	b.proxy.Decide(func(string) storetest.Fault {
		i := <-seen
		seen <- i + 1
		if i < insert {
			return storetest.None
		}
		if i == insert && applied {
			time.AfterFunc(20*time.Millisecond, die)
			return storetest.LostAnswer
		}
		die()
		return storetest.Refused
	})
	_ = p.deliver(ctx, n)
	b.proxy.Decide(nil)
}

var schedules = flag.Int("schedules", 24, "how many schedules of faults to run")

// TestInsertFaultsLoseAndDoubleNothing delivers under seeded faults of every
// kind: cut anywhere, again from earlier offsets, by processes that die, with
// assessments between that fail too. What is shown in the end is what the model
// says. More schedules: go test ./processors/assess -run Faults -schedules 200.
func TestInsertFaultsLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, patience)
	for seed := range *schedules {
		rng := rand.New(rand.NewPCG(1, uint64(seed)))
		w := world{seed}
		partitions := partitionsOf(b.store, w, randomSpecs(rng), 1+rng.IntN(3))
		b.proxy.Decide(randomFaults(uint64(seed)))
		for range 8 {
			p := partitions[rng.IntN(len(partitions))]
			switch step := rng.IntN(8); step {
			case 0: // Delivered again, as after a lost commit.
				p.next = rng.IntN(p.next + 1)
			case 1: // The process dies.
				dying, die := context.WithTimeout(t.Context(), time.Duration(rng.IntN(60))*time.Millisecond)
				_ = p.deliver(dying, 1+rng.IntN(6))
				die()
			case 2, 3:
				_, _ = b.runner.Once(t.Context()) // What fails is tried again.
			default:
				if err := p.deliver(t.Context(), 1+rng.IntN(6)); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
		}
		b.drain(t, partitions)
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { b.check(t, w, partitions) })
	}
}

// randomFaults decides on inserts as one source of random numbers says. Slow
// answers are rare, as each takes longer than the client waits.
func randomFaults(seed uint64) func(string) storetest.Fault {
	var mu sync.Mutex
	rng := rand.New(rand.NewPCG(2, seed))
	return func(string) storetest.Fault {
		mu.Lock()
		defer mu.Unlock()
		if rng.IntN(3) > 0 {
			return storetest.None
		}
		if f := storetest.Fault(rng.IntN(storetest.Faults)); f != storetest.Slow || rng.IntN(8) == 0 {
			return f
		}
		return storetest.LostAnswer
	}
}

func randomSpecs(rng *rand.Rand) []spec {
	specs := make([]spec, 5+rng.IntN(20))
	for i := range specs {
		s := &specs[i]
		s.post, s.revision, s.collected = rng.IntN(5), uint64(max(0, rng.IntN(5)-2)), rng.IntN(5)
		s.account, s.clamped, s.links = s.post%3, rng.IntN(5) == 0, rng.IntN(3)
		s.lang = []string{"de", "en"}[rng.IntN(2)]
		s.hour = (idHour(s.post) + int(s.revision)*3) % 24
		if rng.IntN(5) == 0 {
			s.hour = rng.IntN(24)
		}
		s.deletion = rng.IntN(6) == 0
		s.unnamed = s.deletion && rng.IntN(2) == 0
	}
	return specs
}
