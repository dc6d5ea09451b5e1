package collectors

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// WaitError is a failure that says itself how long to wait, as rate limits do.
type WaitError struct {
	Wait time.Duration
	Err  error
}

func (e *WaitError) Error() string { return fmt.Sprintf("wait %v: %v", e.Wait, e.Err) }
func (e *WaitError) Unwrap() error { return e.Err }

// Backoff says how long to wait after failures in a row: it doubles from First
// to Last, with jitter, and is never shorter than a WaitError asks for.
type Backoff struct {
	First, Last time.Duration
	failures    int
}

// Next is the wait after one more failure.
func (b *Backoff) Next(err error) time.Duration {
	wait := b.First << min(b.failures, 20)
	if wait > b.Last || wait <= 0 {
		wait = b.Last
	}
	b.failures++
	wait = wait/2 + rand.N(wait/2+1) //nolint:gosec // Jitter is no secret.
	var asked *WaitError
	if errors.As(err, &asked) && asked.Wait > wait {
		wait = asked.Wait
	}
	return wait
}

// Reset forgets the failures after a success.
func (b *Backoff) Reset() { b.failures = 0 }

// sleep waits, and says whether ctx still lasts.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
