package collectors

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"sync"

	"github.com/election-observatory/observatory/internal/eventlog"
	"github.com/election-observatory/observatory/schema"
)

// appender is the log as collectors see it.
type appender interface {
	Append(ctx context.Context, topic string, batch []eventlog.Message) ([]eventlog.Span, error)
}

// Place is a partition of a topic.
type Place struct {
	Topic     string
	Partition int32
}

// LogEmitter emits to the log, and remembers how far it came in each partition.
type LogEmitter struct {
	log  appender
	mu   sync.Mutex
	ends map[Place]int64
}

// NewLogEmitter emits to a log.
func NewLogEmitter(log appender) *LogEmitter {
	return &LogEmitter{log: log, ends: map[Place]int64{}}
}

// Emit encodes the events and appends them to their topics; see [Emit]. An
// event that the log would not take becomes a reject.
func (e *LogEmitter) Emit(ctx context.Context, batch []*schema.Event) error {
	topics := map[string][]eventlog.Message{}
	order := make([]string, 0, 3)
	for _, event := range batch {
		message, err := encode(event)
		if err != nil {
			return err
		}
		if len(message.Value) > schema.MaxEventBytes {
			event = tooLarge(event, message.Value)
			if message, err = encode(event); err != nil {
				return err
			}
		}
		topic := event.Topic()
		if _, ok := topics[topic]; !ok {
			order = append(order, topic)
		}
		topics[topic] = append(topics[topic], message)
	}
	for _, topic := range order {
		spans, err := e.log.Append(ctx, topic, topics[topic])
		if err != nil {
			return fmt.Errorf("collectors: append to %s: %w", topic, err)
		}
		e.note(spans)
	}
	return nil
}

func encode(event *schema.Event) (eventlog.Message, error) {
	value, err := event.MarshalVT()
	if err != nil {
		return eventlog.Message{}, fmt.Errorf("collectors: encode: %w", err)
	}
	return eventlog.Message{Key: event.AppendKey(nil), Value: value}, nil
}

func (e *LogEmitter) note(spans []eventlog.Span) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, span := range spans {
		place := Place{span.Topic, span.Partition}
		e.ends[place] = max(e.ends[place], span.Next)
	}
}

// Ends is, for each partition that was written, the first offset after it.
func (e *LogEmitter) Ends() map[Place]int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.ends)
}

// tooLarge is the reject that stands for an event that is larger than the log
// takes.
func tooLarge(event *schema.Event, value []byte) *schema.Event {
	sum := sha256.Sum256(value)
	reject := &schema.Reject{
		Reason: string(schema.ReasonTooLarge), Detail: fmt.Sprintf("the event has %d bytes and the log takes %d", len(value), schema.MaxEventBytes),
		Raw: value[:schema.MaxRejectBytes], RawSize: uint64(len(value)), RawSha256: sum[:],
	}
	if post := event.GetPost(); post != nil {
		reject.Platform, reject.Collector, reject.Source, reject.Position = post.GetPlatform(), post.GetCollector(), post.GetSource(), post.GetNativeId()
		reject.CollectedMs, reject.ImportedMs = post.GetCollectedMs(), post.GetImportedMs()
	}
	return &schema.Event{Kind: &schema.Event_Reject{Reject: reject}}
}
