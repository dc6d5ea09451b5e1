// Package eventlog is the hand-over between the two halves of the observatory:
// an append-only, partitioned, replayable log on the Kafka protocol.
//
// A [Producer] appends batches and returns when all in-sync replicas hold
// them, each message once per producer session however often an answer is
// lost. A [Consumer] reads topics as a member of a group, hands over runs of
// records, and commits a run only after its handler made it durable and only
// while its generation of the group lasts. Records that retention removed
// before anyone read them are declared as a [Gap], never skipped in silence.
// [ServeBroker] is the broker for a single machine; with the addresses of an
// Apache Kafka cluster the same code runs against that.
//
// Of the client library only the low-level pieces are used: its writer
// duplicates and reorders under retries, and its reader skips what retention
// removed and lets a former owner rewind a group.
package eventlog

import (
	"context"

	"github.com/election-observatory/observatory/internal/eventlog/wire"
)

// Message is one event to append. The key decides the partition, as Kafka's
// default partitioner does (murmur2); an empty key is a key like any other, so
// that the choice depends on nothing but the message.
type Message struct {
	Key, Value []byte
}

// Span is a run of offsets [First, Next) of one partition that an append
// produced.
type Span struct {
	Topic     string
	Partition int32
	First     int64
	Next      int64
}

// Record is one record of the log. Key and Value are valid until the handler
// returns; a record without a value or key has an empty one.
type Record = wire.Record

// Gap is a run of offsets [From, To) that this group cannot read. Usually it
// lies directly before the batch that declares it: retention removed the records
// before this group read them. If From is above the First of its batch, the log
// was replaced by a shorter one: the group had committed up to To, the log ended
// at From, and reading began again at its oldest record.
type Gap struct {
	From, To int64
}

// Batch is a run of one partition. [First, Next) covers it wholly: offsets in
// it without a record were control records or compacted away. A batch that only
// declares a gap has no records, and First equals Next.
type Batch struct {
	Topic     string
	Partition int32
	First     int64
	Next      int64
	Records   []Record
	Gap       *Gap
}

// Handler makes a batch durable. When it returns nil, Next is committed as the
// group's position. After an error the same offsets are read and handed over
// again after a pause, perhaps cut differently.
//
// ctx ends when the group takes the partition away; from then on another
// member may be handed the same records, and no commit is possible. Calls for
// different partitions run at the same time; calls for one partition do not,
// and come in the order of the log. The batch and all that it points to are
// reused after the handler returned.
type Handler func(ctx context.Context, b *Batch) error
