package rows

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/google/uuid"
	"github.com/zeebo/xxh3"

	"github.com/election-observatory/observatory/schema"
)

// Coverage builds coverage_rows.
type Coverage struct {
	Table
	source, part        proto.ColStr
	minute              hours
	version             proto.ColUInt128
	collector, platform words
	connected           proto.ColBool
	expected            count
	received, emitted   proto.ColUInt64
	rejected, kinds     counts
	late                proto.ColUInt64
	lag                 proto.ColFloat64
	from, to            times
	gapFrom, gapTo      maybe
	gapReason           words
	origin              origin
	scratch             []byte
}

// NewCoverage returns an empty builder.
func NewCoverage() *Coverage {
	c := &Coverage{}
	c.gapFrom.data, c.gapTo.data = &c.from, &c.to
	c.Table = newTable(schema.TableCoverage, append([]named{
		{"source", &c.source},
		{"minute", &c.minute},
		{"part", &c.part},
		{"version", &c.version},
		{"collector", &c.collector},
		{"platform", &c.platform},
		{"connected", &c.connected},
		{"expected", c.expected.column()},
		{"received", &c.received},
		{"emitted", &c.emitted},
		{"rejected", &c.rejected},
		{"kinds", &c.kinds},
		{"late", &c.late},
		{"lag_s", &c.lag},
		{"gap_from", &c.gapFrom},
		{"gap_to", &c.gapTo},
		{"gap_reason", &c.gapReason},
	}, c.origin.columns()...))
	return c
}

// Add adds a record. Of two records of the same source, minute and part the
// one that counted more wins: a source that starts again within a minute and
// states it anew knows more than before.
func (c *Coverage) Add(r *schema.Coverage, from Origin) error {
	c.source.Append(r.GetSource())
	c.minute.Append(seconds(r.GetMinuteMs(), 60))
	c.part.Append(r.GetPart())
	c.version.Append(c.versionOf(r))
	c.collector.Append(r.GetCollector())
	c.platform.Append(r.GetPlatform().Name())
	c.connected.Append(r.GetConnected())
	c.expected.put(c.rows, r.Expected)
	c.received.Append(r.GetReceived())
	c.emitted.Append(r.GetEmitted())
	c.rejected.append(r.GetRejected())
	c.kinds.append(r.GetKinds())
	c.late.Append(r.GetLate())
	c.lag.Append(r.GetLagS())
	c.from.Append(r.GetGapFromMs())
	c.gapFrom.nulls.Append(null(r.GetGapFromMs() == 0))
	c.to.Append(r.GetGapToMs())
	c.gapTo.nulls.Append(null(r.GetGapToMs() == 0))
	c.gapReason.Append(r.GetGapReason())
	c.origin.append(from)
	_, err := c.added()
	return err
}

// versionOf is a function of the content alone: events read, events emitted,
// and a hash of the rest. Maps are added up, as they have no order.
func (c *Coverage) versionOf(r *schema.Coverage) proto.UInt128 {
	b := append(c.scratch[:0], r.GetGapReason()...)
	for _, n := range []uint64{r.GetLate(), uint64(r.GetGapFromMs()), uint64(r.GetGapToMs()), uint64(int64(r.GetLagS() * 1000)), r.GetExpected(), uint64(null(!r.GetConnected()))} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	c.scratch = b
	hash := xxh3.Hash(b)
	for name, n := range r.GetRejected() {
		hash += xxh3.HashStringSeed(name, n)
	}
	for name, n := range r.GetKinds() {
		hash += xxh3.HashStringSeed(name, ^n)
	}
	const emittedBits = 1<<44 - 1
	return proto.UInt128{High: r.GetReceived(), Low: min(r.GetEmitted(), emittedBits)<<20 | hash>>44}
}

// append adds a row in the order of the names: a map keeps its order in the
// store, and two deliveries must be the same row.
func (c *counts) append(of map[string]uint64) {
	for _, name := range slices.Sorted(maps.Keys(of)) {
		c.names.Append(name)
		c.values.Append(of[name])
	}
	c.offsets.Append(uint64(len(c.values)))
}

// seconds is a time in Unix seconds, rounded down to a multiple of unit and
// bounded to what DateTime holds.
func seconds(ms, unit int64) uint32 {
	const last = 1<<32 - 1
	s := min(max(ms, 0)/1000, last)
	return uint32(s - s%unit)
}

// Rejects builds reject_rows.
type Rejects struct {
	Table
	id                proto.ColUUID
	platform          words
	collector, reason words
	source, position  proto.ColStr
	detail, raw       proto.ColStr
	size              proto.ColUInt64
	sum               proto.ColStr
	collected         times
	origin            origin
}

// NewRejects returns an empty builder.
func NewRejects() *Rejects {
	r := &Rejects{}
	r.Table = newTable(schema.TableRejects, append([]named{
		{"reject_id", &r.id},
		{"platform", &r.platform},
		{"collector", &r.collector},
		{"source", &r.source},
		{"position", &r.position},
		{"reason", &r.reason},
		{"detail", &r.detail},
		{"raw", &r.raw},
		{"raw_size", &r.size},
		{"raw_sha256", &r.sum},
		{"collected_at", &r.collected},
	}, r.origin.columns()...))
	return r
}

// Add adds a reject.
func (r *Rejects) Add(e *schema.Reject, from Origin) error {
	r.id.Append(RejectID(e))
	r.platform.Append(e.GetPlatform().Name())
	r.collector.Append(e.GetCollector())
	r.source.Append(e.GetSource())
	r.position.Append(e.GetPosition())
	r.reason.Append(e.GetReason())
	r.detail.Append(e.GetDetail())
	r.raw.AppendBytes(e.GetRaw())
	r.size.Append(e.GetRawSize())
	r.sum.Append(hex.EncodeToString(e.GetRawSha256()))
	r.collected.Append(e.GetCollectedMs())
	r.origin.append(from)
	_, err := r.added()
	return err
}

// RejectID identifies a reject: a UUID of version 8 from the SHA-256 of source,
// position, reason and bytes, each with its length before it.
func RejectID(e *schema.Reject) uuid.UUID {
	h := sha256.New()
	var size [8]byte
	for _, part := range [][]byte{[]byte(e.GetSource()), []byte(e.GetPosition()), []byte(e.GetReason()), e.GetRaw()} {
		binary.LittleEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write(part)
	}
	var id uuid.UUID
	copy(id[:], h.Sum(nil))
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}

// Hours builds changed_hours.
type Hours struct {
	Table
	log       words
	partition proto.ColUInt32
	next      proto.ColUInt64
	hour      hours
}

// NewHours returns an empty builder.
func NewHours() *Hours {
	h := &Hours{}
	h.Table = newTable(schema.TableChanged, []named{
		{"log_id", &h.log}, {"partition", &h.partition}, {"next_offset", &h.next}, {"hour", &h.hour},
	})
	return h
}

// Add adds a note that a batch which ends before the offset next changes an
// hour, given by its first Unix second.
func (h *Hours) Add(log string, partition uint32, next uint64, hour uint32) error {
	h.log.Append(log)
	h.partition.Append(partition)
	h.next.Append(next)
	h.hour.Append(hour)
	_, err := h.added()
	return err
}

// Hour is the first Unix second of the hour of a time in Unix milliseconds.
func Hour(ms int64) uint32 { return seconds(ms, 3600) }

// Progress builds progress.
type Progress struct {
	Table
	job, log, topic words
	partition       proto.ColUInt32
	next            proto.ColUInt64
}

// NewProgress returns an empty builder.
func NewProgress() *Progress {
	p := &Progress{}
	p.Table = newTable(schema.TableProgress, []named{
		{"job", &p.job},
		{"log_id", &p.log},
		{"topic", &p.topic},
		{"partition", &p.partition},
		{"next_offset", typed{&p.next, "SimpleAggregateFunction(max, UInt64)"}},
	})
	return p
}

// Add adds how far a job has come: next is the first offset that is not done.
func (p *Progress) Add(job, log, topic string, partition uint32, next uint64) error {
	p.job.Append(job)
	p.log.Append(log)
	p.topic.Append(topic)
	p.partition.Append(partition)
	p.next.Append(next)
	_, err := p.added()
	return err
}
