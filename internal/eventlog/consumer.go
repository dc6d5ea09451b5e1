package eventlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
)

// Consumer reads topics as a member of a group.
type Consumer struct {
	cfg     ConsumerConfig
	handle  Handler
	log     *zap.Logger
	metrics *consumerMetrics
	client  *kafka.Client // Finds topics and leaders.
}

// NewConsumer returns a consumer that hands what it reads to h. It does no I/O
// before Run.
func NewConsumer(cfg ConsumerConfig, h Handler, log *zap.Logger, reg prometheus.Registerer) (*Consumer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("eventlog: consumer: %w", err)
	}
	if h == nil {
		return nil, errors.New("eventlog: consumer: a handler is needed")
	}
	metrics, err := newConsumerMetrics(reg)
	if err != nil {
		return nil, fmt.Errorf("eventlog: consumer metrics: %w", err)
	}
	return &Consumer{cfg: cfg, handle: h, log: log.Named("consumer").With(zap.String("group", cfg.Group)), metrics: metrics}, nil
}

// Run reads until ctx ends, through restarts of brokers and rebalances, and then
// leaves the group. It returns nil when ctx ended; an error means that the group
// cannot be joined at all.
func (c *Consumer) Run(ctx context.Context) error {
	client, transport := newClient(c.cfg.Brokers, adminTimeout)
	defer transport.CloseIdleConnections()
	c.client = client
	if !c.awaitTopics(ctx) {
		return nil
	}
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID:                     c.cfg.Group,
		Brokers:                c.cfg.Brokers,
		Dialer:                 &kafka.Dialer{ClientID: clientID, Timeout: 3 * time.Second, DualStack: true},
		Topics:                 c.cfg.Topics,
		GroupBalancers:         []kafka.GroupBalancer{kafka.RoundRobinGroupBalancer{}},
		HeartbeatInterval:      min(c.cfg.SessionTimeout/4, 3*time.Second),
		SessionTimeout:         c.cfg.SessionTimeout,
		RebalanceTimeout:       c.cfg.RebalanceTimeout,
		JoinGroupBackoff:       min(10*c.cfg.RetryBackoff, time.Second),
		PartitionWatchInterval: c.cfg.PartitionCheck,
		WatchPartitionChanges:  true,
		StartOffset:            kafka.FirstOffset,
	})
	if err != nil {
		return fmt.Errorf("eventlog: join group %s: %w", c.cfg.Group, err)
	}
	// Closing leaves the group, after the readers of the generation returned.
	stop := context.AfterFunc(ctx, func() { _ = group.Close() })
	defer func() {
		stop()
		_ = group.Close()
	}()
	c.follow(ctx, group)
	return nil
}

// follow starts readers for one generation of the group after the other.
func (c *Consumer) follow(ctx context.Context, group *kafka.ConsumerGroup) {
	pause := backoff{first: c.cfg.RetryBackoff}
	for {
		gen, err := group.Next(ctx)
		switch {
		case ctx.Err() != nil || errors.Is(err, kafka.ErrGroupClosed):
			return
		case err != nil:
			// The group tries again by itself. Coordinators that are starting
			// or moving answer so for seconds.
			c.retried("join")
			if pause.n == 0 {
				c.log.Warn("joining the group is delayed", zap.Error(oneLine(err)))
			}
			if pause.wait(ctx) != nil {
				return
			}
			continue
		}
		pause.reset()
		c.metrics.generations.WithLabelValues(c.cfg.Group).Inc()
		c.start(gen)
	}
}

// start starts a reader for each partition that the generation assigned.
func (c *Consumer) start(gen *kafka.Generation) {
	partitions := 0
	for topic, assigned := range gen.Assignments {
		for _, a := range assigned {
			partitions++
			r := newReader(c, gen, topic, int32(a.ID), a.Offset)
			gen.Start(func(ctx context.Context) {
				// What the client library gives has no cause and no deadline;
				// a context of our own is cheaper to derive from.
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				r.run(ctx)
			})
		}
	}
	c.log.Info("joined the group", zap.Int32("generation", gen.ID), zap.Int("partitions", partitions))
}

// awaitTopics waits until all topics exist, and reports whether they do before
// ctx ended. A group that is joined before that is rebalanced without end by the
// client library.
func (c *Consumer) awaitTopics(ctx context.Context) bool {
	pause := backoff{first: c.cfg.RetryBackoff}
	for _, topic := range c.cfg.Topics {
		for {
			_, err := lookup(ctx, c.client, topic)
			if err == nil {
				break
			}
			c.retried("topic")
			if pause.n == 6 {
				c.log.Warn("waiting for a topic", zap.String("topic", topic), zap.Error(oneLine(err)))
			}
			if pause.wait(ctx) != nil {
				return false
			}
		}
		pause.reset()
	}
	return true
}

func (c *Consumer) retried(step string) {
	c.metrics.retries.WithLabelValues(c.cfg.Group, step).Inc()
}
