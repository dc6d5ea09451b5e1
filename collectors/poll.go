package collectors

import (
	"context"
	"time"

	"go.uber.org/zap"
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
