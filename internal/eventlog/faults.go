package eventlog

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

// action is what to do about a fault.
type action int

const (
	retry          action = iota // Send the same sequence numbers again.
	retryForAWhile               // The same, unless it lasts.
	renew                        // Begin a session and send again: the broker and we disagree about the sequence.
	giveUp                       // Report it: sending again cannot help.
)

// fault is why a batch was not acknowledged.
type fault struct {
	reason string // A closed list, for metrics.
	action action
	newID  bool // The producer id itself is refused.
	err    error
}

// brokerFaults says what to do about each answer of a broker that is not
// obvious. An error that is not listed is retried if the protocol says that it
// may pass, and given up otherwise.
func brokerFaults() map[kafka.Error]fault {
	return map[kafka.Error]fault{
		kafka.NotLeaderForPartition:        {reason: "leader", action: retry},
		kafka.LeaderNotAvailable:           {reason: "leader", action: retry},
		kafka.RequestTimedOut:              {reason: "replicas", action: retry},
		kafka.NotEnoughReplicas:            {reason: "replicas", action: retry},
		kafka.NotEnoughReplicasAfterAppend: {reason: "replicas", action: retry},
		kafka.GroupCoordinatorNotAvailable: {reason: "coordinator", action: retry},
		kafka.GroupLoadInProgress:          {reason: "coordinator", action: retry},
		kafka.UnknownTopicOrPartition:      {reason: "topic", action: retryForAWhile},
		kafka.KafkaStorageError:            {reason: "disk", action: retryForAWhile},
		kafka.InvalidMessage:               {reason: "checksum", action: retryForAWhile},
		// After an unknown error the broker may or may not count the sequence as
		// used without having stored the batch, so it must not be relied on.
		kafka.Unknown:                  {reason: "unknown", action: renew},
		kafka.OutOfOrderSequenceNumber: {reason: "session", action: renew},
		kafka.DuplicateSequenceNumber:  {reason: "session", action: renew},
		kafka.UnknownProducerId:        {reason: "session", action: renew},
		kafka.InvalidProducerEpoch:     {reason: "session", action: renew, newID: true},
		kafka.InvalidProducerIDMapping: {reason: "session", action: renew, newID: true},
		kafka.ProducerFenced:           {reason: "session", action: renew, newID: true},
		kafka.MessageSizeTooLarge:      {reason: "size", action: giveUp},
		kafka.RecordListTooLarge:       {reason: "size", action: giveUp},
	}
}

// faultOf says what to do about an error of the client or a broker. An error
// without an answer leaves open whether the batch is stored; only the same
// sequence numbers are safe then.
func faultOf(err error) *fault {
	var code kafka.Error
	if !errors.As(err, &code) {
		if errors.Is(err, protocol.ErrNoTopic) || errors.Is(err, protocol.ErrNoPartition) {
			return &fault{reason: "topic", action: retryForAWhile, err: fmt.Errorf("the brokers know no such topic or partition: create it first (%w)", err)}
		}
		if errors.Is(err, protocol.ErrNoLeader) {
			return &fault{reason: "leader", action: retry, err: fmt.Errorf("the partition has no leader: %w", err)}
		}
		return &fault{reason: "network", action: retry, err: fmt.Errorf("no answer from the broker: %w", err)}
	}
	f, ok := brokerFaults()[code]
	if !ok {
		f = fault{reason: "refused", action: giveUp}
		if code.Temporary() || code.Timeout() {
			f = fault{reason: "temporary", action: retry}
		}
	}
	f.err = err
	switch f.reason {
	case "disk":
		f.err = fmt.Errorf("the broker cannot write to its disk, which is full or failing: %w", err)
	case "size":
		f.err = fmt.Errorf("the broker refuses a batch of this size: raise the topic's max.message.bytes or send smaller batches: %w", err)
	case "topic":
		f.err = fmt.Errorf("the broker knows no such topic or partition: create it first: %w", err)
	}
	return &f
}

// explain joins why waiting ended with what was waited for.
func explain(ended, last error) error {
	if last == nil {
		return ended
	}
	return fmt.Errorf("%w (last fault: %w)", ended, last)
}

// backoff is a pause that doubles, up to 64 times, with jitter.
type backoff struct {
	first time.Duration
	n     uint
}

// wait pauses, or returns why ctx ended.
func (b *backoff) wait(ctx context.Context) error {
	d := b.first << min(b.n, 6)
	b.n++
	t := time.NewTimer(d/2 + rand.N(d/2+1)) //nolint:gosec // Jitter keeps no secret.
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (b *backoff) reset() { b.n = 0 }

// mergeCancel returns a context like ctx that ends with other as well.
func mergeCancel(ctx, other context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	unwatch := context.AfterFunc(other, func() { cancel(ErrClosed) })
	return ctx, func() {
		unwatch()
		cancel(nil)
	}
}
