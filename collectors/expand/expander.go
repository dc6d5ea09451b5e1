package expand

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/fetch"
	"github.com/election-observatory/observatory/schema"
)

const (
	name        = "expand"
	longestLink = 8 << 10
	batchSize   = 100
	batchTime   = 2 * time.Second
	overBudget  = time.Minute // How often it is looked whether another day has begun.
)

// Expander follows links of shorteners. It is a collector: Watch tells it of the
// links that are posted, Run follows them.
type Expander struct {
	cfg     Config
	ask     Asker
	short   func(host string) bool
	cursors *collectors.Cursors
	log     *zap.Logger
	now     func() time.Time
	queue   chan string

	mu      sync.Mutex
	waiting map[string]bool // What is in the queue or is being followed.
	known   known
	dropped int // Since the last record of coverage.
}

// New follows nothing yet. short says whether a host, without www., is a
// shortener's.
func New(cfg Config, ask Asker, short func(host string) bool, cursors *collectors.Cursors, log *zap.Logger, now func() time.Time) (*Expander, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.complete()
	x := &Expander{
		cfg: cfg, ask: ask, short: short, cursors: cursors, log: log.Named(name), now: now,
		queue: make(chan string, cfg.Queue), waiting: map[string]bool{}, known: known{Links: map[uint64]memory{}},
	}
	if ask == nil {
		how := fetch.DefaultConfig()
		how.Timeout, how.AllowPrivate = 2*hopTime, cfg.AllowPrivate
		if cfg.AllowPrivate {
			how.HostInterval = 0
		}
		x.ask = fetch.New(how, now)
	}
	return x, nil
}

// Name is the collector's.
func (*Expander) Name() string { return name }

// Watch passes batches on, and takes note of the short links of their posts once
// the log has them. It never holds a collector up.
func (x *Expander) Watch(emit collectors.Emit) collectors.Emit {
	return func(ctx context.Context, batch []*schema.Event) error {
		var links []string
		for _, event := range batch {
			for _, link := range event.GetPost().GetLinks() {
				address := link.GetUrl()
				if address == "" {
					address = link.GetShort()
				}
				if x.isShort(address) {
					links = append(links, address)
				}
			}
		}
		if err := emit(ctx, batch); err != nil {
			return err
		}
		for _, link := range links {
			x.Offer(link)
		}
		return nil
	}
}

// Offer queues a link, unless it is known, waits already, is not to be followed or
// finds the queue full.
func (x *Expander) Offer(link string) bool {
	u, err := url.Parse(strings.TrimSpace(link))
	if err != nil || len(link) > longestLink || (u.Scheme != "http" && u.Scheme != "https") {
		return false
	}
	u.User, u.Fragment = nil, ""
	link = u.String()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.waiting[link] || x.known.has(link, x.now()) {
		return false
	}
	select {
	case x.queue <- link:
		x.waiting[link] = true
		return true
	default:
		x.dropped++
		return false
	}
}

// Run follows what is queued until ctx ends, and then returns nil.
func (x *Expander) Run(ctx context.Context, emit collectors.Emit) error {
	x.mu.Lock()
	_, err := x.cursors.Load(name, &x.known)
	if err != nil { // It holds nothing that could not be found out again.
		x.log.Warn("what was followed before is not known", zap.Error(err))
	}
	if x.known.Links == nil {
		x.known.Links = map[uint64]memory{}
	}
	x.mu.Unlock()
	group, running := errgroup.WithContext(ctx)
	done := make(chan *schema.Expansion)
	for range x.cfg.Workers {
		group.Go(func() error { return x.work(running, done) })
	}
	group.Go(func() error { return x.deliver(running, done, emit) })
	if err := group.Wait(); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// work follows one link after the other.
func (x *Expander) work(ctx context.Context, done chan<- *schema.Expansion) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case link := <-x.queue:
			if !x.afford(ctx) {
				x.leave(link)
				return nil
			}
			e, err := x.follow(ctx, link)
			if err != nil {
				x.leave(link)
				return nil //nolint:nilerr // The time is over.
			}
			select {
			case done <- e:
			case <-ctx.Done():
				x.leave(link)
				return nil
			}
		}
	}
}

// afford waits until the budget has room. It is false when ctx ends.
func (x *Expander) afford(ctx context.Context) bool {
	for told := false; ; told = true {
		x.mu.Lock()
		ok := x.known.spend(x.now(), x.cfg.PerDay)
		x.mu.Unlock()
		if ok {
			return true
		}
		if !told {
			x.log.Warn("the links of today are used up: the rest waits until midnight, UTC", zap.Int("per_day", x.cfg.PerDay))
		}
		timer := time.NewTimer(overBudget)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false
		}
	}
}

func (x *Expander) leave(link string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.waiting, link)
}

// deliver hands expansions to the log in batches.
func (x *Expander) deliver(ctx context.Context, done <-chan *schema.Expansion, emit collectors.Emit) error {
	var batch []*schema.Expansion
	ticker := time.NewTicker(batchTime)
	defer ticker.Stop()
	for {
		var flush bool
		select {
		case <-ctx.Done():
			return nil
		case e := <-done:
			batch = append(batch, e)
			flush = len(batch) >= batchSize
		case <-ticker.C:
			flush = len(batch) > 0
		}
		if !flush {
			continue
		}
		if err := x.emit(ctx, batch, emit); err != nil {
			return err
		}
		batch = nil
	}
}

// emit emits expansions and their coverage. Only what the log has is known.
func (x *Expander) emit(ctx context.Context, batch []*schema.Expansion, emit collectors.Emit) error {
	tally := &collectors.Tally{Source: name, Collector: name}
	events := make([]*schema.Event, 0, len(batch)+1)
	for _, e := range batch {
		events = append(events, &schema.Event{Kind: &schema.Event_Expansion{Expansion: e}})
		tally.Received(e.GetExpandedMs(), e.GetStatus(), 1)
	}
	events = append(events, tally.Events(strconv.FormatInt(x.now().UnixMilli(), 10))...)
	err := emit(ctx, events)
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range batch {
		delete(x.waiting, e.GetUrl())
		if err == nil {
			x.known.note(e, x.now())
		}
	}
	if err != nil {
		return err
	}
	if x.dropped > 0 {
		x.log.Warn("short links were not followed: too many wait", zap.Int("dropped", x.dropped), zap.Int("queue", x.cfg.Queue))
		x.dropped = 0
	}
	return x.cursors.Save(name, &x.known)
}
