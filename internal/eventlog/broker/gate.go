package broker

import (
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sys/unix"

	"github.com/election-observatory/observatory/internal/eventlog/wire"
)

// gate sees every append before the protocol server does.
type gate struct {
	cfg     *Config
	cluster *kfake.Cluster
}

// produce stamps the batches with the time of now, and refuses them when the
// disk is about to be full: a failed write would stop the broker, and with it
// those who read and commit, by which alone room can be made.
func (g *gate) produce(kreq kmsg.Request) (kmsg.Response, error, bool) { //nolint:revive // The order is the protocol server's.
	g.cluster.KeepControl()
	req, ok := kreq.(*kmsg.ProduceRequest)
	if !ok {
		return nil, nil, false
	}
	if g.full() {
		return refuse(req), nil, true
	}
	now := time.Now().UnixMilli()
	for i := range req.Topics {
		for j := range req.Topics[i].Partitions {
			b := req.Topics[i].Partitions[j].Records
			// What was damaged on its way must stay recognisable as such.
			h, complete, err := wire.ParseHeader(b)
			if err == nil && complete && wire.Verify(b, h) == nil {
				wire.Restamp(b[:h.Size], now)
			}
		}
	}
	return nil, nil, false
}

func (g *gate) full() bool {
	var s unix.Statfs_t
	if err := unix.Statfs(g.cfg.Dir, &s); err != nil {
		return false // The write itself will tell.
	}
	return int64(s.Bavail)*s.Bsize < g.cfg.MinFreeBytes
}

func refuse(req *kmsg.ProduceRequest) kmsg.Response {
	res, _ := req.ResponseKind().(*kmsg.ProduceResponse)
	for _, t := range req.Topics {
		rt := kmsg.NewProduceResponseTopic()
		rt.Topic, rt.TopicID = t.Topic, t.TopicID
		for _, p := range t.Partitions {
			rp := kmsg.NewProduceResponseTopicPartition()
			rp.Partition = p.Partition
			rp.ErrorCode = kerr.KafkaStorageError.Code
			rp.ErrorMessage = new("the disk is full")
			rt.Partitions = append(rt.Partitions, rp)
		}
		res.Topics = append(res.Topics, rt)
	}
	return res
}
