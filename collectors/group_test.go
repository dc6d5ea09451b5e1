package collectors

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
)

// witness is a collector that notes when it runs.
type witness struct {
	name string
	mu   *sync.Mutex
	now  map[string]int // How many run of each name.
}

func (w *witness) Name() string { return w.name }

func (w *witness) Run(ctx context.Context, _ Emit) error {
	w.mu.Lock()
	w.now[w.name]++
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.now[w.name]--
		w.mu.Unlock()
	}()
	<-ctx.Done()
	return nil
}

func TestGroupFollowsWhatIsWanted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		now := map[string]int{}
		running := func() []string {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			var names []string
			for _, name := range slices.Sorted(maps.Keys(now)) {
				for range now[name] {
					names = append(names, name)
				}
			}
			return names
		}
		collector := func(name string) Collector { return &witness{name: name, mu: &mu, now: now} }
		ctx, stop := context.WithCancel(t.Context())
		group := NewGroup(nil, zap.NewNop())
		group.Set(map[string]Collector{"a": collector("a"), "b 1": collector("b")})
		if names := running(); len(names) != 0 {
			t.Errorf("before Run %v run", names)
		}
		ended := make(chan error, 1)
		go func() { ended <- group.Run(ctx) }()
		if names := running(); !slices.Equal(names, []string{"a", "b"}) {
			t.Errorf("%v run", names)
		}
		started, left := group.Set(map[string]Collector{"a": collector("another a"), "b 2": collector("b"), "c": collector("c")})
		if names := running(); started != 2 || left != 1 || !slices.Equal(names, []string{"a", "b", "c"}) {
			t.Errorf("%d started, %d ended, %v run; the one under the same key goes on", started, left, names)
		}
		group.Pause(true)
		group.Set(map[string]Collector{"a": collector("a"), "d": collector("d")})
		if names := running(); len(names) != 0 {
			t.Errorf("%v run in a pause", names)
		}
		group.Pause(false)
		if names := running(); !slices.Equal(names, []string{"a", "d"}) {
			t.Errorf("%v run after a pause", names)
		}
		stop()
		if err := <-ended; err != nil || len(running()) != 0 {
			t.Errorf("at the end %v run, error %v", running(), err)
		}
		if started, _ := group.Set(map[string]Collector{"e": collector("e")}); started != 0 || len(running()) != 0 {
			t.Errorf("after the end %v run", running())
		}
	})
}

// scripted is a collector that fails a number of times and then does as told.
type scripted struct {
	name  string
	fails int32
	then  func(ctx context.Context) error
	runs  atomic.Int32
}

func (s *scripted) Name() string { return s.name }

func (s *scripted) Run(ctx context.Context, _ Emit) error {
	if s.runs.Add(1) <= s.fails {
		return errSource
	}
	return s.then(ctx)
}

func TestAFailingCollectorDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), time.Hour)
		defer stop()
		untilEnd := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		broken := &scripted{name: "broken", fails: 1 << 30}
		recovers := &scripted{name: "recovers", fails: 3, then: untilEnd}
		seldom := &scripted{name: "seldom", then: func(ctx context.Context) error {
			sleep(ctx, 10*time.Minute)
			return errSource
		}}
		steady := &scripted{name: "steady", then: untilEnd}
		ended := &scripted{name: "ended", then: func(context.Context) error { return nil }}
		group := NewGroup(nil, zap.NewNop())
		group.Set(map[string]Collector{"1": broken, "2": recovers, "3": seldom, "4": steady, "5": ended})
		if err := group.Run(ctx); err != nil {
			t.Errorf("%v", err)
		}
		if r := broken.runs.Load(); r < 10 || r > 40 {
			t.Errorf("the broken one was started %d times in an hour", r)
		}
		if n := seldom.runs.Load(); n < 5 {
			t.Errorf("the one that fails every ten minutes was started %d times in an hour", n)
		}
		if recovers.runs.Load() != 4 || steady.runs.Load() != 1 || ended.runs.Load() != 1 {
			t.Errorf("started %d, %d and %d times", recovers.runs.Load(), steady.runs.Load(), ended.runs.Load())
		}
	})
}
