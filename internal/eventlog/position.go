package eventlog

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/internal/eventlog/wire"
)

// connect connects to the leader, and finds out where to begin if the group has
// no position.
func (r *reader) connect(ctx context.Context) error {
	if r.conn == nil {
		leader, err := r.leader(ctx)
		if err != nil {
			return err
		}
		if r.conn, err = wire.Dial(ctx, leader, clientID, r.topic, r.partition); err != nil {
			return err
		}
	}
	if r.next >= 0 {
		return nil
	}
	start, err := r.conn.ListOffset(wire.Earliest)
	if err != nil {
		return err
	}
	r.resume(start)
	if start > 0 {
		r.declare(0, start)
	}
	return nil
}

func (r *reader) leader(ctx context.Context) (string, error) {
	partitions, err := lookup(ctx, r.c.client, r.topic)
	if err != nil {
		return "", fmt.Errorf("find the leader: %w", err)
	}
	for _, p := range partitions {
		if int32(p.ID) == r.partition && p.Leader.Host != "" {
			return leaderAddress(p), nil
		}
	}
	return "", fmt.Errorf("find the leader: %w", kafka.LeaderNotAvailable)
}

// relocate finds out why the position is not in the log: retention passed it, or
// the log was replaced by a shorter one.
func (r *reader) relocate() error {
	start, err := r.conn.ListOffset(wire.Earliest)
	if err != nil {
		return err
	}
	end, err := r.conn.ListOffset(wire.Latest)
	if err != nil {
		return err
	}
	switch {
	case len(r.batch.Records) > 0:
		// Hand over what there is; the next batch finds the same again.
		r.since = time.Unix(0, 0)
	case r.next < start:
		r.declare(r.next, start)
		r.resume(start)
	case r.next > end && r.end == end:
		r.c.metrics.replaced.WithLabelValues(r.c.cfg.Group, r.topic).Inc()
		r.log.Error("the log ends before what the group has read: it was replaced or truncated; reading it from its start",
			zap.Int64("committed", r.next), zap.Int64("start", start), zap.Int64("end", end))
		r.declare(end, r.next)
		r.resume(start)
	default:
		// A new leader may not know its end yet, so one answer is no proof.
		r.end = end
		return fmt.Errorf("offset %d is not in the log, which holds %d to %d", r.next, start, end)
	}
	return nil
}

// resume moves the position of a batch without records.
func (r *reader) resume(offset int64) {
	r.next, r.batch.First, r.batch.Next = offset, offset, offset
}

// declare notes a gap on the batch at hand, which will be handed over even if no
// record follows.
func (r *reader) declare(from, to int64) {
	if g := r.batch.Gap; g != nil && g.To == from {
		from = g.From
	}
	r.batch.Gap = &Gap{From: from, To: to}
	r.since = time.Now()
	r.c.metrics.gaps.WithLabelValues(r.c.cfg.Group, r.topic).Inc()
	r.c.metrics.gapOffsets.WithLabelValues(r.c.cfg.Group, r.topic).Add(float64(to - from))
	r.log.Error("records are gone that this group has not read", zap.Int64("from", from), zap.Int64("to", to))
}
