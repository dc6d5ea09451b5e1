package collectors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

var errSource = errors.New("the source does not answer")

func TestBackoffGrowsToItsLast(t *testing.T) {
	t.Parallel()
	b := Backoff{First: time.Second, Last: time.Minute}
	for n, seconds := range []float64{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		most := time.Duration(seconds * float64(time.Second))
		if wait := b.Next(errSource); wait < most/2 || wait > most {
			t.Errorf("failure %d: %v, want %v to %v", n+1, wait, most/2, most)
		}
	}
	for range 100 {
		if wait := b.Next(errSource); wait < 30*time.Second || wait > time.Minute {
			t.Fatalf("after many failures: %v", wait)
		}
	}
	b.Reset()
	if wait := b.Next(errSource); wait > time.Second {
		t.Errorf("after a success: %v", wait)
	}
}

func TestBackoffWaitsAsLongAsItIsAsked(t *testing.T) {
	t.Parallel()
	b := Backoff{First: time.Second, Last: time.Minute}
	limited := fmt.Errorf("fetch: %w", &WaitError{Wait: time.Hour, Err: errSource})
	if wait := b.Next(limited); wait != time.Hour || !errors.Is(limited, errSource) {
		t.Errorf("%v", wait)
	}
	if wait := b.Next(&WaitError{Wait: time.Millisecond, Err: errSource}); wait < time.Second {
		t.Errorf("less than it would have waited by itself: %v", wait)
	}
}

// TestPoll runs the loop on a clock that jumps.
func TestPoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zapcore.InfoLevel)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		start := time.Now()
		var at []time.Duration
		p := &Poll{
			Source: "s", Interval: time.Minute, Backoff: Backoff{First: time.Second, Last: time.Hour}, Log: zap.New(core),
			Fetch: func(context.Context, Emit) (time.Duration, error) {
				at = append(at, time.Since(start))
				switch len(at) {
				case 2:
					return 10 * time.Minute, nil // The source says when.
				case 3, 4, 5:
					return 0, errSource
				case 8:
					stop()
				}
				return 0, nil
			},
		}
		if err := p.Run(ctx, nil); err != nil {
			t.Fatal(err)
		}
		waits := make([]time.Duration, 0, len(at))
		for n := range at[1:] {
			waits = append(waits, at[n+1]-at[n])
		}
		if waits[0] != time.Minute || waits[1] != 10*time.Minute || waits[5] != time.Minute || waits[6] != time.Minute {
			t.Errorf("waits %v", waits)
		}
		for n, most := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
			if w := waits[n+2]; w < most/2 || w > most {
				t.Errorf("after failure %d: %v", n+1, w)
			}
		}
		var said []string
		for _, entry := range logs.All() {
			said = append(said, entry.Message)
		}
		if !slices.Equal(said, []string{"source fails", "source answers again"}) {
			t.Errorf("the log says %q", said)
		}
	})
}

func TestPollEndsWhileItWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		start := time.Now()
		p := &Poll{Interval: time.Hour, Log: zap.NewNop(), Fetch: func(context.Context, Emit) (time.Duration, error) { return 0, nil }}
		if err := p.Run(ctx, nil); err != nil || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestPollThatIsCutOffIsNoFailure(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	core, logs := observer.New(zapcore.InfoLevel)
	p := &Poll{Interval: time.Hour, Log: zap.New(core), Fetch: func(ctx context.Context, _ Emit) (time.Duration, error) {
		stop()
		return 0, ctx.Err()
	}}
	if err := p.Run(ctx, nil); err != nil || logs.Len() != 0 {
		t.Errorf("%v, %d lines", err, logs.Len())
	}
}
