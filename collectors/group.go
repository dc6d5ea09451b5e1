package collectors

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"
)

// Group runs collectors, each under a key that says all of its configuration,
// so that the configuration can change while it runs: Set starts what is new,
// ends what is no longer wanted and leaves alone what stays. One that fails
// starts again after a pause and does not stop the others; one that ends
// without an error has ended for good.
type Group struct {
	emit Emit
	log  *zap.Logger

	mu      sync.Mutex
	ctx     context.Context // Nil until Run.
	wanted  map[string]Collector
	paused  bool
	running map[string]*member
	members sync.WaitGroup
}

type member struct {
	stop context.CancelFunc
	done chan struct{}
}

// NewGroup runs nothing yet.
func NewGroup(emit Emit, log *zap.Logger) *Group {
	return &Group{emit: emit, log: log.Named("collectors"), running: map[string]*member{}}
}

// Set says what is to run. It returns when what is no longer wanted has ended,
// so that a collector never runs beside its successor.
func (g *Group) Set(wanted map[string]Collector) (started, ended int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wanted = wanted
	if g.ctx == nil {
		return 0, 0
	}
	return g.reconcile()
}

// Pause ends all collectors, or starts those again that are wanted. It returns when
// they have ended.
func (g *Group) Pause(paused bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.paused = paused
	if g.ctx != nil {
		g.reconcile()
	}
}

// Run runs what Set wants until ctx ends, and returns nil when all have ended.
func (g *Group) Run(ctx context.Context) error {
	g.mu.Lock()
	g.ctx = ctx
	g.reconcile() //nolint:contextcheck // It has the context that was just set.
	g.mu.Unlock()
	<-ctx.Done()
	g.mu.Lock() // No more can start: what would, sees that ctx has ended.
	defer g.mu.Unlock()
	g.members.Wait()
	return nil
}

func (g *Group) reconcile() (started, ended int) {
	var leaving []*member
	wanted := g.wanted
	if g.paused {
		wanted = nil
	}
	for key, m := range g.running {
		if wanted[key] == nil {
			m.stop()
			leaving = append(leaving, m)
			delete(g.running, key)
		}
	}
	for _, m := range leaving {
		<-m.done
	}
	for key, c := range wanted {
		if g.running[key] != nil || g.ctx.Err() != nil {
			continue
		}
		ctx, stop := context.WithCancel(g.ctx)
		m := &member{stop: stop, done: make(chan struct{})}
		g.running[key] = m
		started++
		g.members.Go(func() {
			defer close(m.done)
			defer stop()
			g.keep(ctx, c)
		})
	}
	return started, len(leaving)
}

// keep runs one collector again and again.
func (g *Group) keep(ctx context.Context, c Collector) {
	backoff := Backoff{First: time.Second, Last: 5 * time.Minute}
	for {
		began := time.Now()
		err := c.Run(ctx, g.emit)
		if err == nil || ctx.Err() != nil {
			return
		}
		if time.Since(began) > backoff.Last {
			backoff.Reset()
		}
		wait := backoff.Next(err)
		g.log.Warn("collector failed and will start again", zap.String("collector", c.Name()), zap.Duration("wait", wait), zap.Error(err))
		if !sleep(ctx, wait) {
			return
		}
	}
}
