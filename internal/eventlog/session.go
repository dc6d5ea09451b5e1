package eventlog

import (
	"bytes"
	"context"
	"fmt"
	"math"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"github.com/election-observatory/observatory/internal/eventlog/wire"
)

// session is what a broker knows a producer by, for one partition. As no other
// partition shares the producer id, a new epoch affects nothing else, and it
// shuts out what an abandoned request may still deliver late.
type session struct {
	id      int64 // -1 before the first.
	epoch   int16
	next    int32 // Sequence number of the next record.
	invalid bool  // A batch with unknown outcome was given up, or the broker refused the sequence.
}

// attempt sends a batch once.
func (s *sender) attempt(f *flight) (int64, *fault) {
	ctx, cancel := context.WithTimeout(f.ctx, s.p.cfg.RequestTimeout)
	defer cancel()
	if s.session.invalid || int64(s.session.next)+int64(f.count) >= math.MaxInt32 {
		if err := s.renew(ctx); err != nil {
			return 0, faultOf(err)
		}
	}
	wire.Stamp(f.bytes, s.session.id, s.session.epoch, s.session.next)
	res, err := s.p.client.RawProduce(ctx, &kafka.RawProduceRequest{
		Topic:        s.topic,
		Partition:    int(s.partition),
		RequiredAcks: kafka.RequireAll,
		RawRecords:   protocol.RawRecordSet{Reader: bytes.NewReader(f.bytes)},
	})
	switch {
	case err != nil:
		// The client may still be writing the request that it gave up on, and
		// writes what the bytes hold by then: neither a new stamp nor the next
		// batch may go there.
		f.bytes = bytes.Clone(f.bytes)
		s.encoder.Release()
		return 0, faultOf(err)
	case res.Error != nil:
		flt := faultOf(res.Error)
		if flt.newID {
			s.session.id = -1
		}
		return 0, flt
	case len(res.RecordErrors) > 0 || res.BaseOffset < 0:
		return 0, &fault{reason: "refused", action: renew, err: fmt.Errorf("the broker answered offset %d with %d refused records", res.BaseOffset, len(res.RecordErrors))}
	}
	return res.BaseOffset, nil
}

// renew begins a session: with the next epoch of the same producer id, or with
// a new id.
func (s *sender) renew(ctx context.Context) error {
	next := session{id: s.session.id, epoch: s.session.epoch + 1}
	if next.id < 0 || next.epoch >= math.MaxInt16-1 {
		res, err := s.p.client.InitProducerID(ctx, &kafka.InitProducerIDRequest{ProducerID: -1, ProducerEpoch: -1})
		if err != nil {
			return err
		}
		if res.Error != nil {
			return res.Error
		}
		if res.Producer == nil || res.Producer.ProducerID < 0 {
			return kafka.GroupCoordinatorNotAvailable
		}
		next = session{id: int64(res.Producer.ProducerID), epoch: int16(res.Producer.ProducerEpoch)}
	}
	s.session = next
	s.p.metrics.sessions.Inc()
	return nil
}
