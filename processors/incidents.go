package processors

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/internal/eventlog"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

// collectorLog is the collector of what the log itself has to report.
const collectorLog = "log"

func sourceOf(b *eventlog.Batch) string {
	return "log/" + b.Topic + "/" + strconv.Itoa(int(b.Partition))
}

// reject makes an event of a record that could not be used. It is the same for
// every delivery of the record.
func (p *Pipeline) reject(b *eventlog.Batch, record *eventlog.Record, err error) (*schema.Event, bool) {
	var rejected *tag.Rejected
	if !errors.As(err, &rejected) {
		return nil, false
	}
	p.metrics.rejects.WithLabelValues(string(rejected.Reason)).Inc()
	raw := record.Value
	sum := sha256.Sum256(raw)
	if len(raw) > schema.MaxRejectBytes {
		raw = raw[:schema.MaxRejectBytes]
	}
	return &schema.Event{Kind: &schema.Event_Reject{Reject: &schema.Reject{
		Collector:   collectorLog,
		Source:      sourceOf(b),
		Position:    strconv.FormatInt(record.Offset, 10),
		Reason:      string(rejected.Reason),
		Detail:      rejected.Detail,
		Raw:         raw,
		RawSize:     uint64(len(record.Value)),
		RawSha256:   sum[:],
		CollectedMs: record.AppendedMS,
		ImportedMs:  record.AppendedMS,
	}}}, true
}

// gap writes the offsets that are missing before a batch into coverage. When
// they were lost is known from the records around them, and bounded by now
// where none follows yet.
func (p *Pipeline) gap(w *worker, at store.Partition, b *eventlog.Batch) error {
	if b.Gap == nil {
		return nil
	}
	to := time.Now().UnixMilli()
	if len(b.Records) > 0 {
		to = b.Records[0].AppendedMS
	}
	from := w.lastMS
	if from == 0 || from > to {
		from = to
	}
	reason := schema.OutageRetention
	if b.Gap.From > b.First {
		reason = schema.OutageReplaced
	}
	lost := uint64(b.Gap.To - b.Gap.From)
	p.metrics.lost.WithLabelValues(b.Topic).Add(float64(lost))
	p.log.Error("records of the log are lost to the store", zap.String("topic", b.Topic), zap.Int32("partition", b.Partition),
		zap.Int64("from", b.Gap.From), zap.Int64("to", b.Gap.To), zap.String("reason", string(reason)))
	event := tag.Event{Partition: at.Partition, Offset: uint64(b.First), Coverage: &schema.Coverage{
		Source:    sourceOf(b),
		MinuteMs:  to - to%time.Minute.Milliseconds(),
		Part:      fmt.Sprintf("offsets %d to %d", b.Gap.From, b.Gap.To),
		Collector: collectorLog,
		Connected: true,
		Expected:  &lost,
		GapFromMs: from,
		GapToMs:   to,
		GapReason: string(reason),
	}}
	return w.writer.Add(&event, to)
}
