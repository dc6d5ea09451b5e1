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
	Wake     func() <-chan struct{} // When there is something new; nil, or a nil channel, for nobody who tells.
	Gap      time.Duration          // Between two times at least, when it is woken.
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
		if !p.rest(ctx, wait, !failing) {
			return nil
		}
	}
}

// rest waits, or until it is woken; a source that fails is left alone for all of the time.
func (p *Poll) rest(ctx context.Context, wait time.Duration, wakes bool) bool {
	if !wakes || p.Wake == nil {
		return sleep(ctx, wait)
	}
	began := time.Now()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-p.Wake():
		return sleep(ctx, min(p.Gap, wait)-time.Since(began))
	case <-ctx.Done():
		return false
	}
}
