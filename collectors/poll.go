package collectors

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"
)

// Fetch asks a source once and emits what is new. It returns how long to wait
// before the next time, 0 for the loop's own interval.
type Fetch func(ctx context.Context, emit Emit) (next time.Duration, err error)

// Poll is the loop of collectors that ask again and again: at once, then at an
// interval, and with growing pauses while the source fails.
type Poll struct {
	Source   string
	Interval time.Duration
	Backoff  Backoff
	Fetch    Fetch
	Log      *zap.Logger
}

// Run polls until ctx ends. A failing source is logged when it begins to fail
// and when it recovers, and never ends the loop.
func (p *Poll) Run(ctx context.Context, emit Emit) error {
	failing := false
	for {
		wait, err := p.Fetch(ctx, emit)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // What failed because it was told to end has not failed.
		case err != nil:
			if !failing {
				p.Log.Warn("source fails", zap.String("source", p.Source), zap.Error(err))
			}
			failing, wait = true, p.Backoff.Next(err)
		default:
			if failing {
				p.Log.Info("source answers again", zap.String("source", p.Source))
			}
			failing = false
			p.Backoff.Reset()
			if wait <= 0 {
				wait = p.Interval
			}
		}
		if !sleep(ctx, wait) {
			return nil
		}
	}
}

// RunAll runs collectors until ctx ends. One that fails starts again after a
// pause and does not stop the others; one that ends without an error has ended
// for good.
func RunAll(ctx context.Context, all []Collector, emit Emit, log *zap.Logger) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, c := range all {
		group.Go(func() error {
			backoff := Backoff{First: time.Second, Last: 5 * time.Minute}
			for {
				started := time.Now()
				err := c.Run(ctx, emit)
				if err == nil || ctx.Err() != nil {
					return nil //nolint:nilerr // What failed because it was told to end has not failed.
				}
				if time.Since(started) > backoff.Last {
					backoff.Reset()
				}
				wait := backoff.Next(err)
				log.Warn("collector failed and will start again", zap.String("collector", c.Name()), zap.Duration("wait", wait), zap.Error(err))
				if !sleep(ctx, wait) {
					return nil
				}
			}
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("collectors: %w", err)
	}
	return nil
}
