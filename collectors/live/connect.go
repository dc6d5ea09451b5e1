package live

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/fetch"
	"github.com/election-observatory/observatory/schema"
)

// Pause is how long to wait after a session that lasted so long ended with an error.
type Pause func(down *fetch.Error, lasted time.Duration) time.Duration

// Doubling is a pause that doubles, and begins anew after a session that lasted for a minute,
// or longer than the longest. What a server asks for is heeded.
func Doubling(first, last time.Duration) Pause {
	backoff := collectors.Backoff{First: first, Last: last}
	return func(down *fetch.Error, lasted time.Duration) time.Duration {
		if lasted > min(last, time.Minute) {
			backoff.Reset()
		}
		return backoff.Next(&collectors.WaitError{Wait: down.Wait, Err: down})
	}
}

// Connect runs sessions, one after another, until ctx ends. An error of a session that is a
// *fetch.Error is the server's, and leads to a pause; any other is that of the log or of the
// cursor, and ends it.
func (s *Stream) Connect(ctx context.Context, log *zap.Logger, pause Pause, session func(context.Context) error) error {
	told := schema.Outage("")
	for {
		began := s.Now()
		err := session(ctx)
		s.opened = time.Time{}
		var down *fetch.Error
		if ctx.Err() != nil {
			return nil //nolint:nilerr // What ends now has not failed.
		}
		if !errors.As(err, &down) {
			return err
		}
		lasted := s.Now().Sub(began)
		if lasted > time.Minute {
			told = ""
		}
		if told != down.Outage {
			log.Warn("not connected", zap.String("source", s.Source), zap.Error(down))
			told = down.Outage
		}
		if err := s.Rest(ctx, down.Outage, pause(down, lasted)); err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// Outage says of this minute why there is no connection, if that was not said yet. Another
// reason replaces what was said.
func (s *Stream) Outage(why schema.Outage) (said bool) {
	minute := s.Now().UnixMilli() / minuteMS * minuteMS
	if minute <= s.rowed && why == s.rowedWhy {
		return false
	}
	s.opened, s.rowed, s.rowedWhy = time.Time{}, minute, why
	s.row(minute, partOutage, false).GapReason = string(why)
	return true
}

// Rest waits, and says of each minute why there is no connection.
func (s *Stream) Rest(ctx context.Context, why schema.Outage, wait time.Duration) error {
	s.history.Missed()
	for until := s.Now().Add(wait); ; {
		now := s.Now()
		if s.Outage(why) {
			if err := s.Flush(ctx); err != nil {
				return err
			}
		}
		left := until.Sub(now)
		if left <= 0 {
			return nil
		}
		select {
		case <-time.After(min(left, 10*time.Second)):
		case <-ctx.Done():
			return nil
		}
	}
}
